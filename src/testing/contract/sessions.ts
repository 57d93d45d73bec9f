import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { judgeRefresh } from '../../rule/refresh-rule.js';
import type { SessionState } from '../../rule/session-state.js';
import type {
  NewSession,
  PresentedRefresh,
  SessionLimits,
  SessionStart,
  SessionStore,
  StartedSession,
  StartFailure,
} from '../../state/session.store.js';
import { readAll, recordOf, requireRecord, type TokenStateStoreHarness } from './harness.js';

export const GRACE_SECONDS = 30;
/** What a refresh of these tests says of its client. */
export const VISIT = { graceSeconds: GRACE_SECONDS };
export const HOUR = 3600;
export const DAY = 24 * HOUR;

export const LIMITS: SessionLimits = {
  absoluteSeconds: 30 * DAY,
  idleSeconds: 7 * DAY,
  atCap: 'evict',
  retentionSeconds: DAY,
};

/** How a user logs out. */
export const LOGOUT = { reason: 'logged_out', retentionSeconds: DAY } as const;

/** A session that was started, with what its refresh token carries. */
export interface HeldSession extends StartedSession {
  readonly secretHash: Uint8Array;
}

export function sessionsOf(harness: TokenStateStoreHarness): SessionStore {
  const { sessions } = harness.store();
  assert.ok(sessions, 'the harness has ageSession, and the store keeps no sessions');
  return sessions;
}

/** What a refresh token of a new session would carry. */
export function newSession(more: Partial<NewSession> = {}): NewSession {
  const secretHash = createHash('sha256').update(randomBytes(16)).digest();
  return { id: randomUUID(), secretHash, label: null, userAgent: null, from: null, ...more };
}

/** A login of this user, under the version that the user has now. */
export async function loginOf(
  harness: TokenStateStoreHarness,
  subject: string,
  more: Partial<SessionStart> = {},
): Promise<SessionStart> {
  const { state } = await recordOf(harness, subject);
  const of = { subject, userVersion: state.tokenVersion, persistent: false, limits: LIMITS };
  return { ...of, session: newSession(), ...more };
}

export function requireStarted(outcome: StartedSession | StartFailure | 'session_ended') {
  if (typeof outcome === 'string') assert.fail(`no session was started: ${outcome}`);
  return outcome;
}

/** Starts a session of this user. */
export async function startSession(
  harness: TokenStateStoreHarness,
  subject: string,
  more: Partial<SessionStart> = {},
): Promise<HeldSession> {
  const start = await loginOf(harness, subject, more);
  const started = requireStarted(await sessionsOf(harness).start(start));
  return { ...started, secretHash: start.session.secretHash };
}

/** A new user with a session. */
export async function userWithSession(
  harness: TokenStateStoreHarness,
  more: Partial<SessionStart> = {},
): Promise<{ subject: string; session: HeldSession }> {
  const subject = await harness.createUser('old');
  return { subject, session: await startSession(harness, subject, more) };
}

/** The session's refresh token of this generation. */
export function tokenOf({ id, secretHash }: HeldSession, generation = 0): PresentedRefresh {
  return { sessionId: id, generation, secretHash };
}

/** What a check of an access token reads of the session; `null`: this user has none with this id. */
export async function sessionOf(
  harness: TokenStateStoreHarness,
  subject: string,
  sessionId: string,
): Promise<SessionState | null> {
  const { records } = await readAll(harness, [{ subject, sessionId }]);
  const { session } = requireRecord(records[0]);
  assert.notEqual(session, undefined, 'the record says nothing of the session that was asked for');
  return session!;
}

/** Why the session is refused; `live`: nothing refuses it. */
export async function lifeOf(
  harness: TokenStateStoreHarness,
  subject: string,
  { id }: Pick<HeldSession, 'id'>,
): Promise<string> {
  const session = await sessionOf(harness, subject, id);
  if (session === null) return 'none';
  if (session.endedReason !== null) return session.endedReason;
  if (session.isExpired) return 'expired';
  return session.isIdle ? 'idle' : 'live';
}

/**
 * A refresh, as the module does it: the rotation, or else a look, the rule, and what that asks for. In words, with the
 * generation that the client holds afterwards.
 */
export async function refresh(
  harness: TokenStateStoreHarness,
  presented: PresentedRefresh,
): Promise<string> {
  const sessions = sessionsOf(harness);
  const rotated = await sessions.rotate(presented, VISIT);
  if (rotated !== undefined) return `rotated ${rotated.refreshed.generation}`;
  const verdict = judgeRefresh(presented.generation, await sessions.look(presented), VISIT);
  if (!verdict.accepted) {
    const { ends, reason } = verdict;
    if (ends === undefined) return reason;
    const { sessionId, secretHash } = presented;
    await sessions.end({ sessionId, of: { secretHash } }, { ...LOGOUT, reason: ends });
    return `${reason}, ended`;
  }
  if (verdict.write === 'sight') await sessions.markSeen([presented]);
  if (verdict.write === 'repeat') await sessions.repeat(presented);
  if (verdict.write === 'adoption') assert.ok(await sessions.adopt(presented), 'did not adopt');
  return verdict.repeatsSuccessor ? `repeated ${verdict.generation}` : `kept ${verdict.generation}`;
}

/** Rotates until the session has this generation; it was just seen then. */
export async function rotateTo(
  harness: TokenStateStoreHarness,
  session: HeldSession,
  generation: number,
): Promise<void> {
  const { refreshed } = (await sessionsOf(harness).look(tokenOf(session)))!;
  for (let current = refreshed.generation; current < generation; current += 1) {
    await harness.ageSession!(session.id, 2 * GRACE_SECONDS);
    assert.equal(await refresh(harness, tokenOf(session, current)), `rotated ${current + 1}`);
    await harness.ageSession!(session.id, 60);
    const sight = { sessionId: session.id, generation: current + 1 };
    assert.equal(await sessionsOf(harness).markSeen([sight]), 1);
  }
}
