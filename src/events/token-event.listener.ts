import { Injectable } from '@nestjs/common';
import type { RefusalReason } from '../rule/refusal.js';

/** Why tokens were invalidated. */
export type InvalidationReason =
  'logged_out_everywhere' | 'password_changed' | 'invalidated' | 'everyone_logged_out';

/** Tokens of one user, or of everyone, were invalidated through `TokenInvalidator`. */
export interface InvalidationEvent {
  readonly reason: InvalidationReason;
  /** The user's id; `null`: everyone. */
  readonly subject: string | null;
  /** The user's new token version; `null`: everyone. */
  readonly version: number | null;
  /** Tokens issued before it are dead. The database's clock. */
  readonly effectiveAt: Date;
  /** The application's own words for it, as given to `invalidate`. */
  readonly note?: string;
  /** Part of the caller's transaction: it takes effect when that commits, and not at all when it rolls back. */
  readonly pending: boolean;
}

/** A token was refused. Holds nothing that could be used as a credential. */
export interface RefusalEvent {
  readonly reason: RefusalReason;
  /** For the developer; never sent to the client. */
  readonly detail?: string;
  /** Whose token it was; absent when the token could not be verified. */
  readonly subject?: string;
  /** The refused token's own id, when it has one. */
  readonly jti?: string;
}

/**
 * Hears of every invalidation made through the service and of every refusal. Extend it and name the class as the
 * module's `listener`; it may inject what it needs. Called synchronously: hand slow work to a queue. What it throws
 * is logged and changes nothing.
 *
 * @example
 * ```ts
 * @Injectable()
 * class AuditLog extends TokenEventListener {
 *   override invalidated(event: InvalidationEvent) { this.audit.write(event); }
 * }
 * ```
 */
@Injectable()
export class TokenEventListener {
  invalidated(_event: InvalidationEvent): void {}

  refused(_event: RefusalEvent): void {}
}
