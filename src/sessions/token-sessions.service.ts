import { Injectable } from '@nestjs/common';
import { subjectFrom, type UserId } from '../invalidation/user-id.js';
import type { TokenClaims } from '../rule/claims.js';
import { type Refusal, refusal } from '../rule/refusal.js';
import type { EndedSessions, ListedSession, SessionStore } from '../state/session.store.js';
import type { Refresher } from './refresher.js';
import type { RefreshKey } from './refresh-keys.js';
import { RefreshToken } from './refresh-token.js';
import {
  type ChangePasswordOptions,
  END_REASONS,
  type EndAllOptions,
  type EndOptions,
  type EndOthersOptions,
  type EndReason,
  type ListOptions,
  type RefreshOptions,
  type SessionCall,
  type StartOptions,
} from './session-calls.js';
import { isSessionId } from './session-id.js';
import type { SessionReports } from './session-reports.js';
import type { SessionSettings } from './session-settings.js';
import type { SessionStarter, StartedTokens } from './session-starter.js';
import type { SessionTokens } from './session-tokens.js';
import { SessionTurns } from './session-turns.js';
import type { SessionUpkeep } from './session-upkeep.js';

const LONGEST_PAGE = 200;

/** What the sessions work with. */
export interface SessionParts<User, Transaction> {
  readonly store: SessionStore<User, Transaction>;
  /** The first signs refresh tokens, all verify. */
  readonly refreshKeys: readonly RefreshKey[];
  readonly refresher: Refresher<User, Transaction>;
  readonly starter: SessionStarter<User, Transaction>;
  readonly reports: SessionReports;
  readonly settings: SessionSettings;
  readonly upkeep: SessionUpkeep;
}

/** Single access tokens that are refused until they expire. */
export interface RevokedTokens<Transaction> {
  readonly store: SessionStore<unknown, Transaction>;
  readonly reports: SessionReports;
  readonly clockToleranceSeconds: number;
}

/**
 * Logins on devices: starts, refreshes, lists and ends them. Ending a session ends its access tokens and its refresh
 * token at the next request, on every node. Needs the option `sessions`.
 *
 * Methods throw `TokenStateUnavailableError` when the database does not answer; repeating a call is harmless, and a
 * refresh may be repeated with the same token at any time. They throw `TokenStateUnchangedError` when a trigger of the
 * application's has undone what they wrote.
 *
 * @typeParam User - the application's user record
 * @typeParam Transaction - what the store joins: TypeORM's `EntityManager`, a `pg` client
 * @example
 * ```ts
 * const user = await this.checkPassword(email, password);
 * return this.sessions.start(user, { label: 'Phone', userAgent: request.headers['user-agent'] });
 * ```
 */
@Injectable()
export class TokenSessions<User = unknown, Transaction = unknown> {
  private readonly turns = new SessionTurns<SessionTokens | Refusal>();

  /**
   * @param on - absent: the option `sessions` is not set
   * @param revokedTokens - absent: the option `revokedTokens` is not set
   */
  constructor(
    private readonly on: SessionParts<User, Transaction> | undefined,
    private readonly revokedTokens: RevokedTokens<Transaction> | undefined,
  ) {}

  /** Whether the option `sessions` is set. */
  get areOn(): boolean {
    return this.on !== undefined;
  }

  /** Whether `revokeToken` works: the option `revokedTokens`. */
  get revokesTokens(): boolean {
    return this.revokedTokens !== undefined;
  }

  /**
   * Starts a session for a user who has entered credentials. Give it the record that the password was checked against:
   * if the user's tokens were invalidated meanwhile, nothing is started.
   *
   * @throws VersionConflictError when they were; UserUnknownError; TooManySessionsError with `atCap: 'refuse'`
   * @throws TypeError when the record lacks its id or token state
   */
  async start(user: User, options: StartOptions<Transaction> = {}): Promise<StartedTokens> {
    return this.parts.starter.start(user, options);
  }

  /**
   * A new access token for a refresh token, and a new refresh token when it is time for one (RFC 6749 section 6). The
   * same token may be sent any number of times at once, and again when an answer was lost. A refusal is a value: with
   * `transaction`, commit it too, because it may have ended the session.
   */
  async refresh(
    refreshToken: string,
    options: RefreshOptions<Transaction> = {},
  ): Promise<SessionTokens | Refusal> {
    const { refresher, reports } = this.parts;
    const token = this.read(refreshToken);
    if (token === undefined) return reports.reportRefusal(refusal('refresh_invalid'));
    const work = () => refresher.refresh(token, options);
    // What joins a transaction is seen by nobody else, and so cannot be anybody else's answer.
    if (options.transaction !== undefined) return work();
    return this.turns.take(token.sessionId, refreshToken, work);
  }

