import type { Rewrite } from '../faulty-source.js';

/** What can be broken on purpose in a history of sessions, so that the checker has to find it. */
export const SESSION_FAULTS = ['new-child-grace'] as const;

export type SessionFault = (typeof SESSION_FAULTS)[number];

export const SESSION_REWRITES: Readonly<Record<SessionFault, readonly Rewrite[]>> = {
  'new-child-grace': [],
};
