import { SIGHT_AFTER_SECONDS } from '../../rule/refresh-rule.js';
import type { SessionState } from '../../rule/session-state.js';
import type { InMemoryRows, WritableUser } from './in-memory-rows.js';
import type { InMemorySession } from './in-memory-session.js';

export function later(instant: Date, seconds: number): Date {
  return new Date(Number(instant) + seconds * 1000);
}

export function secondsSince(instant: Date, now: Date): number {
  return (Number(now) - Number(instant)) / 1000;
}

export function lastUseOf({ rotatedAt, seenAt }: InMemorySession): Date {
  return seenAt !== null && seenAt > rotatedAt ? seenAt : rotatedAt;
}

export function isIdle(session: InMemorySession, now: Date): boolean {
  const { idleSeconds } = session;
  return idleSeconds !== null && secondsSince(lastUseOf(session), now) >= idleSeconds;
}

export function isLive(session: InMemorySession, now: Date): boolean {
  return session.endedAt === null && session.expiresAt > now && !isIdle(session, now);
}

/** Live, and neither its user nor everyone was invalidated since it started. */
export function isValid(
  { users, everyone }: InMemoryRows<WritableUser>,
  session: InMemorySession,
  now: Date,
): boolean {
  return (
    isLive(session, now) &&
    session.userVersion === users.get(session.subject)?.tokenVersion &&
    session.everyoneVersion >= everyone.version
  );
}

export function isSightDue({ seenAt, rotatedAt }: InMemorySession, now: Date): boolean {
  return seenAt === null && secondsSince(rotatedAt, now) >= SIGHT_AFTER_SECONDS;
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
