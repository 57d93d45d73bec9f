import type { EveryoneState } from '../rule/token-state.js';
import type { RefreshState, SessionEnd } from '../rule/session-state.js';
import type { PasswordChange, StateChange, StateRecord } from './state-record.js';

/** What a session is started with. Its instants are by the clock of the store. */
export interface NewSession {
  /** A UUID in lower case: the claim `sid`. Version 7, so that inserts stay at one end of the index. */
  readonly id: string;
  /** The SHA-256 of the secret that only the refresh token carries: 32 bytes. */
  readonly secretHash: Uint8Array;
  /** For people, at most 100 characters. */
  readonly label: string | null;
  /** At most 256 characters. */
  readonly userAgent: string | null;
  /** An address or a network, as PostgreSQL's `inet` reads it; `null`: it is not to be stored. */
  readonly from: string | null;
}

/** How long a session lives, how many of them a user may have, and how long ended ones stay. */
export interface SessionLimits {
  /** After so many seconds the session ends, whatever happens. */
  readonly absoluteSeconds: number;
  /** After so many seconds without use it ends; `null`: only its absolute end counts. */
  readonly idleSeconds: number | null;
  /** How many live sessions a user may have; absent: any number. Logins at the same moment may exceed it. */
  readonly maxSessions?: number | undefined;
  /** What becomes of a login beyond that. `evict` ends the sessions that were used longest ago. */
  readonly atCap: 'evict' | 'refuse';
  /** How long the row of an ended session stays. */
  readonly retentionSeconds: number;
}

/** A login. */
export interface SessionStart {
  readonly session: NewSession;
  readonly subject: string;
  /** The version of the record that the password was checked against: if it has moved, nothing is started. */
  readonly userVersion: number;
  /** Whether the login outlives the browser ("remember me"). */
  readonly persistent: boolean;
  readonly limits: SessionLimits;
}

/** A session that was started. */
export interface StartedSession {
  readonly id: string;
  readonly subject: string;
  /** What its access tokens carry as `ver`. */
  readonly userVersion: number;
  /** What its access tokens carry as `everyone_ver`. */
  readonly everyoneVersion: number;
  /** When the user entered credentials. */
  readonly authTime: Date;
  readonly startedAt: Date;
  /** Its absolute end. */
  readonly expiresAt: Date;
  readonly persistent: boolean;
  readonly label: string | null;
  readonly userAgent: string | null;
  /** The ids of sessions that this one evicted. */
  readonly evicted: readonly string[];
  /** As of `StateChange`: present when the write joined the caller's transaction. */
  readonly committed?: () => Promise<boolean>;
}

/**
 * Why nothing was started. `version_moved`: the user's tokens were invalidated after the record was read, so the password
 * has to be checked again. `limit_reached`: only with `atCap: 'refuse'`.
 */
export type StartFailure = 'user_unknown' | 'version_moved' | 'limit_reached';

/** A refresh token as it was presented, with its signature checked. */
export interface PresentedRefresh {
  readonly sessionId: string;
  readonly generation: number;
  /** The SHA-256 of the secret that it carries. */
  readonly secretHash: Uint8Array;
}

/** What a rotation writes besides the generation. */
export interface RefreshVisit {
  readonly graceSeconds: number;
  /** As of `NewSession`. `undefined`: what is stored stays. */
  readonly userAgent?: string | undefined;
  readonly from?: string | undefined;
}

/** What of a session an answer needs. */
export interface RefreshedSession extends RefreshState {
  readonly id: string;
  readonly subject: string;
  readonly authTime: Date;
  readonly expiresAt: Date;
  readonly persistent: boolean;
  readonly label: string | null;
}

/** A session with its user, read or written in one statement. */
export interface RefreshRecord<User> extends StateRecord<User> {
  readonly everyone: EveryoneState;
  readonly refreshed: RefreshedSession;
  /** As of `StateChange`: present when it is of a rotation that joined the caller's transaction. */
  readonly committed?: () => Promise<boolean>;
}

/** A generation that a client was seen to hold. */
export interface Sight {
  readonly sessionId: string;
  readonly generation: number;
}

