import {
  type EndedSessions,
  type Ending,
  type Fork,
  type ListedSession,
  type OtherSessions,
  type Pending,
  type PresentedRefresh,
  type RefreshRecord,
  type RefreshVisit,
  type ReplacedSession,
  type ReplaceFailure,
  type Replacement,
  type RevokedToken,
  type SessionPage,
  SessionStore,
  type SessionStart,
  type SessionTarget,
  type Sight,
  type StartedSession,
  type StartFailure,
} from '../../state/session.store.js';
import { TokenStateUnchangedError } from '../../state/token-state-unchanged.error.js';
import { fullTransactionId } from '../change-row.js';
import { isUuid } from '../subject-format.js';
import { SessionEndings } from './session-endings.js';
import { SessionRefreshes } from './session-refreshes.js';
import { SessionReplacements } from './session-replacements.js';
import { decodeListed } from './session-row.js';
import { SessionStarts } from './session-starts.js';
import type { SessionStoreParts } from './session-store-parts.js';

/** Keeps sessions in a table next to that of the users, in PostgreSQL. */
export class PostgresSessionStore<User, Transaction> extends SessionStore<User, Transaction> {
  override readonly writeTimeoutMs: number;
  private readonly starts: SessionStarts<User, Transaction>;
  private readonly refreshes: SessionRefreshes<User, Transaction>;
  private readonly endings: SessionEndings<User, Transaction>;
  private readonly replacements: SessionReplacements<User, Transaction>;

  constructor(private readonly parts: SessionStoreParts<User, Transaction>) {
    super();
    this.writeTimeoutMs = parts.writer.timeoutMs;
    this.starts = new SessionStarts(parts);
    this.refreshes = new SessionRefreshes(parts);
    this.endings = new SessionEndings(parts);
    this.replacements = new SessionReplacements(parts);
  }

  start(start: SessionStart, transaction?: Transaction): Promise<StartedSession | StartFailure> {
    return this.starts.start(start, transaction);
  }

  fork(
    fork: Fork,
    transaction?: Transaction,
  ): Promise<StartedSession | StartFailure | 'session_ended'> {
    return this.starts.fork(fork, transaction);
  }

  rotate(
    presented: PresentedRefresh,
    visit: RefreshVisit,
    transaction?: Transaction,
  ): Promise<RefreshRecord<User> | undefined> {
    return this.refreshes.rotate(presented, visit, transaction);
  }

  look(
    presented: PresentedRefresh,
    transaction?: Transaction,
  ): Promise<RefreshRecord<User> | undefined> {
    return this.refreshes.look(presented, transaction);
  }

  adopt(presented: PresentedRefresh, transaction?: Transaction): Promise<boolean> {
    return this.refreshes.adopt(presented, transaction);
  }

  repeat(presented: PresentedRefresh, transaction?: Transaction): Promise<void> {
    return this.refreshes.repeat(presented, transaction);
  }

  markSeen(sights: readonly Sight[], transaction?: Transaction): Promise<number> {
    return this.refreshes.markSeen(sights, transaction);
  }

  end(target: SessionTarget, ending: Ending, transaction?: Transaction): Promise<EndedSessions> {
    return this.endings.end(target, ending, transaction);
  }

  endOthers(
    others: OtherSessions,
    ending: Ending,
    transaction?: Transaction,
  ): Promise<EndedSessions> {
    return this.endings.endOthers(others, ending, transaction);
  }

  replace(
    target: SessionTarget & { readonly of: { readonly subject: string } },
    replacement: Replacement,
    transaction?: Transaction,
  ): Promise<ReplacedSession | ReplaceFailure> {
    return this.replacements.replace(target, replacement, transaction);
  }

  async list(subject: string, { limit, after }: SessionPage): Promise<ListedSession[]> {
    const { sessions, subjects } = await this.parts.database();
    if (!subjects.accepts(subject) || (after !== undefined && !isUuid(after))) return [];
    const rows = await this.parts.writer.run({
      text: sessions.list,
      values: [subject, limit, after ?? null],
    });
    return rows.map(([listed]) => decodeListed(listed as string));
  }

  async sweep(transaction?: Transaction): Promise<number> {
    const { sessions } = await this.parts.database();
    const [row] = await this.parts.writer.rows({ text: sessions.sweep, values: [] }, transaction);
    return Number(row![0]);
  }

  async revokeToken(
    { tokenId, expiresAt }: RevokedToken,
    transaction?: Transaction,
  ): Promise<Pending> {
    const { writer } = this.parts;
    const { sessions } = await this.parts.database();
    const values = [tokenId, expiresAt.getTime()];
    const [row] = await writer.rows({ text: sessions.revokeToken, values }, transaction);
    if (row === undefined) throw new TokenStateUnchangedError();
    const written = row as [writer: string, transaction: string];
    return writer.pendingIn(transaction, fullTransactionId(...written));
  }
}
