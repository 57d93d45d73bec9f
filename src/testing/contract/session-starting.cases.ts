import assert from 'node:assert/strict';
import {
  assertBetween,
  type ContractCases,
  readAll,
  requireRecord,
  unknownSubject,
} from './harness.js';
import {
  DAY,
  type HeldSession,
  lifeOf,
  LIMITS,
  loginOf,
  newSession,
  sessionOf,
  sessionsOf,
  startSession,
  tokenOf,
  userWithSession,
} from './sessions.js';

const UNKNOWN_SESSION = '0190b5a0-0000-7000-8000-00000000abcd';

export const startingCases: ContractCases = {
  'starts a session at the version and on the clock of the database': async (harness) => {
    const subject = await harness.createUser('old');
    const earliest = await harness.clock();
    const session = newSession({ label: 'phone', userAgent: 'agent', from: '192.0.2.7' });
    const started = await startSession(harness, subject, { session, persistent: true });
    const latest = await harness.clock();

    const { id, label, userAgent, persistent, evicted } = started;
    assert.deepEqual([id, label, userAgent, persistent], [session.id, 'phone', 'agent', true]);
    assert.deepEqual([started.subject, evicted, 'committed' in started], [subject, [], false]);
    assertBetween(started.startedAt, earliest, latest);
    assertBetween(started.authTime, earliest, latest);
    const end = Number(started.startedAt) + LIMITS.absoluteSeconds * 1000;
    assertBetween(started.expiresAt, new Date(end - 1000), new Date(end + 1000));
    const state = await sessionOf(harness, subject, id);
    assert.deepEqual(state, {
      everyoneVersion: started.everyoneVersion,
      endedReason: null,
      isExpired: false,
      isIdle: false,
      generation: 0,
      isSightDue: false,
    });
  },

  'starts none for nobody, and none under a version that has moved': async (harness) => {
    const subject = await harness.createUser('old');
    const login = await loginOf(harness, subject);
    await harness.store().invalidate({ subject }, 'logout');
    assert.equal(await sessionsOf(harness).start(login), 'version_moved');
    assert.equal(await sessionOf(harness, subject, login.session.id), null);
    const nobody = { ...login, subject: await unknownSubject(harness) };
    assert.equal(await sessionsOf(harness).start(nobody), 'user_unknown');
    const strange = { ...login, subject: '\0' };
    assert.equal(await sessionsOf(harness).start(strange), 'user_unknown');
  },

  "reads many sessions with their users, and none of another user's": async (harness) => {
    const [one, other] = [await userWithSession(harness), await userWithSession(harness)];
    const asked = [
      { subject: one.subject, sessionId: one.session.id },
      { subject: one.subject, sessionId: other.session.id },
      { subject: other.subject },
      { subject: other.subject, sessionId: UNKNOWN_SESSION },
      { subject: other.subject, sessionId: "no id' at all" },
      { subject: '\0', sessionId: one.session.id },
      { subject: other.subject, sessionId: other.session.id },
    ];

    const { records } = await readAll(harness, asked);

    const found = [0, 1, 3, 4, 6].map((index) => requireRecord(records[index]).session);
    assert.deepEqual(
      found.map((session) => session && session.generation),
      [0, null, null, null, 0],
    );
    assert.equal(requireRecord(records[2]).session, undefined);
    assert.equal(records[5], undefined);
  },

  'ends all sessions beyond the cap, those that were used longest ago': async (harness) => {
    const subject = await harness.createUser('old');
    const limits = { ...LIMITS, maxSessions: 2 };
    const sessions: HeldSession[] = [];
    for (let count = 0; count < 4; count += 1) sessions.push(await startSession(harness, subject));
    for (const [index, age] of [400, 100, 300, 200].entries()) {
      await harness.ageSession!(sessions[index]!.id, age);
    }
    const last = await startSession(harness, subject, { limits });
    assert.deepEqual(
      last.evicted.toSorted(),
      [0, 2, 3].map((index) => sessions[index]!.id).toSorted(),
    );
    const lives = await Promise.all(
      [...sessions, last].map((session) => lifeOf(harness, subject, session)),
    );
    assert.deepEqual(lives, ['evicted', 'live', 'evicted', 'evicted', 'live']);
  },

  'counts neither sessions that are over nor those of others to the cap': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    await userWithSession(harness);
    const idle = await startSession(harness, subject);
    await harness.ageSession!(idle.id, 8 * DAY);
    const limits = { ...LIMITS, maxSessions: 2 };
    assert.deepEqual((await startSession(harness, subject, { limits })).evicted, []);
    assert.equal(await lifeOf(harness, subject, session), 'live');
  },

  'refuses a login at the cap where that is asked for, and ends none': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const limits = { ...LIMITS, maxSessions: 1, atCap: 'refuse' } as const;
    const login = await loginOf(harness, subject, { limits });
    assert.equal(await sessionsOf(harness).start(login), 'limit_reached');
    assert.equal(await lifeOf(harness, subject, session), 'live');
    await harness.ageSession!(session.id, 8 * DAY);
    await startSession(harness, subject, { limits });
  },

  'ends none when a login is refused because its version has moved': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const limits = { ...LIMITS, maxSessions: 1 };
    const login = await loginOf(harness, subject, { limits });
    const stale = { ...login, userVersion: login.userVersion + 1 };
    assert.equal(await sessionsOf(harness).start(stale), 'version_moved');
    assert.equal(await lifeOf(harness, subject, session), 'live');
  },

  'removes sessions of the user that are over, at the next login': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const stale = await startSession(harness, subject);
    await harness.ageSession!(session.id, 31 * DAY);
    await startSession(harness, subject);
    assert.equal(await sessionOf(harness, subject, session.id), null);
    assert.equal(await lifeOf(harness, subject, stale), 'live');
    await harness.store().invalidate({ subject }, 'logout');
    await startSession(harness, subject);
    assert.equal(await sessionOf(harness, subject, stale.id), null);
  },

  'goes with its user': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    await harness.deleteUser(subject);
    assert.equal(await sessionsOf(harness).look(tokenOf(session)), undefined);
    assert.deepEqual(await sessionsOf(harness).list(subject, { limit: 10 }), []);
  },

  'lists the live sessions of a user in pages, with nothing to log in by': async (harness) => {
    const subject = await harness.createUser('old');
    const session = newSession({ label: 'phone', userAgent: 'agent', from: '2001:db8::/48' });
    const phone = await startSession(harness, subject, { session });
    const others = [await startSession(harness, subject), await startSession(harness, subject)];
    const ended = await startSession(harness, subject);
    const sessions = sessionsOf(harness);
    await sessions.end(
      { sessionId: ended.id, of: { subject } },
      { reason: 'logged_out', retentionSeconds: DAY },
    );
    const idle = await startSession(harness, subject);
    await harness.ageSession!(idle.id, 8 * DAY);
    await userWithSession(harness);

    const ids = [phone, ...others]
      .map(({ id }) => id)
      .toSorted()
      .toReversed();
    const first = await sessions.list(subject, { limit: 2 });
    const second = await sessions.list(subject, { limit: 2, after: first[1]!.id });
    assert.deepEqual(
      [...first, ...second].map(({ id }) => id),
      ids,
    );

    const listed = [...first, ...second].find(({ id }) => id === phone.id);
    assert.deepEqual(listed, {
      id: phone.id,
      label: 'phone',
      userAgent: 'agent',
      startedAt: phone.startedAt,
      lastUsedAt: phone.startedAt,
      authTime: phone.authTime,
      expiresAt: phone.expiresAt,
      persistent: false,
      startedFrom: '2001:db8::/48',
      lastFrom: '2001:db8::/48',
    });
  },

  'lists no session from before an invalidation': async (harness) => {
    const { subject } = await userWithSession(harness);
    await harness.store().invalidate({ subject }, 'logout');
    assert.deepEqual(await sessionsOf(harness).list(subject, { limit: 10 }), []);
    assert.deepEqual(await sessionsOf(harness).list('\0', { limit: 10 }), []);
  },
};
