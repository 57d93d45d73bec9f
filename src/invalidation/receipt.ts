import type { InvalidationReason } from '../events/token-event.listener.js';

/** Proof that one user's tokens were invalidated: it exists only once the database has confirmed it. */
export interface InvalidationReceipt {
  /** The user's id, as tokens carry it. */
  readonly subject: string;
  /** The user's token version from now on. */
  readonly version: number;
  /** Tokens issued before it are invalid. By the database's clock. */
  readonly effectiveAt: Date;
  readonly reason: Exclude<InvalidationReason, 'everyone_logged_out'>;
}

/** Proof that everyone's tokens were invalidated. */
export interface EveryoneInvalidationReceipt {
  readonly subject: null;
  /** How often everyone has been logged out. */
  readonly version: number;
  /** Tokens issued up to the end of its second are invalid. By the database's clock. */
  readonly effectiveAt: Date;
  readonly reason: 'everyone_logged_out';
}

/** Proof that a password was re-hashed. Nothing was invalidated. */
export interface RehashReceipt {
  readonly subject: string;
  /** The user's token version, unchanged. */
  readonly version: number;
  readonly effectiveAt: Date;
  readonly reason: 'password_rehashed';
}
