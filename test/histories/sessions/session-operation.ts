/** What a client may do to sessions. */
export type SessionOperationKind =
  | 'start'
  | 'fork'
  | 'refresh'
  | 'end-session'
  | 'end-others'
  | 'theft'
  | 'lost-rotation'
  | 'read-rows'
  | 'delete-user';

/** An access token of a session, as its payload says. */
export interface SessionAccess {
  readonly sessionId: string;
  readonly generation: number;
  readonly version: number;
  readonly everyoneVersion: number;
  readonly authTime: number;
  /** In seconds since the epoch. */
  readonly expires: number;
  readonly text: string;
}

/** A refresh token, as its bytes say. */
export interface SessionRefresh {
  readonly sessionId: string;
  readonly generation: number;
  readonly text: string;
}

/** A session that an operation is about, and what was presented of it. */
export interface SessionDeed {
  readonly sessionId: string;
  /** Absent: nothing was presented. */
  readonly access?: SessionAccess | undefined;
  readonly refresh?: SessionRefresh | undefined;
  /** Whether the device presents it that logged in, and nobody else. */
  readonly byOwner?: boolean;
  /** When the client looked into its storage, on the clock of `Operation.invokedAt`. */
  readonly readAt?: number;
  /** The session that is named to be ended. */
  readonly target?: string;
}

/** What a client gets. */
export interface SessionAnswer {
  readonly access?: SessionAccess;
  readonly refresh?: SessionRefresh;
  /** When the password had been checked, where one was. */
  readonly checkedAt?: number;
  /** What the clock of the node shows when it is there, in ms since the epoch. */
  readonly nodeTime: number;
}

/** A session's row. */
export interface SessionRow {
  readonly id: string;
  readonly generation: number;
  readonly ended: boolean;
  /** It counts towards the number of sessions that a user may have. */
  readonly live: boolean;
}
