import type { ListedSession } from '../state/session.store.js';

/** A page of the caller's sessions, as `GET <path>/sessions` answers it. */
export interface SessionListResponse {
  readonly sessions: readonly (ListedSession & {
    /** Whether it is the session of the caller. */
    readonly current: boolean;
  })[];
  /** What to give as `after` for the next page; absent: this is the last one. */
  readonly next?: string;
}
