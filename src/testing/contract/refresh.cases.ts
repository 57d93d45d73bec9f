import assert from 'node:assert/strict';
import { type ContractCases, recordOf } from './harness.js';
import {
  DAY,
  GRACE_SECONDS,
  HOUR,
  lifeOf,
  LOGOUT,
  refresh,
  rotateTo,
  sessionOf,
  sessionsOf,
  startSession,
  tokenOf,
  userWithSession,
  VISIT,
} from './sessions.js';

export const refreshCases: ContractCases = {
  'rotates once twice the grace has passed since the generation was seen': async (harness) => {
    const { session } = await userWithSession(harness);
    assert.equal(await refresh(harness, tokenOf(session)), 'kept 0');
    await harness.ageSession!(session.id, 2 * GRACE_SECONDS - 5);
    assert.equal(await refresh(harness, tokenOf(session)), 'kept 0');
    await harness.ageSession!(session.id, 5);
    assert.equal(await refresh(harness, tokenOf(session)), 'rotated 1');
    assert.equal(await refresh(harness, tokenOf(session, 1)), 'kept 1');
  },

  'answers a rotation with the session and its user': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    await harness.ageSession!(session.id, 100);
    const rotated = await sessionsOf(harness).rotate(tokenOf(session), VISIT);
    const { user, state, active, everyone, refreshed } = rotated!;
    assert.equal(harness.store().describe(user).subject, subject);
    assert.deepEqual(state, (await recordOf(harness, subject)).state);
    assert.equal(active, true);
    assert.equal(everyone.version, session.everyoneVersion);
    assert.deepEqual(
      [refreshed.id, refreshed.subject, refreshed.generation, refreshed.userVersion],
      [session.id, subject, 1, session.userVersion],
    );
    assert.equal(Number(refreshed.authTime), Number(session.authTime) - 100_000);
    assert.equal(Number(refreshed.expiresAt), Number(session.expiresAt) - 100_000);
    assert.equal(refreshed.secondsSinceSeen, null);
  },

  'looks at a session by its id, and says whether the secret is right': async (harness) => {
    const { session } = await userWithSession(harness);
    await harness.ageSession!(session.id, 100);
    const { refreshed } = (await sessionsOf(harness).look(tokenOf(session, 9)))!;
    assert.equal(refreshed.secretMatches, true);
    assert.equal(Math.floor(refreshed.secondsSinceRotated / 10), 10);
    assert.equal(Math.floor(refreshed.secondsSinceSeen! / 10), 10);
    const thief = { ...tokenOf(session), secretHash: new Uint8Array(32) };
    assert.equal((await sessionsOf(harness).look(thief))!.refreshed.secretMatches, false);
    assert.equal(await refresh(harness, thief), 'refresh_invalid');
    assert.equal(await sessionsOf(harness).adopt({ ...thief, generation: 1 }), false);
    const unknown = { ...tokenOf(session), sessionId: '0190b5a0-0000-7000-8000-00000000abcd' };
    assert.equal(await refresh(harness, unknown), 'refresh_invalid');
  },

  'rotates once for many that come at the same moment': async (harness) => {
    const { session } = await userWithSession(harness);
    await harness.ageSession!(session.id, 100);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => refresh(harness, tokenOf(session))),
    );
    assert.deepEqual(answers.toSorted(), [...Array(7).fill('repeated 1'), 'rotated 1']);
  },

  'gives a lost answer again, after a second or a day': async (harness) => {
    const { session } = await userWithSession(harness);
    await rotateTo(harness, session, 1);
    await harness.ageSession!(session.id, 100);
    assert.equal(await refresh(harness, tokenOf(session, 1)), 'rotated 2');
    for (const seconds of [1, 31, HOUR, DAY]) {
      await harness.ageSession!(session.id, seconds);
      assert.equal(await refresh(harness, tokenOf(session, 1)), 'repeated 2');
    }
  },

  'takes no use for a sight until 60 seconds after the last answer that a client may have': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    const see = () => sessionsOf(harness).markSeen([{ sessionId: session.id, generation: 1 }]);
    await harness.ageSession!(session.id, 100);
    assert.equal(await refresh(harness, tokenOf(session)), 'rotated 1');
    await harness.ageSession!(session.id, HOUR);
    assert.equal((await sessionOf(harness, subject, session.id))!.isSightDue, true);
    assert.equal(await refresh(harness, tokenOf(session)), 'repeated 1');
    assert.equal((await sessionOf(harness, subject, session.id))!.isSightDue, false);
    await harness.ageSession!(session.id, 55);
    assert.equal(await see(), 0, 'the answer may not be stored yet');
    await harness.ageSession!(session.id, 5);
    assert.equal(await see(), 1);
    await sessionsOf(harness).repeat(tokenOf(session));
    await harness.ageSession!(session.id, GRACE_SECONDS);
    assert.equal(await refresh(harness, tokenOf(session)), 'refresh_reused, ended');
  },

  'is held up by ten repetitions, and not by those within 20 seconds': async (harness) => {
    const { session } = await userWithSession(harness);
    const see = () => sessionsOf(harness).markSeen([{ sessionId: session.id, generation: 1 }]);
    await harness.ageSession!(session.id, 100);
    assert.equal(await refresh(harness, tokenOf(session)), 'rotated 1');
    for (let repeats = 0; repeats < 10; repeats += 1) {
      await harness.ageSession!(session.id, 15);
      assert.equal(await refresh(harness, tokenOf(session)), 'repeated 1');
      await harness.ageSession!(session.id, 40);
      assert.equal(await refresh(harness, tokenOf(session)), 'repeated 1');
      assert.equal(await see(), 0);
    }
    await harness.ageSession!(session.id, 55);
    assert.equal(await refresh(harness, tokenOf(session)), 'repeated 1');
    await harness.ageSession!(session.id, 5);
    assert.equal(await see(), 1);
  },

  'ends the session when a token comes after the grace, a later one having been seen': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    const other = await startSession(harness, subject);
    await rotateTo(harness, session, 1);
    assert.equal(await refresh(harness, tokenOf(session, 0)), 'repeated 1');
    await harness.ageSession!(session.id, GRACE_SECONDS - 5);
    assert.equal(await refresh(harness, tokenOf(session, 0)), 'repeated 1');
    await harness.ageSession!(session.id, 5);
    assert.equal(await refresh(harness, tokenOf(session, 0)), 'refresh_reused, ended');
    assert.equal(await lifeOf(harness, subject, session), 'refresh_reused');
    assert.equal(await refresh(harness, tokenOf(session, 1)), 'session_ended');
    assert.equal(await lifeOf(harness, subject, other), 'live');
  },

  'ends the session when a token is two generations behind': async (harness) => {
    const { session } = await userWithSession(harness);
    await rotateTo(harness, session, 2);
    assert.equal(await refresh(harness, tokenOf(session, 0)), 'refresh_reused, ended');
  },

  'notes a sight once, of the current generation, 60 seconds after its rotation': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    const see = (generation: number) =>
      sessionsOf(harness).markSeen([{ sessionId: session.id, generation }]);
    await harness.ageSession!(session.id, 100);
    assert.equal(await see(0), 0, 'the first generation is seen at the login');
    assert.equal(await refresh(harness, tokenOf(session)), 'rotated 1');
    assert.equal(await see(1), 0, 'an access token shows that the answer arrived, and no more');
    await harness.ageSession!(session.id, 55);
    assert.deepEqual([(await sessionOf(harness, subject, session.id))!.isSightDue], [false]);
    await harness.ageSession!(session.id, 5);
    assert.deepEqual([(await sessionOf(harness, subject, session.id))!.isSightDue], [true]);
    assert.equal(await see(0), 0, 'an earlier generation');
    assert.equal(await see(2), 0, 'a later generation');
    assert.equal(await see(1), 1);
    assert.equal(await see(1), 0, 'it was seen already');
    assert.deepEqual([(await sessionOf(harness, subject, session.id))!.isSightDue], [false]);
  },

  'notes the sights of many sessions at once, and those of ended ones not': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const other = await startSession(harness, subject);
    const ended = await startSession(harness, subject);
    const all = [session, other, ended];
    for (const { id } of all) await harness.ageSession!(id, 100);
    for (const each of all) await refresh(harness, tokenOf(each));
    for (const { id } of all) await harness.ageSession!(id, 60);
    const sessions = sessionsOf(harness);
    await sessions.end({ sessionId: ended.id, of: { subject } }, LOGOUT);
    const sights = all.map(({ id }) => ({ sessionId: id, generation: 1 }));
    assert.equal(await sessions.markSeen([...sights, ...sights]), 2);
    assert.equal(await sessions.markSeen([]), 0);
  },

  'takes the refresh token as a sight too, when it comes 60 seconds after the rotation': async (
    harness,
  ) => {
    const { session } = await userWithSession(harness);
    await harness.ageSession!(session.id, 100);
    assert.equal(await refresh(harness, tokenOf(session)), 'rotated 1');
    await harness.ageSession!(session.id, 60);
    assert.equal(await refresh(harness, tokenOf(session, 1)), 'kept 1');
    const { refreshed } = (await sessionsOf(harness).look(tokenOf(session)))!;
    assert.ok(refreshed.secondsSinceSeen! < 50, 'the sight was not noted');
  },

  'follows a token that is one generation ahead, and ends the session of one further ahead': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    await rotateTo(harness, session, 1);
    assert.equal(await refresh(harness, tokenOf(session, 2)), 'kept 2');
    assert.equal(await refresh(harness, tokenOf(session, 2)), 'kept 2');
    assert.equal(await refresh(harness, tokenOf(session, 1)), 'repeated 2');
    assert.equal(await sessionsOf(harness).adopt(tokenOf(session, 2)), false);
    assert.equal(await refresh(harness, tokenOf(session, 4)), 'session_ahead, ended');
    assert.equal(await lifeOf(harness, subject, session), 'session_ahead');
    assert.equal(await sessionsOf(harness).adopt(tokenOf(session, 3)), false);
  },

  'says that a session is idle or expired, and never that its token was reused': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    const other = await startSession(harness, subject);
    await rotateTo(harness, session, 2);
    await harness.ageSession!(session.id, 7 * DAY - 10);
    assert.equal(await lifeOf(harness, subject, session), 'live');
    await harness.ageSession!(session.id, 10);
    assert.equal(await lifeOf(harness, subject, session), 'idle');
    for (const generation of [0, 1, 2, 3, 9]) {
      assert.equal(await refresh(harness, tokenOf(session, generation)), 'session_idle');
    }
    await harness.ageSession!(other.id, 30 * DAY);
    assert.equal(await lifeOf(harness, subject, other), 'expired');
    assert.equal(await refresh(harness, tokenOf(other)), 'session_expired');
    assert.equal(await refresh(harness, tokenOf(other, 9)), 'session_expired');
  },

  'is kept from being idle by each refresh, and never beyond its end': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    let generation = 0;
    for (let day = 0; day < 25; day += 5) {
      await harness.ageSession!(session.id, 5 * DAY);
      const answer = await refresh(harness, tokenOf(session, generation));
      assert.match(answer, /^(rotated|kept) \d$/);
      generation = Number(answer.split(' ')[1]);
    }
    assert.equal(await lifeOf(harness, subject, session), 'live');
    await harness.ageSession!(session.id, 5 * DAY);
    assert.equal(await refresh(harness, tokenOf(session, generation)), 'session_expired');
  },

  'is over for a session from before a changed password, and a logout everywhere': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    await harness.ageSession!(session.id, 100);
    await harness.writeHash(subject, 'new');
    assert.equal(await refresh(harness, tokenOf(session)), 'password_changed');
    const second = await startSession(harness, subject);
    await harness.ageSession!(second.id, 100);
    await harness.store().invalidate({ subject }, 'logout');
    assert.equal(await refresh(harness, tokenOf(second)), 'logged_out_everywhere');
    assert.equal(await sessionsOf(harness).adopt(tokenOf(second, 1)), false);
    assert.equal(
      await lifeOf(harness, subject, second),
      'live',
      'the version decides, not the row',
    );
  },

  'is over once everyone was logged out, and not for a session that starts after it': async (
    harness,
  ) => {
    const { subject, session } = await userWithSession(harness);
    await harness.ageSession!(session.id, 100);
    const { version } = await harness.store().invalidateEveryone();
    assert.equal(await refresh(harness, tokenOf(session)), 'everyone_logged_out');
    assert.equal(await sessionsOf(harness).adopt(tokenOf(session, 1)), false);
    const state = await sessionOf(harness, subject, session.id);
    assert.ok(state!.everyoneVersion < version);
    const next = await startSession(harness, subject);
    assert.equal(next.everyoneVersion, version);
    assert.equal(await refresh(harness, tokenOf(next)), 'kept 0');
  },
};
