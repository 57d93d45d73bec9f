import { Injectable } from '@nestjs/common';
import type { RefusalReason } from '../rule/refusal.js';
import type { SessionEvent } from './session-event.js';

/** Why tokens were invalidated. */
export type InvalidationReason =
  'logged_out_everywhere' | 'password_changed' | 'invalidated' | 'everyone_logged_out';

/**
 * Tokens of one user, or of everyone, were invalidated through `TokenInvalidator` or `TokenSessions`, and the database has
 * committed it.
 */
export interface InvalidationEvent {
  readonly reason: InvalidationReason;
  /** The user's id; `null`: everyone. */
  readonly subject: string | null;
  /** The user's new token version, or the new version of everyone. */
  readonly version: number;
  /** Tokens issued before it are invalid. By the database's clock. */
  readonly effectiveAt: Date;
  /** What the application gave to `invalidate` as the note. */
  readonly note?: string;
  /** Who did it, when the call said so. */
  readonly by?: string;
  /** Where that call came from, as far as the option `sessions.address` lets it be kept. */
  readonly address?: string;
}

/** A single access token was revoked through `TokenSessions`. Contains nothing that could be used as a credential. */
export interface RevocationEvent {
  /** The user's id. */
  readonly subject: string;
  /** The id of the token. */
  readonly jti: string;
  /** The session of the token, which goes on; absent when the token has none. */
  readonly sessionId?: string;
  /** Until then it is refused as revoked: its `exp`, with the clock tolerance added. */
  readonly expiresAt: Date;
  /** Who did it, when the call said so. */
  readonly by?: string;
  /** Where it came from, as far as the option `sessions.address` lets it be kept. */
  readonly address?: string;
}

/** A token was refused. Contains nothing that could be used as a credential. */
export interface RefusalEvent {
  readonly reason: RefusalReason;
  /** For the developer; never sent to the client. */
  readonly detail?: string;
  /** Whose token it was; absent when the token could not be verified. */
  readonly subject?: string;
  /** The id of the refused token, when it has one. */
  readonly jti?: string;
}

/**
 * Receives every invalidation made through `TokenInvalidator` and `TokenSessions`, once and after its commit, and every
 * refusal, those of tokens that another service asks about among them. A password that `save()` or SQL changed
 * invalidates too, but by the trigger, and makes no event.
 *
 * Extend it and give the class as the module's option `listener`; Nest injects what it needs. It is called
 * synchronously: hand slow work to a queue. What it throws is logged and changes nothing.
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

  /** What happened to a session: a login, a refresh, a reused token, an end. Once, and after its commit. */
  session?(_event: SessionEvent): void;

  /** A single access token was revoked. Once, and after its commit. */
  revoked?(_event: RevocationEvent): void;
}