  /**
   * Another session for a second process that shares no storage with the first, with the same versions, login time
   * and ends: two processes with one refresh token would look like an owner and a thief.
   *
   * @throws TooManySessionsError with `atCap: 'refuse'`
   */
  async fork(
    refreshToken: string,
    options: Omit<StartOptions<Transaction>, 'persistent'> = {},
  ): Promise<StartedTokens | Refusal> {
    const { refresher, starter, reports } = this.parts;
    const token = this.read(refreshToken);
    if (token === undefined) return reports.reportRefusal(refusal('refresh_invalid'));
    const judged = await refresher.judge(token, options);
    if (!judged.accepted) return judged;
    const { subject } = judged.record.refreshed;
    return reports.reportRefusal(await starter.fork(judged, options), subject);
  }

  /**
   * The device stays logged in under a new session, after its user has entered credentials again: with a new login
   * time, both ends started again, and new tokens. The session that it had is ended.
   *
   * @param sessionId - `sid` of the token that asks. When it is not live, nothing changes: `session_ended`
   * @param user - the record that the credentials were checked against
   * @throws VersionConflictError when the user's tokens were invalidated meanwhile
   */
  reauthenticate(
    sessionId: string,
    user: User,
    call: SessionCall<Transaction> = {},
  ): Promise<StartedTokens | Refusal> {
    return this.replace({ sessionId, user, replacing: { because: 'login' } }, call);
  }

  /**
   * Logs the user out everywhere but on the device that asks, which goes on with new tokens. When its session is not
   * live, nobody is logged out: `session_ended`.
   */
  logoutEverywhereElse(
    sessionId: string,
    user: User,
    call: SessionCall<Transaction> = {},
  ): Promise<StartedTokens | Refusal> {
    return this.replace({ sessionId, user, replacing: { because: 'logout' } }, call);
  }

  /**
   * Stores a new password hash and logs the user out everywhere but on the device that asks, in one statement. When its
   * session is not live, the password stays: `session_ended`.
   *
   * @throws PasswordConflictError when the stored hash is no longer `currentHash`
   */
  changePassword(
    sessionId: string,
    user: User,
    { currentHash, newHash, ...call }: ChangePasswordOptions<Transaction>,
  ): Promise<StartedTokens | Refusal> {
    const password = { currentHash, newHash };
    return this.replace({ sessionId, user, replacing: { because: 'password', password } }, call);
  }

  /**
   * Ends one session of the user `of`. False: there was none to end, or it is somebody else's.
   *
   * @throws TypeError when `of` is no id, or `reason` none of those that an application has
   */
  async end(sessionId: string, options: EndOptions<Transaction>): Promise<boolean> {
    const { of, reason = 'ended_by_user', ...call } = options;
    const subject = subjectFrom(of);
    if (!isSessionId(sessionId)) return false;
    const target = { sessionId: sessionId.toLowerCase(), of: { subject } };
    const ending = this.ending(reason);
    const ended = await this.parts.store.end(target, ending, call.transaction);
    return this.reportEnded(ended, reason, call) > 0;
  }

  /**
   * Ends the session of a refresh token, which is its own credential: that of a replaced one too. Ending it twice is no
   * error.
   */
  async logout(
    refreshToken: string,
    call: SessionCall<Transaction> = {},
  ): Promise<{ readonly accepted: true } | Refusal> {
    const { store, reports } = this.parts;
    const token = this.read(refreshToken);
    if (token === undefined) return reports.reportRefusal(refusal('refresh_invalid'));
    const { sessionId, secretHash } = token;
    const ending = this.ending('logged_out');
    const ended = await store.end({ sessionId, of: { secretHash } }, ending, call.transaction);
    this.reportEnded(ended, 'logged_out', call);
    return { accepted: true };
  }

