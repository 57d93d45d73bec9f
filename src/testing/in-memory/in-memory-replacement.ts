import type { ReplacedSession, ReplaceFailure, Replacement } from '../../state/session.store.js';
import {
  type InMemoryRows,
  invalidateUser,
  replaceHash,
  type WritableUser,
} from './in-memory-rows.js';
import type { InMemorySession } from './in-memory-session.js';
import { endSession } from './in-memory-session-endings.js';
import { isValid, later } from './in-memory-session-life.js';
import { insertSession, type SessionOrigin } from './in-memory-session-starts.js';

interface Asked {
  readonly sessionId: string;
  readonly subject: string;
  readonly replacement: Replacement;
}

/** Ends a live session and starts another in its place, with what happens to the user. */
export function replaceSession(
  rows: InMemoryRows<WritableUser>,
  { sessionId, subject, replacement }: Asked,
  now: Date,
): ReplacedSession | ReplaceFailure {
  const user = rows.users.get(subject);
  if (user === undefined) return 'user_unknown';
  const { replacing, limits, session } = replacement;
  if (!isDue(user, replacing)) return 'conflict';
  const target = rows.sessions.get(sessionId);
  if (target?.subject !== subject || !isValid(rows, target, now)) return 'session_ended';

  const ends = endsOf(target, replacement, now);
  endSession(target, { reason: 'replaced', ...limits }, now);
  if (replacing.because === 'password') replaceHash(user, replacing.password);
  const { because } = replacing;
  const change = because === 'login' ? undefined : invalidateUser(user, because, now);
  const origin: SessionOrigin = {
    ...ends,
    subject,
    userVersion: user.tokenVersion,
    everyoneVersion: rows.everyone.version,
    persistent: target.persistent,
  };
  const { label, userAgent, startedFrom: from } = target;
  const successor = { ...session, label, userAgent, from };
  const started = { ...insertSession(rows, { origin, session: successor }, now), evicted: [] };
  return change === undefined ? { started } : { started, change };
}

/** What was written in a transaction can say later how that ended: see `InMemoryTransaction.write()`. */
export interface Replaced extends ReplacedSession {
  readonly committed?: () => Promise<boolean>;
}

/** The same, where session and user say it. */
export function withCommitted({ started, change, committed }: Replaced): ReplacedSession {
  const pending = committed ? { committed } : {};
  return {
    started: { ...started, ...pending },
    ...(change && { change: { ...change, ...pending } }),
  };
}

function isDue(user: WritableUser, replacing: Replacement['replacing']): boolean {
  if (replacing.because === 'login') return user.tokenVersion === replacing.userVersion;
  return replacing.because !== 'password' || user.passwordHash === replacing.password.currentHash;
}

/** Credentials start both ends again. */
function endsOf(
  { authTime, expiresAt, idleSeconds }: InMemorySession,
  { credentialsEntered, limits }: Replacement,
  now: Date,
): Pick<SessionOrigin, 'authTime' | 'expiresAt' | 'idleSeconds'> {
  return credentialsEntered
    ? {
        authTime: now,
        expiresAt: later(now, limits.absoluteSeconds),
        idleSeconds: limits.idleSeconds,
      }
    : { authTime, expiresAt, idleSeconds };
}
