import assert from 'node:assert/strict';
import type { ListedSession } from '../../state/session.store.js';
import type { ContractCases } from './harness.js';
import {
  DAY,
  GRACE_SECONDS,
  lifeOf,
  LOGOUT,
  newSession,
  refresh,
  rotateTo,
  sessionOf,
  sessionsOf,
  startSession,
  tokenOf,
  userWithSession,
  VISIT,
} from './sessions.js';

export const refreshLimitCases: ContractCases = {
  'inserts nothing, and changes nothing of the login': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const sessions = sessionsOf(harness);
    for (let generation = 0; generation < 3; generation += 1) {
      await rotateTo(harness, session, generation + 1);
      const { refreshed } = (await sessions.look(tokenOf(session)))!;
      const aged = (generation + 1) * (2 * GRACE_SECONDS + 60) * 1000;
      assert.equal(Number(refreshed.authTime), Number(session.authTime) - aged);
      assert.equal(Number(refreshed.startedAt), Number(session.startedAt) - aged);
      assert.equal(Number(refreshed.expiresAt), Number(session.expiresAt) - aged);
      assert.equal(refreshed.userVersion, session.userVersion);
      assert.equal(refreshed.everyoneVersion, session.everyoneVersion);
    }
    const listed = await sessions.list(subject, { limit: 10 });
    assert.deepEqual(
      listed.map(({ id }) => id),
      [session.id],
    );
  },

  'notes what came with a rotation, next to what came with the login': async (harness) => {
    const subject = await harness.createUser('old');
    const given = { label: 'phone', userAgent: 'agent', from: '192.0.2.7' };
    const session = await startSession(harness, subject, { session: newSession(given) });
    const sessions = sessionsOf(harness);
    const listed = async () => {
      const [{ label, userAgent, startedFrom, lastFrom } = {} as ListedSession] =
        await sessions.list(subject, { limit: 1 });
      return [label, userAgent, startedFrom, lastFrom];
    };
    assert.deepEqual(await listed(), ['phone', 'agent', '192.0.2.7', '192.0.2.7']);
    await harness.ageSession!(session.id, 100);
    const visit = { ...VISIT, userAgent: 'agent 2', from: '2001:db8::1' };
    assert.ok(await sessions.rotate(tokenOf(session), visit), 'it was not rotated');
    const noted = ['phone', 'agent 2', '192.0.2.7', '2001:db8::1'];
    assert.deepEqual(await listed(), noted);
    // A client that does not say who it is changes nothing of it.
    await harness.ageSession!(session.id, 60);
    assert.equal(await sessions.markSeen([{ sessionId: session.id, generation: 1 }]), 1);
    await harness.ageSession!(session.id, 2 * GRACE_SECONDS);
    assert.ok(await sessions.rotate(tokenOf(session, 1), VISIT), 'it was not rotated again');
    assert.deepEqual(await listed(), noted);
  },

  'rotates for no token but the current one, also when a rotation is due': async (harness) => {
    for (const [presented, expected] of [
      [0, 'refresh_reused, ended'],
      [1, 'refresh_reused, ended'],
      [4, 'session_ahead, ended'],
    ] as const) {
      const { session } = await userWithSession(harness);
      await rotateTo(harness, session, 2);
      await harness.ageSession!(session.id, 2 * GRACE_SECONDS);
      assert.equal(await sessionsOf(harness).rotate(tokenOf(session, presented), VISIT), undefined);
      assert.equal(await refresh(harness, tokenOf(session, presented)), expected);
    }
  },

  'writes no session that is over, also when a rotation is due': async (harness) => {
    const sessions = sessionsOf(harness);
    const { subject, session } = await userWithSession(harness);
    await harness.ageSession!(session.id, 100);
    await sessions.end({ sessionId: session.id, of: { subject } }, LOGOUT);
    const idle = await startSession(harness, subject);
    await harness.ageSession!(idle.id, 8 * DAY);
    for (const each of [session, idle]) {
      assert.equal(await sessions.rotate(tokenOf(each), VISIT), undefined);
      assert.equal(await sessions.adopt(tokenOf(each, 1)), false);
      assert.equal((await sessions.look(tokenOf(each)))!.refreshed.generation, 0);
    }
    assert.equal(await lifeOf(harness, subject, session), 'logged_out');
  },

  'goes by the version of everyone, and by no instant': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    await harness.store().invalidateEveryone();
    // As after a clock that was set back.
    await harness.writeEveryoneCutoff(new Date(0));
    assert.equal(await refresh(harness, tokenOf(session)), 'everyone_logged_out');
    const { everyoneVersion } = (await sessionOf(harness, subject, session.id))!;
    const next = await startSession(harness, subject);
    assert.ok(everyoneVersion < next.everyoneVersion, 'the session has the later version');
    // And as after one that ran ahead, by less than what a read corrects.
    await harness.writeEveryoneCutoff(new Date(Number(await harness.clock()) + 60_000));
    assert.equal(await refresh(harness, tokenOf(next)), 'kept 0');
    const state = await sessionOf(harness, subject, next.id);
    assert.equal(state!.everyoneVersion, next.everyoneVersion);
    await harness.writeEveryoneCutoff(await harness.clock());
  },
};
