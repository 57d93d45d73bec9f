import assert from 'node:assert/strict';
import type { ReplacedSession, Replacement, ReplaceFailure } from '../../state/session.store.js';
import { type ContractCases, recordOf, unknownSubject } from './harness.js';
import {
  DAY,
  GRACE_SECONDS,
  type HeldSession,
  lifeOf,
  LIMITS,
  newSession,
  refresh,
  requireStarted,
  rotateTo,
  sessionOf,
  sessionsOf,
  startSession,
  tokenOf,
  userWithSession,
} from './sessions.js';

const CHANGE = { because: 'password', password: { currentHash: 'old', newHash: 'new' } } as const;
const LOGOUT = { because: 'logout' } as const;

function requireReplaced(outcome: ReplacedSession | ReplaceFailure): ReplacedSession {
  if (typeof outcome === 'string') assert.fail(`nothing was replaced: ${outcome}`);
  return outcome;
}

function replacementOf(replacing: Replacement['replacing'], credentialsEntered = false) {
  return { session: newSession(), replacing, credentialsEntered, limits: LIMITS };
}

const targetOf = ({ id }: HeldSession, subject: string) => ({ sessionId: id, of: { subject } });

export const replacingCases: ContractCases = {
  'logs out every other device, and gives this one a session of the new version': async (
    harness,
  ) => {
    const subject = await harness.createUser('old');
    const session = await startSession(harness, subject, {
      session: newSession({ label: 'phone', userAgent: 'agent', from: '192.0.2.7' }),
      persistent: true,
    });
    await harness.ageSession!(session.id, 100);
    const replacement = replacementOf(LOGOUT);
    const outcome = await sessionsOf(harness).replace(targetOf(session, subject), replacement);

    const { started, change } = requireReplaced(outcome);
    const { state } = await recordOf(harness, subject);
    assert.equal(state.tokenVersion, session.userVersion + 1);
    assert.deepEqual(state.logoutAllAt, change!.effectiveAt);
    assert.equal(change!.version, state.tokenVersion);
    assert.equal(started.userVersion, state.tokenVersion);
    assert.deepEqual(
      [started.id, started.label, started.userAgent, started.persistent],
      [replacement.session.id, 'phone', 'agent', true],
    );
    assert.equal(Number(started.authTime), Number(session.authTime) - 100_000, 'the login time');
    assert.equal(Number(started.expiresAt), Number(session.expiresAt) - 100_000, 'the end');
    assert.equal(await lifeOf(harness, subject, session), 'replaced');
    assert.equal(await lifeOf(harness, subject, started), 'live');
  },

  'takes the refresh token of the replaced session no more, and that of the new one': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    const replacement = replacementOf(LOGOUT);
    const outcome = await sessionsOf(harness).replace(targetOf(session, subject), replacement);
    const { started } = requireReplaced(outcome);
    const held = { ...started, secretHash: replacement.session.secretHash };
    assert.equal(await refresh(harness, tokenOf(held)), 'kept 0');
    assert.equal(await refresh(harness, tokenOf(session)), 'logged_out_everywhere');
    const mixed = { ...tokenOf(held), secretHash: session.secretHash };
    assert.equal(await refresh(harness, mixed), 'refresh_invalid');
  },

  'changes the password with it, and begins both ends again where it was entered': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    await harness.ageSession!(session.id, DAY);
    const outcome = await sessionsOf(harness).replace(
      targetOf(session, subject),
      replacementOf(CHANGE, true),
    );
    const { started, change } = requireReplaced(outcome);
    assert.equal(await harness.readHash(subject), 'new');
    const { state } = await recordOf(harness, subject);
    assert.equal(state.tokenVersion, session.userVersion + 1);
    assert.deepEqual(state.passwordChangedAt, change!.effectiveAt);
    assert.equal(started.userVersion, state.tokenVersion);
    assert.ok(started.authTime >= session.authTime, 'the login time is now');
    assert.ok(started.expiresAt >= session.expiresAt, 'the end is counted from now');
  },

  'gives a device another session after a new login on it, and changes no user': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    const { userVersion } = session;
    await harness.ageSession!(session.id, DAY);
    const login = replacementOf({ because: 'login', userVersion }, true);
    const outcome = await sessionsOf(harness).replace(targetOf(session, subject), login);
    const { started, ...more } = requireReplaced(outcome);
    assert.deepEqual(more, {});
    assert.equal((await recordOf(harness, subject)).state.tokenVersion, userVersion);
    assert.equal(started.userVersion, userVersion);
    assert.ok(started.authTime >= session.authTime);
    assert.equal(await lifeOf(harness, subject, session), 'replaced');
  },

  'changes nothing when the password, or the version, is another': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const { state } = await recordOf(harness, subject);
    const wrong: Replacement['replacing'][] = [
      { because: 'password', password: { currentHash: 'wrong', newHash: 'new' } },
      { because: 'password', password: { currentHash: null, newHash: 'new' } },
      { because: 'login', userVersion: session.userVersion + 1 },
    ];
    for (const replacing of wrong) {
      const replacement = replacementOf(replacing, true);
      const outcome = await sessionsOf(harness).replace(targetOf(session, subject), replacement);
      assert.equal(outcome, 'conflict');
    }
    assert.deepEqual((await recordOf(harness, subject)).state, state);
    assert.equal(await harness.readHash(subject), 'old');
    assert.equal(await lifeOf(harness, subject, session), 'live');
  },

  'changes nothing when the session is over, or of another user': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const other = await userWithSession(harness);
    const sessions = sessionsOf(harness);
    const replace = (sessionId: string, of = subject) =>
      sessions.replace({ sessionId, of: { subject: of } }, replacementOf(LOGOUT));
    assert.equal(await replace(other.session.id), 'session_ended');
    assert.equal(await replace("no id'"), 'session_ended');
    assert.equal(await replace(session.id, await unknownSubject(harness)), 'user_unknown');
    assert.equal(await replace(session.id, '\0'), 'user_unknown');
    await harness.ageSession!(session.id, 8 * DAY);
    assert.equal(await replace(session.id), 'session_ended');
    assert.equal((await recordOf(harness, subject)).state.tokenVersion, session.userVersion);
    const stale = await startSession(harness, subject);
    await harness.store().invalidate({ subject }, 'logout');
    assert.equal(await replace(stale.id), 'session_ended');
    assert.equal((await recordOf(harness, subject)).state.tokenVersion, session.userVersion + 1);
    await harness.store().invalidateEveryone();
    assert.equal(await replace(other.session.id, other.subject), 'session_ended');
  },

  'is done once when it is asked for twice at the same moment': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () =>
        sessionsOf(harness).replace(targetOf(session, subject), replacementOf(LOGOUT)),
      ),
    );
    const done = outcomes.filter((outcome) => typeof outcome !== 'string');
    assert.equal(done.length, 1);
    assert.deepEqual(
      new Set(outcomes.filter((outcome) => typeof outcome === 'string')),
      new Set(['session_ended']),
    );
    assert.equal((await recordOf(harness, subject)).state.tokenVersion, session.userVersion + 1);
    assert.equal(await lifeOf(harness, subject, done[0]!.started), 'live');
  },

  'forks a session: same login, same ends, another secret': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    await rotateTo(harness, session, 1);
    const fork = {
      from: { sessionId: session.id, subject, generation: 1 },
      session: newSession({ label: 'widget' }),
      limits: LIMITS,
    };
    const { refreshed } = (await sessionsOf(harness).look(tokenOf(session, 1)))!;
    const forked = requireStarted(await sessionsOf(harness).fork(fork));
    assert.deepEqual(
      [forked.id, forked.label, forked.userVersion, forked.everyoneVersion],
      [fork.session.id, 'widget', session.userVersion, session.everyoneVersion],
    );
    assert.deepEqual(
      [forked.authTime, forked.expiresAt],
      [refreshed.authTime, refreshed.expiresAt],
    );
    assert.equal(await lifeOf(harness, subject, session), 'live');
    const held = { ...forked, secretHash: fork.session.secretHash };
    assert.equal(await refresh(harness, tokenOf(held)), 'kept 0');
    await harness.ageSession!(session.id, GRACE_SECONDS);
    assert.equal(await refresh(harness, tokenOf(session, 0)), 'refresh_reused, ended');
    assert.equal(await lifeOf(harness, subject, forked), 'live');
  },

  'forks a session that was rotated since its refresh token was judged': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    await rotateTo(harness, session, 1);
    const from = { sessionId: session.id, subject, generation: 0 };
    const fork = { from, session: newSession(), limits: LIMITS };
    requireStarted(await sessionsOf(harness).fork(fork));
  },

  'forks no session that is over, is behind the token or is of another user': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const other = await userWithSession(harness);
    const sessions = sessionsOf(harness);
    const fork = (more: object) =>
      sessions.fork({
        from: { sessionId: session.id, subject, generation: 0, ...more },
        session: newSession(),
        limits: LIMITS,
      });
    assert.equal(await fork({ generation: 1 }), 'session_ended');
    assert.equal(await fork({ subject: other.subject }), 'session_ended');
    assert.equal(await fork({ subject: await unknownSubject(harness) }), 'user_unknown');
    assert.equal(await fork({ subject: '\0' }), 'user_unknown');
    await harness.store().invalidate({ subject }, 'logout');
    assert.equal(await fork({}), 'session_ended');
    const capped = await sessions.fork({
      from: { sessionId: other.session.id, subject: other.subject, generation: 0 },
      session: newSession(),
      limits: { ...LIMITS, maxSessions: 1, atCap: 'refuse' },
    });
    assert.equal(capped, 'limit_reached');
    assert.notEqual(await sessionOf(harness, other.subject, other.session.id), null);
  },
};