/** Which session to write, and whose it must be: a session of another user counts as none. */
export interface SessionTarget {
  readonly sessionId: string;
  /** Whose session it must be, or by which secret it is known. */
  readonly of: { readonly subject: string } | { readonly secretHash: Uint8Array };
}

/** How a session ends. */
export interface Ending {
  readonly reason: SessionEnd;
  /** How long its row stays. */
  readonly retentionSeconds: number;
}

/** Sessions that were ended. */
export interface EndedSessions {
  /** Empty: there was none to end. */
  readonly ids: readonly string[];
  /** Whose they were; `undefined` where there was none. */
  readonly subject: string | undefined;
  readonly committed?: () => Promise<boolean>;
}

/** Whose other sessions to end. */
export interface OtherSessions {
  readonly subject: string;
  /** The one that stays; absent: all of them end. */
  readonly except?: string | undefined;
}

/** What happens to the user when a device stays logged in under another session. */
export type Replacing =
  /** Nothing but a new login on the device. The version is that of the record that the password was checked against. */
  | { readonly because: 'login'; readonly userVersion: number }
  /** The user is logged out everywhere else. */
  | { readonly because: 'logout' }
  /** The password changes, and every other device is logged out. */
  | { readonly because: 'password'; readonly password: PasswordChange };

/** A session that takes the place of another one: its label, its device and `persistent` are copied. */
export interface Replacement {
  readonly session: Pick<NewSession, 'id' | 'secretHash'>;
  readonly replacing: Replacing;
  /**
   * Whether the user entered credentials for this: then the login time is now, and both ends are counted from now. If not,
   * the new session has those of the old one.
   */
  readonly credentialsEntered: boolean;
  readonly limits: Pick<SessionLimits, 'absoluteSeconds' | 'idleSeconds' | 'retentionSeconds'>;
}

/** A session that took the place of another one. */
export interface ReplacedSession {
  readonly started: StartedSession;
  /** The user's state after it; absent where it did not change. */
  readonly change?: StateChange;
}

/**
 * Why nothing was replaced: neither session nor user was written. `session_ended`: there is no live session of this user
 * with the id. `conflict`: another password, or another version, than was named.
 */
export type ReplaceFailure = 'session_ended' | 'user_unknown' | 'conflict';

/** A second session for the same login, for a process that has another storage. */
export interface Fork {
  /** The session that is forked, and the generation at which it was judged: it may have been rotated since. */
  readonly from: {
    readonly sessionId: string;
    readonly subject: string;
    readonly generation: number;
  };
  readonly session: NewSession;
  readonly limits: Pick<SessionLimits, 'maxSessions' | 'atCap' | 'retentionSeconds'>;
}

/** A live session, as its user may see it. Holds nothing that could serve as a credential. */
export interface ListedSession {
  readonly id: string;
  readonly label: string | null;
  readonly userAgent: string | null;
  readonly startedAt: Date;
  /** The last use that was noted: exact to the life of an access token and twice the grace. */
  readonly lastUsedAt: Date;
  readonly authTime: Date;
  readonly expiresAt: Date;
  readonly persistent: boolean;
  readonly startedFrom: string | null;
  readonly lastFrom: string | null;
}

/** A page of a user's sessions, the latest first. */
export interface SessionPage {
  readonly limit: number;
  /** The id of the last session of the page before. */
  readonly after?: string | undefined;
}

/** A write that may have joined the caller's transaction. */
export type Pending = Pick<StateChange, 'committed'>;

/** An access token that is to be refused until it expires. */
export interface RevokedToken {
  /** Its `jti`: at most 255 characters. */
  readonly tokenId: string;
  /** Its `exp`, with the clock tolerance added. */
  readonly expiresAt: Date;
}

/**
 * Where sessions live: one row a login, and none a refresh. Part of a `TokenStateStore` that keeps sessions.
 *
 * Every write is one atomic statement on the store's own clock, and joins the caller's transaction when it is given one.
 * Failures are thrown, never turned into an answer: `TokenStateUnavailableError` where the database is to blame.
 *
 * @typeParam User - the application's user record
 * @typeParam Transaction - what lets a write join the caller's transaction
 */
