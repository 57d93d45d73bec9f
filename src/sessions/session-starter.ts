import { keptAddress } from '../events/address.js';
import {
  PasswordConflictError,
  UserUnknownError,
  VersionConflictError,
} from '../invalidation/invalidation.error.js';
import { type Refusal, refusal } from '../rule/refusal.js';
import type {
  NewSession,
  ReplacedSession,
  ReplaceFailure,
  Replacing,
  SessionStore,
  StartedSession,
  StartFailure,
} from '../state/session.store.js';
import type { TokenStateStore } from '../state/token-state.store.js';
import type { Clock } from '../tokens/clock.js';
import { keptText, LONGEST_LABEL, LONGEST_USER_AGENT } from './kept-text.js';
import type { JudgedToken } from './refresher.js';
import { RefreshToken } from './refresh-token.js';
import type { SessionCall, StartOptions } from './session-calls.js';
import { newSessionId } from './session-id.js';
import type { SessionReports } from './session-reports.js';
import type { SessionSettings } from './session-settings.js';
import {
  cutoffsOf,
  type SessionTokens,
  type SessionTokenWriter,
  type TokenHolder,
} from './session-tokens.js';
import { TooManySessionsError } from './session.error.js';

/** What the starter works with. */
export interface StarterParts<User, Transaction> {
  readonly users: Pick<TokenStateStore<User, Transaction>, 'describe'>;
  readonly store: SessionStore<User, Transaction>;
  readonly tokens: SessionTokenWriter<User>;
  readonly reports: SessionReports;
  readonly settings: SessionSettings;
  readonly clock: Clock;
}

/** The tokens of a session that has just begun. */
export type StartedTokens = SessionTokens & { readonly refreshToken: string };

/** Whose session is replaced, and by whom. */
export interface Replaced<User> {
  readonly sessionId: string;
  readonly user: User;
  /** `login`: credentials were entered on the device. */
  readonly replacing: Replacing | { readonly because: 'login' };
}

/** Writes new sessions: at a login, for a second process, or in the place of another session. */
export class SessionStarter<User, Transaction> {
  constructor(private readonly parts: StarterParts<User, Transaction>) {}

  async start(user: User, options: StartOptions<Transaction>): Promise<StartedTokens> {
    const { users, store, settings, reports } = this.parts;
    const { subject, state } = users.describe(user);
    const token = this.newToken();
    const { transaction } = options;
    const persistent = options.persistent === true;
    const { limits } = settings;
    const session = this.newSession(token, options);
    const started = requireStarted(
      await store.start(
        { session, subject, userVersion: state.tokenVersion, persistent, limits },
        transaction,
      ),
      subject,
    );
    reports.started(started, { because: 'login' }, options);
    return this.tokensOf(started, { user, cutoffs: cutoffsOf(state) }, token);
  }

  async fork(
    { record }: JudgedToken<User>,
    options: StartOptions<Transaction>,
  ): Promise<StartedTokens | Refusal> {
    const { store, settings, reports } = this.parts;
    const { id: origin, subject, generation } = record.refreshed;
    const token = this.newToken();
    const from = { sessionId: origin, subject, generation };
    const session = this.newSession(token, options);
    const forked = await store.fork(
      { from, session, limits: settings.limits },
      options.transaction,
    );
    if (forked === 'session_ended') return refusal('session_ended');
    const started = requireStarted(forked, subject);
    reports.started(started, { because: 'fork', origin }, options);
    return this.tokensOf(started, { user: record.user, cutoffs: cutoffsOf(record.state) }, token);
  }

  /** @throws VersionConflictError or PasswordConflictError when the user is not as the caller knew it */
  async replace(
    { sessionId, user, replacing: asked }: Replaced<User>,
    call: SessionCall<Transaction>,
  ): Promise<StartedTokens | Refusal> {
    const { users, store, settings } = this.parts;
    const { subject, state } = users.describe(user);
    const token = this.newToken();
    const session = { id: token.sessionId, secretHash: token.secretHash };
    const replacing =
      asked.because === 'login'
        ? ({ because: 'login', userVersion: state.tokenVersion } as const)
        : asked;
    const replaced = requireReplaced(
      await store.replace(
        { sessionId, of: { subject } },
        { session, replacing, credentialsEntered: entered(replacing), limits: settings.limits },
        call.transaction,
      ),
      { subject, because: replacing.because },
    );
    if (replaced === undefined) return refusal('session_ended');
    this.reportReplaced(sessionId, { replaced, because: replacing.because }, call);
    const cutoffs = [...cutoffsOf(state), replaced.change?.effectiveAt ?? null];
    return this.tokensOf(replaced.started, { user, cutoffs }, token);
  }

  private async tokensOf(
    started: StartedSession,
    holder: TokenHolder<User>,
    token: RefreshToken,
  ): Promise<StartedTokens> {
    const tokens = await this.parts.tokens.write({ ...started, generation: 0 }, holder, token);
    return tokens as StartedTokens;
  }

  private newSession(
    { sessionId, secretHash }: RefreshToken,
    { label, userAgent, address }: StartOptions<Transaction>,
  ): NewSession {
    return {
      id: sessionId,
      secretHash,
      label: keptText(label, LONGEST_LABEL),
      userAgent: keptText(userAgent, LONGEST_USER_AGENT),
      from: keptAddress(address, this.parts.settings.address) ?? null,
    };
  }

  private newToken(): RefreshToken {
    return RefreshToken.create(newSessionId(this.parts.clock.now()));
  }

  private reportReplaced(
    origin: string,
    { replaced, because }: { replaced: ReplacedSession; because: Replacing['because'] },
    call: SessionCall<Transaction>,
  ): void {
    const { reports } = this.parts;
    const { started, change } = replaced;
    reports.started(started, { because: 'kept', origin }, call);
    reports.ended({ ...started, ids: [origin] }, 'replaced', call);
    if (change === undefined) return;
    const reason = because === 'password' ? 'password_changed' : 'logged_out_everywhere';
    const { version, effectiveAt } = change;
    const event = { reason, subject: started.subject, version, effectiveAt } as const;
    reports.invalidated(event, call, change);
  }
}

/** A current password that is replaced was entered; logging out takes none, and neither does the first password. */
function entered(replacing: Replacing): boolean {
  return replacing.because === 'password'
    ? replacing.password.currentHash !== null
    : replacing.because === 'login';
}

function requireStarted(outcome: StartedSession | StartFailure, subject: string): StartedSession {
  if (outcome === 'user_unknown') throw new UserUnknownError(subject);
  if (outcome === 'version_moved') throw new VersionConflictError(subject);
  if (outcome === 'limit_reached') throw new TooManySessionsError(subject);
  return outcome;
}

/** `undefined`: there was no live session to replace. */
function requireReplaced(
  outcome: ReplacedSession | ReplaceFailure,
  { subject, because }: { readonly subject: string; readonly because: Replacing['because'] },
): ReplacedSession | undefined {
  if (outcome === 'session_ended') return undefined;
  if (outcome === 'user_unknown') throw new UserUnknownError(subject);
  if (outcome !== 'conflict') return outcome;
  throw because === 'password'
    ? new PasswordConflictError(subject)
    : new VersionConflictError(subject);
}