  /**
   * Ends all sessions of the user `of` but one. Resolves to how many were ended.
   *
   * @throws TypeError when `except` is not the id of a session
   */
  async endOthers(options: EndOthersOptions<Transaction>): Promise<number> {
    const { of, except, reason = 'ended_by_user', ...call } = options;
    if (!isSessionId(except)) {
      throw new TypeError(
        'except is not the id of a session: give the claim sid of the token that asks, or call endAll().',
      );
    }
    const others = { subject: subjectFrom(of), except: except.toLowerCase() };
    const ending = this.ending(reason);
    const ended = await this.parts.store.endOthers(others, ending, call.transaction);
    return this.reportEnded(ended, reason, call);
  }

  /**
   * Ends all sessions of a user. Resolves to how many were ended. Tokens without a session stay valid:
   * `TokenInvalidator.logoutEverywhere` invalidates those too, and costs one UPDATE.
   */
  async endAll(userId: UserId, options: EndAllOptions<Transaction> = {}): Promise<number> {
    const { reason = 'ended_by_user', ...call } = options;
    const others = { subject: subjectFrom(userId) };
    const ending = this.ending(reason);
    const ended = await this.parts.store.endOthers(others, ending, call.transaction);
    return this.reportEnded(ended, reason, call);
  }

  /** The live sessions of a user, the latest first, a page at a time. */
  async list(userId: UserId, { limit = 50, after }: ListOptions = {}): Promise<ListedSession[]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_PAGE) {
      throw new TypeError(
        `limit is ${String(limit)}: give a whole number from 1 to ${LONGEST_PAGE}.`,
      );
    }
    const subject = subjectFrom(userId);
    if (after !== undefined && !isSessionId(after)) return [];
    return this.parts.store.list(subject, { limit, after: after?.toLowerCase() });
  }

  /**
   * Refuses one access token until it expires, by its `jti`. Needs the option `revokedTokens`. What is meant is mostly the
   * session: see `end`.
   *
   * @param claims - of the token, as the guard accepted them
   * @throws TypeError when the token has no `jti`, or no `exp`
   */
  async revokeToken(
    { sub: subject, sid: sessionId, jti, exp }: Pick<TokenClaims, 'sub' | 'sid' | 'jti' | 'exp'>,
    call: SessionCall<Transaction> = {},
  ): Promise<void> {
    const { revokedTokens } = this;
    if (revokedTokens === undefined) {
      throw new TypeError('revokeToken() needs the option revokedTokens: set it to true.');
    }
    if (typeof jti !== 'string')
      throw new TypeError('The token has no jti, and cannot be revoked alone.');
    if (!Number.isFinite(exp))
      throw new TypeError('The token has no exp: give the claims as the guard accepted them.');
    const { store, reports, clockToleranceSeconds } = revokedTokens;
    const expiresAt = new Date((exp + clockToleranceSeconds) * 1000);
    const revoked = await store.revokeToken({ tokenId: jti, expiresAt }, call.transaction);
    const of = { subject, jti, ...(sessionId !== undefined && { sessionId }), expiresAt };
    reports.revoked(of, call, revoked);
  }

  /**
   * Removes the rows of all sessions that are over, and resolves to how many they were. Each node does it about once an
   * hour, and each login for its user.
   */
  sweep({ transaction }: Pick<SessionCall<Transaction>, 'transaction'> = {}): Promise<number> {
    return this.parts.upkeep.sweep(transaction);
  }

  private get parts(): SessionParts<User, Transaction> {
    if (this.on !== undefined) return this.on;
    throw new TypeError(
      "TokenSessions needs the option sessions: set sessions: { preset: 'consumer' }, or name absolute and idle.",
    );
  }

  private read(refreshToken: string): RefreshToken | undefined {
    return RefreshToken.read(refreshToken, this.parts.refreshKeys);
  }

  private async replace(
    replaced: Parameters<SessionStarter<User, Transaction>['replace']>[0],
    call: SessionCall<Transaction>,
  ): Promise<StartedTokens | Refusal> {
    if (!isSessionId(replaced.sessionId)) return refusal('session_ended');
    const sessionId = replaced.sessionId.toLowerCase();
    return this.parts.starter.replace({ ...replaced, sessionId }, call);
  }

  private ending(reason: EndReason) {
    if (!END_REASONS.includes(reason)) {
      throw new TypeError(`reason is ${reason}: give one of ${END_REASONS.join(', ')}.`);
    }
    return { reason, retentionSeconds: this.parts.settings.limits.retentionSeconds };
  }

  private reportEnded(
    ended: EndedSessions,
    reason: EndReason,
    call: SessionCall<Transaction>,
  ): number {
    this.parts.reports.ended(ended, reason, call);
    return ended.ids.length;
  }
}