export abstract class SessionStore<User = unknown, Transaction = unknown> {
  /** How long a write may take, in milliseconds: `grace` has to be longer than a read and a write. Default: 0. */
  readonly writeTimeoutMs: number = 0;

  /**
   * Starts a session, while the user's version is still the one that is named. The same statement removes sessions of
   * this user that are over, and ends those beyond `maxSessions`: all of them, and only when one is started.
   *
   * @throws TokenStateUnchangedError when it is not stored although nothing stands against it, or when a session that it
   * evicts lives on
   */
  abstract start(
    start: SessionStart,
    transaction?: Transaction,
  ): Promise<StartedSession | StartFailure>;

  /**
   * The refresh: raises the generation by one when the token is of the current generation, twice the grace has passed
   * since that was seen, and nothing refuses session, user and everyone. `undefined`: nothing was written; look
   * at the session to see why. Whether the user is active is not asked: the record says it.
   */
  abstract rotate(
    presented: PresentedRefresh,
    visit: RefreshVisit,
    transaction?: Transaction,
  ): Promise<RefreshRecord<User> | undefined>;

  /** The session and its user as they are now, on the primary; `undefined`: there is no such session, or no user. */
  abstract look(
    presented: PresentedRefresh,
    transaction?: Transaction,
  ): Promise<RefreshRecord<User> | undefined>;

  /**
   * Follows a token that is one generation ahead of the database, which has lost its last commit. `false`: the session
   * is not one generation behind the token, or is not live.
   */
  abstract adopt(presented: PresentedRefresh, transaction?: Transaction): Promise<boolean>;

  /**
   * Notes that the generation after this token's is given out again, because the answer that held it was lost: from now
   * on it is as old as if it had just been made. Does nothing unless that generation is the current one, was not seen
   * yet, is 20 seconds old, was not given out again 10 times already, and the session is live.
   */
  abstract repeat(presented: PresentedRefresh, transaction?: Transaction): Promise<void>;

  /**
   * Notes that clients hold these generations, where that is due: it was not noted yet, the generation is the current
   * one and 60 seconds old, and the session is live. Waits for no lock: what is locked is left out. Resolves to the
   * number of sessions that were written.
   */
  abstract markSeen(sights: readonly Sight[], transaction?: Transaction): Promise<number>;

  /**
   * Ends one session. It stays ended, with the first reason.
   *
   * @throws TokenStateUnchangedError when the stored session does not show its end
   */
  abstract end(
    target: SessionTarget,
    ending: Ending,
    transaction?: Transaction,
  ): Promise<EndedSessions>;

  /**
   * Ends all live sessions of a user but one.
   *
   * @throws TokenStateUnchangedError when not all of the stored sessions show their end
   */
  abstract endOthers(
    others: OtherSessions,
    ending: Ending,
    transaction?: Transaction,
  ): Promise<EndedSessions>;

  /**
   * Ends a live session, as `replaced`, and starts another in its place, in one statement with the change of the user.
   * When it is not live, nothing changes: no user is logged out, no password is changed.
   *
   * @throws TokenStateUnchangedError when a part of this, or all of it, is not stored
   */
  abstract replace(
    target: SessionTarget & { readonly of: { readonly subject: string } },
    replacement: Replacement,
    transaction?: Transaction,
  ): Promise<ReplacedSession | ReplaceFailure>;

  /**
   * Starts a session with the versions, the login time and the ends of another one, while that is live.
   *
   * @throws TokenStateUnchangedError as `start`
   */
  abstract fork(
    fork: Fork,
    transaction?: Transaction,
  ): Promise<StartedSession | StartFailure | 'session_ended'>;

  /** The live sessions of a user. */
  abstract list(subject: string, page: SessionPage): Promise<ListedSession[]>;

  /** Removes up to 500 sessions that are over. Resolves to how many went. */
  abstract sweep(transaction?: Transaction): Promise<number>;

  /** Refuses one access token until it expires, and removes others that have. Needs the part `revoked_tokens`. */
  abstract revokeToken(token: RevokedToken, transaction?: Transaction): Promise<Pending>;
}
