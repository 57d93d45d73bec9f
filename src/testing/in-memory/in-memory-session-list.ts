import type { ListedSession, SessionPage } from '../../state/session.store.js';
import type { InMemoryRows, WritableUser } from './in-memory-rows.js';
import type { InMemorySession } from './in-memory-session.js';
import { isValid, lastUseOf } from './in-memory-session-life.js';

/** A page of what a user sees of the sessions, at this moment. */
export function listSessions(
  rows: InMemoryRows<WritableUser>,
  { subject, limit, after }: SessionPage & { readonly subject: string },
  now: Date,
): ListedSession[] {
  return [...rows.sessions.values()]
    .filter((session) => session.subject === subject && isValid(rows, session, now))
    .filter(({ id }) => after === undefined || id < after)
    .toSorted((one, other) => (one.id < other.id ? 1 : -1))
    .slice(0, limit)
    .map(listedOf);
}

function listedOf(session: InMemorySession): ListedSession {
  const { id, label, userAgent, startedAt, authTime, expiresAt } = session;
  const { persistent, startedFrom, lastFrom } = session;
  return {
    id,
    label,
    userAgent,
    startedAt,
    authTime,
    expiresAt,
    persistent,
    startedFrom,
    lastFrom,
    lastUsedAt: lastUseOf(session),
  };
}
