import type { SessionEnd } from '../rule/session-state.js';

/** What every event of a session says. Contains nothing that could be used as a credential. */
interface OfSession {
  /** The user's id. */
  readonly subject: string;
  readonly sessionId: string;
  /** Who did it, when the application said so: `by` of the call. */
  readonly by?: string;
  /** Where it came from, as far as the option `address` lets it be kept. */
  readonly address?: string;
}

/** A login: what a mail about a new device needs. */
export interface SessionStartedEvent extends OfSession {
  readonly kind: 'started';
  /** `login`: credentials were entered; `fork`: a second process of a device; `kept`: a device stays logged in under a new session. */
  readonly because: 'login' | 'fork' | 'kept';
  /** The session that it was forked from, or whose place it took. */
  readonly origin?: string;
  readonly label: string | null;
  readonly userAgent: string | null;
  readonly persistent: boolean;
  readonly startedAt: Date;
  readonly expiresAt: Date;
}

/** What every event of a refresh has. */
interface OfRefresh extends OfSession {
  /** The label that the device got at login. */
  readonly label: string | null;
  /** What the client calls itself, when the call said so. Nothing is refused for it: compare it, and the address, to see a change. */
  readonly userAgent?: string;
}

/** A refresh was answered. */
export interface SessionRefreshedEvent extends OfRefresh {
  readonly kind: 'refreshed';
  /** Whether the refresh token was replaced. */
  readonly rotated: boolean;
  /** Of the refresh token that is current now. */
  readonly generation: number;
}

/**
 * A replaced refresh token came again, more than the grace after its successor was made, and nobody has used the
 * successor. A client whose answer was lost looks like that; so does the owner of a token that a thief refreshed first.
 */
export interface RefreshRepeatedEvent extends OfRefresh {
  readonly kind: 'refresh_repeated';
  readonly generation: number;
  /** How long ago the successor was made. */
  readonly secondsSinceRotated: number;
}

/** A refresh token came back although its owner was known to have kept a later one: it was copied. */
export interface RefreshReusedEvent extends OfRefresh {
  readonly kind: 'refresh_reused';
  /** The generation of the token that came. */
  readonly presented: number;
  /** The current generation of the session. */
  readonly generation: number;
  /** Whether the session was ended for it: the option `onReuse`. */
  readonly ended: boolean;
}

/** A session was ended. */
export interface SessionEndedEvent extends OfSession {
  readonly kind: 'ended';
  readonly reason: SessionEnd;
}

/** What happened to a session. */
export type SessionEvent =
  | SessionStartedEvent
  | SessionRefreshedEvent
  | RefreshRepeatedEvent
  | RefreshReusedEvent
  | SessionEndedEvent;
