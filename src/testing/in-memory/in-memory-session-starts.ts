import type {
  Fork,
  NewSession,
  SessionStart,
  StartedSession,
  StartFailure,
} from '../../state/session.store.js';
import type { InMemoryRows, WritableUser } from './in-memory-rows.js';
import { hexOf, type InMemorySession } from './in-memory-session.js';
import { endSession } from './in-memory-session-endings.js';
import { isLive, isValid, lastUseOf, later } from './in-memory-session-life.js';

type Rows = InMemoryRows<WritableUser>;

/** What a new session has from its login, or from the session that it is made of. */
export type SessionOrigin = Pick<
  InMemorySession,
  | 'subject'
  | 'userVersion'
  | 'everyoneVersion'
  | 'authTime'
  | 'expiresAt'
  | 'idleSeconds'
  | 'persistent'
>;

/** The session of a login. */
export function startSession(
  rows: Rows,
  { session, subject, userVersion, persistent, limits }: SessionStart,
  now: Date,
): StartedSession | StartFailure {
  const user = rows.users.get(subject);
  if (user === undefined) return 'user_unknown';
  if (user.tokenVersion !== userVersion) return 'version_moved';
  const { absoluteSeconds, idleSeconds } = limits;
  const origin = {
    subject,
    userVersion,
    everyoneVersion: rows.everyone.version,
    authTime: now,
    expiresAt: later(now, absoluteSeconds),
    idleSeconds,
    persistent,
  };
  return addSession(rows, { origin, session, limits }, now) ?? 'limit_reached';
}

/** Another session for the login of a live one. */
export function forkSession(
  rows: Rows,
  { from, session, limits }: Fork,
  now: Date,
): StartedSession | StartFailure | 'session_ended' {
  if (!rows.users.has(from.subject)) return 'user_unknown';
  const origin = rows.sessions.get(from.sessionId);
  const isSame = origin?.subject === from.subject && origin.generation >= from.generation;
  if (!isSame || !isValid(rows, origin, now)) return 'session_ended';
  return addSession(rows, { origin, session, limits }, now) ?? 'limit_reached';
}

/** Removes what is over of this user, ends what is beyond the cap, and adds the session. `undefined`: the cap refuses. */
function addSession(
  rows: Rows,
  {
    origin,
    session,
    limits,
  }: { origin: SessionOrigin; session: NewSession; limits: Fork['limits'] },
  now: Date,
): Omit<StartedSession, 'committed'> | undefined {
  const live = [...rows.sessions.values()]
    .filter((each) => each.subject === origin.subject && isLive(each, now))
    .filter((each) => each.userVersion === origin.userVersion)
    .toSorted(
      (one, other) =>
        Number(lastUseOf(other)) - Number(lastUseOf(one)) || (one.id < other.id ? 1 : -1),
    );
  const { maxSessions = Infinity, atCap, retentionSeconds } = limits;
  if (atCap === 'refuse' && live.length >= maxSessions) return undefined;

  for (const each of rows.sessions.values()) {
    const isOver = each.expiresAt <= now || each.userVersion < origin.userVersion;
    if (each.subject === origin.subject && isOver) rows.sessions.delete(each.id);
  }
  const evicted = live.slice(Math.max(0, maxSessions - 1));
  for (const each of evicted) endSession(each, { reason: 'evicted', retentionSeconds }, now);
  return { ...insertSession(rows, { origin, session }, now), evicted: evicted.map(({ id }) => id) };
}

/** Nothing else of the session that a fork is made of. */
function originOf(origin: SessionOrigin): SessionOrigin {
  const { subject, userVersion, everyoneVersion, authTime, expiresAt } = origin;
  const { idleSeconds, persistent } = origin;
  return { subject, userVersion, everyoneVersion, authTime, expiresAt, idleSeconds, persistent };
}

/** Adds the session, whatever others there are. */
export function insertSession(
  { sessions }: Rows,
  { origin, session }: { origin: SessionOrigin; session: NewSession },
  now: Date,
): Omit<StartedSession, 'evicted' | 'committed'> {
  const { id, secretHash, label, userAgent, from } = session;
  const added: InMemorySession = {
    ...originOf(origin),
    id,
    secretHash: hexOf(secretHash),
    startedAt: now,
    generation: 0,
    seenAt: now,
    rotatedAt: now,
    repeats: 0,
    endedAt: null,
    endedReason: null,
    label,
    userAgent,
    startedFrom: from,
    lastFrom: from,
  };
  sessions.set(id, added);
  return startedOf(added);
}

function startedOf(session: InMemorySession): Omit<StartedSession, 'evicted' | 'committed'> {
  const { id, subject, userVersion, everyoneVersion, authTime, startedAt, expiresAt } = session;
  const { persistent, label, userAgent } = session;
  return {
    id,
    subject,
    userVersion,
    everyoneVersion,
    authTime,
    startedAt,
    expiresAt,
    persistent,
    label,
    userAgent,
  };
}
