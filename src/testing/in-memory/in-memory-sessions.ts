import {
  MOST_REPEATS,
  REPEAT_AFTER_SECONDS,
  SIGHT_AFTER_SECONDS,
} from '../../rule/refresh-rule.js';
import type { SessionEnd, SessionState } from '../../rule/session-state.js';
import type {
  Fork,
  ListedSession,
  NewSession,
  PresentedRefresh,
  RefreshedSession,
  RefreshVisit,
  StartedSession,
} from '../../state/session.store.js';
import type { InMemoryRows, WritableUser } from './in-memory-rows.js';
import type { InMemorySession } from './in-memory-session.js';

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

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function later(instant: Date, seconds: number): Date {
  return new Date(Number(instant) + seconds * 1000);
}

function secondsSince(instant: Date, now: Date): number {
  return (Number(now) - Number(instant)) / 1000;
}

function lastUseOf({ rotatedAt, seenAt }: InMemorySession): Date {
  return seenAt !== null && seenAt > rotatedAt ? seenAt : rotatedAt;
}

function isIdle(session: InMemorySession, now: Date): boolean {
  const { idleSeconds } = session;
  return idleSeconds !== null && secondsSince(lastUseOf(session), now) >= idleSeconds;
}

export function isLive(session: InMemorySession, now: Date): boolean {
  return session.endedAt === null && session.expiresAt > now && !isIdle(session, now);
}

/** Live, and neither its user nor everyone was invalidated since it started. */
export function isValid({ users, everyone }: Rows, session: InMemorySession, now: Date): boolean {
  return (
    isLive(session, now) &&
    session.userVersion === users.get(session.subject)?.tokenVersion &&
    session.everyoneVersion >= everyone.version
  );
}

function isSightDue({ seenAt, rotatedAt }: InMemorySession, now: Date): boolean {
  return seenAt === null && secondsSince(rotatedAt, now) >= SIGHT_AFTER_SECONDS;
}

/** The session that a token names, with its secret. */
export function presentedSession(
  { sessions }: Rows,
  { sessionId, secretHash }: PresentedRefresh,
): InMemorySession | undefined {
  const session = sessions.get(sessionId);
  return session?.secretHash === hexOf(secretHash) ? session : undefined;
}

export function endSession(
  session: InMemorySession,
  { reason, retentionSeconds }: { reason: SessionEnd; retentionSeconds: number },
  now: Date,
): void {
  session.endedAt = now;
  session.endedReason = reason;
  const gone = later(now, retentionSeconds);
  if (gone < session.expiresAt) session.expiresAt = gone;
}

/** Removes what is over of this user, ends what is beyond the cap, and adds the session. `undefined`: the cap refuses. */
export function addSession(
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

/** The rotation, when it is due. */
export function rotateSession(
  rows: Rows,
  presented: PresentedRefresh,
  { visit, now }: { visit: RefreshVisit; now: Date },
): RefreshedSession | undefined {
  const session = presentedSession(rows, presented);
  const isDue =
    session?.generation === presented.generation &&
    session.seenAt !== null &&
    secondsSince(session.seenAt, now) >= 2 * visit.graceSeconds &&
    isValid(rows, session, now);
  if (!isDue) return undefined;
  session.generation += 1;
  session.rotatedAt = now;
  session.seenAt = null;
  session.repeats = 0;
  session.userAgent = visit.userAgent ?? session.userAgent;
  session.lastFrom = visit.from ?? session.lastFrom;
  return refreshedOf(session, presented, now);
}

export function refreshedOf(
  session: InMemorySession,
  { secretHash }: PresentedRefresh,
  now: Date,
): RefreshedSession {
  const { id, subject, userVersion, everyoneVersion, startedAt, authTime, expiresAt } = session;
  const { persistent, label, endedReason, generation, seenAt, rotatedAt, repeats } = session;
  return {
    id,
    subject,
    userVersion,
    everyoneVersion,
    startedAt,
    authTime,
    expiresAt,
    persistent,
    label,
    endedReason,
    generation,
    isExpired: expiresAt <= now,
    isIdle: isIdle(session, now),
    secretMatches: session.secretHash === hexOf(secretHash),
    secondsSinceRotated: secondsSince(rotatedAt, now),
    secondsSinceSeen: seenAt && secondsSince(seenAt, now),
    repeats,
  };
}

/** What decides about the access tokens of a user's session; `null`: the user has none with this id. */
export function sessionState(
  { sessions }: InMemoryRows<unknown>,
  { sessionId, subject }: { sessionId: string; subject: string },
  now: Date,
): SessionState | null {
  const session = sessions.get(sessionId);
  if (session?.subject !== subject) return null;
  const { everyoneVersion, endedReason, generation } = session;
  return {
    everyoneVersion,
    endedReason,
    generation,
    isExpired: session.expiresAt <= now,
    isIdle: isIdle(session, now),
    isSightDue: isSightDue(session, now),
  };
}

/** Whether it was due, and so was noted. */
export function noteSight(
  { sessions }: Rows,
  { sessionId, generation }: { sessionId: string; generation: number },
  now: Date,
): boolean {
  const session = sessions.get(sessionId);
  if (session?.generation !== generation) return false;
  if (!isSightDue(session, now) || !isLive(session, now)) return false;
  session.seenAt = now;
  return true;
}

/** Notes, where that is due, that the generation after the token's is given out again. */
export function noteRepeat(rows: Rows, presented: PresentedRefresh, now: Date): void {
  const session = presentedSession(rows, presented);
  const isDue =
    session?.generation === presented.generation + 1 &&
    session.seenAt === null &&
    session.repeats < MOST_REPEATS &&
    secondsSince(session.rotatedAt, now) >= REPEAT_AFTER_SECONDS &&
    isLive(session, now);
  if (!isDue) return;
  session.rotatedAt = now;
  session.repeats += 1;
}

export function listedOf(session: InMemorySession): ListedSession {
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
