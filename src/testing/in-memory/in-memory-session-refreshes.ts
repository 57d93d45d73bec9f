import { MOST_REPEATS, REPEAT_AFTER_SECONDS } from '../../rule/refresh-rule.js';
import type {
  PresentedRefresh,
  RefreshedSession,
  RefreshVisit,
  Sight,
} from '../../state/session.store.js';
import type { InMemoryRows, WritableUser } from './in-memory-rows.js';
import { hexOf, type InMemorySession } from './in-memory-session.js';
import { isIdle, isLive, isSightDue, isValid, secondsSince } from './in-memory-session-life.js';

type Rows = InMemoryRows<WritableUser>;

/** The session that a token names, with its secret. */
function presentedSession(
  { sessions }: Rows,
  { sessionId, secretHash }: PresentedRefresh,
): InMemorySession | undefined {
  const session = sessions.get(sessionId);
  return session?.secretHash === hexOf(secretHash) ? session : undefined;
}

/** A session that was rotated, in a transaction perhaps. */
interface Rotated extends RefreshedSession {
  readonly committed?: () => Promise<boolean>;
}

/** The rotation, when it is due. */
export function rotateSession(
  rows: Rows,
  presented: PresentedRefresh,
  { visit, now }: { visit: RefreshVisit; now: Date },
): Rotated | undefined {
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

/** The session as it is, whichever secret is presented. */
export function lookAtSession(
  { sessions }: Rows,
  presented: PresentedRefresh,
  now: Date,
): RefreshedSession | undefined {
  const session = sessions.get(presented.sessionId);
  return session && refreshedOf(session, presented, now);
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

/** Whether the session was one generation behind the token, and follows it now. */
export function adoptSession(rows: Rows, presented: PresentedRefresh, now: Date): boolean {
  const session = presentedSession(rows, presented);
  const isBehind = session?.generation === presented.generation - 1;
  if (!isBehind || !isValid(rows, session, now)) return false;
  session.generation = presented.generation;
  session.rotatedAt = now;
  session.seenAt = null;
  session.repeats = 0;
  return true;
}

/** How many of the sights were due, and so were noted. */
export function noteSights(rows: Rows, sights: readonly Sight[], now: Date): number {
  return sights.filter((sight) => noteSight(rows, sight, now)).length;
}

/** Whether it was due, and so was noted. */
export function noteSight(
  { sessions }: Rows,
  { sessionId, generation }: Sight,
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
