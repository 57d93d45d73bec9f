/** Why a session was ended. Stored with the session, and stable. */
export type SessionEnd =
  /** The user logged out on the device. */
  | 'logged_out'
  /** The user ended it from another device. */
  | 'ended_by_user'
  /** An administrator ended it. */
  | 'ended_by_admin'
  /** The device stays logged in under another session: after a new login on it, say. */
  | 'replaced'
  /** The user had as many sessions as allowed, and a new login ended the one that was used longest ago. */
  | 'evicted'
  /** A refresh token came back although its owner was known to have kept a later one. */
  | 'refresh_reused'
  /** A refresh token was ahead of the database, which was restored from a backup. */
  | 'session_ahead';

/** What decides whether the access tokens of a session are valid. Ages and ends are by the clock of the store. */
export interface SessionState {
  /** The version of everyone when the session started. A token carries it as `everyone_ver`. */
  readonly everyoneVersion: number;
  /** `null`: it was not ended. */
  readonly endedReason: SessionEnd | null;
  /** Whether its absolute end has passed. */
  readonly isExpired: boolean;
  /** Whether it was unused for longer than it may be. */
  readonly isIdle: boolean;
  /** How often its refresh token was rotated. A token carries it as `gen`. */
  readonly generation: number;
  /** Whether an access token of this generation, when it is presented, shows that the client kept the generation. */
  readonly isSightDue: boolean;
}

/** What decides about a refresh token of the session. */
export interface RefreshState extends Omit<SessionState, 'isSightDue'> {
  /** Whether the token carries the session's secret. */
  readonly secretMatches: boolean;
  /** The user's version when the session started. Access tokens of the session carry it as `ver`. */
  readonly userVersion: number;
  readonly startedAt: Date;
  /** How long ago the current generation was made, or given out again to a client that had lost the answer. */
  readonly secondsSinceRotated: number;
  /** How long ago the current generation was seen to be kept by the client; `null`: it was not seen yet. */
  readonly secondsSinceSeen: number | null;
  /** How often the current generation was given out again, as far as that was written. */
  readonly repeats: number;
}
