import type {
  SessionAnswer,
  SessionDeed,
  SessionOperationKind,
  SessionRow,
} from './sessions/session-operation.js';

/** What a client may do. */
export type OperationKind =
  | 'login'
  | 'request'
  | 'logout-everywhere'
  | 'logout'
  | 'invalidate'
  | 'password-changed'
  | 'change-password'
  | 'rehash'
  | 'stale-save'
  | 'stale-write'
  | 'activation'
  | 'observe'
  | 'everyone'
  | SessionOperationKind;

/**
 * `done`: it took effect; for a request, it was accepted. `refused`: the answer says that it did nothing. `unknown`: the
 * answer is an outage's or was lost, and it may have taken effect at any time from its invocation on.
 */
export type Outcome = 'done' | 'refused' | 'unknown';

/** A token as the history knows it: what it says, and when it came to be. Times are in ms of the one monotonic clock. */
export interface IssuedToken {
  readonly id: number;
  readonly iat: number;
  /** Absent in tokens of the legacy window. */
  readonly ver?: number;
  /** When it was asked for. */
  readonly requestedAt: number;
  /** When the password that it was issued for had been checked. */
  readonly checkedAt: number;
  /** How far the clock of its issuer is ahead of the database's. */
  readonly clockOffsetSeconds: number;
  /** The invalidation that handed it out, to the device that stays in. */
  readonly survivorOf?: number;
}

/** What an invalidation said of itself. */
export interface Receipt {
  /** Of the user, or of everyone. */
  readonly version: number;
  /** By the database's clock, in ms since the epoch. */
  readonly effectiveAt: number;
}

/** A user's row as it was read, with the database's clock of the same statement. Instants in ms since the epoch. */
export interface Observation {
  readonly databaseTime: number;
  readonly version: number;
  readonly passwordChangedAt: number | null;
  readonly logoutAllAt: number | null;
  readonly everyoneVersion: number;
  readonly everyoneLoggedOutAt: number | null;
}

/** One operation, from its invocation to its completion, as the client saw both. */
export interface Operation {
  readonly id: number;
  readonly client: number;
  readonly kind: OperationKind;
  /** The user; absent where it concerns everyone. */
  readonly subject?: string;
  /** The server process that was asked; absent where the client spoke SQL itself. */
  readonly process?: number;
  readonly invokedAt: number;
  readonly completedAt: number;
  readonly outcome: Outcome;
  /** HTTP status; absent when the connection was lost. */
  readonly status?: number;
  /** Why it was refused, or what failed. */
  readonly reason?: string;
  /** The way it took, where there are several: which writer changed the password. */
  readonly via?: string;
  /** The token that was presented. */
  readonly token?: IssuedToken;
  /** The token that was handed out. */
  readonly issued?: IssuedToken;
  readonly receipt?: Receipt;
  readonly observed?: Observation;
  /** A time that the database's clock had already passed when this was invoked. */
  readonly databaseBefore?: number;
  /** The password that a login gave, or that a change set. */
  readonly password?: string;
  /** What an activation set, or what a stale save wrote back. */
  readonly active?: boolean;
  /** The session that it is about, and what was presented of it. */
  readonly session?: SessionDeed;
  /** The tokens of a session that were handed out. */
  readonly answer?: SessionAnswer;
  /** The user's sessions as they were read. */
  readonly rows?: readonly SessionRow[];
}
