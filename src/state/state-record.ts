import type { SessionState } from '../rule/session-state.js';
import type { TokenState } from '../rule/token-state.js';

/** The answer to one query. */
export interface StateRecord<User> {
  /**
   * The user as the application knows it: a new object for each query, as it becomes `request.user`. Only its own
   * request asks for it, so a getter can make it there, in the request's async context.
   */
  readonly user: User;
  readonly state: TokenState;
  /** False when the row itself says that the user is gone (soft-deleted). */
  readonly active: boolean;
  /**
   * The session of the query; `null`: this user has none with that id. A record without it for a query with `sessionId`
   * is a fault of the store, and its request gets 503.
   */
  readonly session?: SessionState | null | undefined;
  /** Whether the token of the query was revoked. A record without it for a query with `tokenId` is the same fault. */
  readonly tokenRevoked?: boolean | undefined;
}

/** A password hash and the one that replaces it. */
export interface PasswordReplacement {
  /** The stored hash that the old password was checked against. */
  readonly currentHash: string;
  readonly newHash: string;
}

/** A new password. `currentHash: null` for the first one of a user who had none, as after a social login. */
export interface PasswordChange extends Omit<PasswordReplacement, 'currentHash'> {
  /** The stored hash that the old password was checked against; `null`: there is none. */
  readonly currentHash: string | null;
}

/** The state after a write. */
export interface StateChange {
  /** The user's version, or the version of everyone. */
  readonly version: number;
  /** The cutoff that was written; for a re-hash, the moment of it. By the clock of the store. */
  readonly effectiveAt: Date;
  /**
   * Present when the write joined the caller's transaction. Resolves once that transaction has ended: true when this
   * write was committed, false when it was rolled back, alone or with the rest. Never rejects.
   */
  readonly committed?: () => Promise<boolean>;
}
