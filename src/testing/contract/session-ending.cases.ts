import assert from 'node:assert/strict';
import { type ContractCases, readAll, requireRecord } from './harness.js';
import {
  DAY,
  lifeOf,
  LOGOUT,
  refresh,
  sessionOf,
  sessionsOf,
  startSession,
  tokenOf,
  userWithSession,
} from './sessions.js';

const BY_ADMIN = { reason: 'ended_by_admin', retentionSeconds: DAY } as const;

export const endingCases: ContractCases = {
  'ends one session, for good and with the first reason': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const other = await startSession(harness, subject);
    const target = { sessionId: session.id, of: { subject } };
    const ended = await sessionsOf(harness).end(target, LOGOUT);
    assert.deepEqual(ended, { ids: [session.id], subject });
    assert.deepEqual((await sessionsOf(harness).end(target, BY_ADMIN)).ids, []);
    assert.equal(await lifeOf(harness, subject, session), 'logged_out');
    assert.equal(await refresh(harness, tokenOf(session)), 'session_ended');
    assert.equal(await refresh(harness, tokenOf(session, 5)), 'session_ended');
    assert.equal(await sessionsOf(harness).adopt(tokenOf(session, 1)), false);
    assert.equal(await lifeOf(harness, subject, other), 'live');
  },

  'ends no session of another user, and none that nobody has': async (harness) => {
    const { session, subject } = await userWithSession(harness);
    const other = await userWithSession(harness);
    for (const sessionId of [session.id, '0190b5a0-0000-7000-8000-00000000abcd', "no id'"]) {
      const target = { sessionId, of: { subject: other.subject } };
      assert.deepEqual(await sessionsOf(harness).end(target, LOGOUT), {
        ids: [],
        subject: undefined,
      });
    }
    const strange = { sessionId: session.id, of: { subject: '\0' } };
    assert.deepEqual((await sessionsOf(harness).end(strange, LOGOUT)).ids, []);
    assert.equal(await lifeOf(harness, subject, session), 'live');
  },

  'ends the session of a refresh token, of any generation, by its secret': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const { sessions } = harness.store();
    const wrong = { sessionId: session.id, of: { secretHash: new Uint8Array(32) } };
    assert.deepEqual((await sessions!.end(wrong, LOGOUT)).ids, []);
    const { id: sessionId, secretHash } = session;
    const ended = await sessions!.end({ sessionId, of: { secretHash } }, LOGOUT);
    assert.deepEqual(ended, { ids: [sessionId], subject });
  },

  'ends all other sessions of a user, or all of them': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const others = [await startSession(harness, subject), await startSession(harness, subject)];
    const foreign = await userWithSession(harness);
    const sessions = sessionsOf(harness);
    const ended = await sessions.endOthers({ subject, except: session.id }, BY_ADMIN);
    assert.deepEqual(ended.ids.toSorted(), others.map(({ id }) => id).toSorted());
    assert.equal(ended.subject, subject);
    assert.equal(await lifeOf(harness, subject, session), 'live');
    assert.equal(await lifeOf(harness, subject, others[0]!), 'ended_by_admin');
    assert.deepEqual((await sessions.endOthers({ subject }, BY_ADMIN)).ids, [session.id]);
    assert.deepEqual((await sessions.endOthers({ subject }, BY_ADMIN)).ids, []);
    assert.deepEqual((await sessions.endOthers({ subject: '\0' }, BY_ADMIN)).ids, []);
    assert.equal(await lifeOf(harness, foreign.subject, foreign.session), 'live');
  },

  'removes a session when it has been over for as long as it is kept': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const sessions = sessionsOf(harness);
    await sessions.end({ sessionId: session.id, of: { subject } }, LOGOUT);
    await sessions.sweep();
    assert.equal(await lifeOf(harness, subject, session), 'logged_out');
    await harness.ageSession!(session.id, DAY + 1);
    assert.ok((await sessions.sweep()) >= 1);
    assert.equal(await sessionOf(harness, subject, session.id), null);
  },

  'removes an expired session, and no live one': async (harness) => {
    const { subject, session } = await userWithSession(harness);
    const live = await startSession(harness, subject);
    await harness.ageSession!(session.id, 31 * DAY);
    while ((await sessionsOf(harness).sweep()) > 0);
    assert.equal(await sessionOf(harness, subject, session.id), null);
    assert.equal(await lifeOf(harness, subject, live), 'live');
  },

  'revokes one token by its id, and no other': async (harness) => {
    const subject = await harness.createUser('old');
    const tokenId = `one "token" \\ of ${subject}`;
    const read = async (id: string, sessionId?: string) => {
      const { records } = await readAll(harness, [{ subject, tokenId: id, sessionId }]);
      return requireRecord(records[0]).tokenRevoked;
    };
    assert.equal(await read(tokenId), false);
    const end = new Date(Number(await harness.clock()) + 600_000);
    await sessionsOf(harness).revokeToken({ tokenId, expiresAt: end });
    await sessionsOf(harness).revokeToken({ tokenId, expiresAt: new Date(Number(end) - 60_000) });
    assert.equal(await read(tokenId), true);
    assert.equal(await read(`${tokenId}.`), false);
    assert.equal(await read('\0'), false);
    const session = await startSession(harness, subject);
    assert.equal(await read(tokenId, session.id), true);
    assert.equal(await read('another', session.id), false);
    assert.equal(
      requireRecord((await readAll(harness, [subject])).records[0]).tokenRevoked,
      undefined,
    );
  },

  'refuses a revoked token for as long as was asked at the longest': async (harness) => {
    const subject = await harness.createUser('old');
    const sessions = sessionsOf(harness);
    const now = Number(await harness.clock());
    const tokenId = `twice ${subject}`;
    await sessions.revokeToken({ tokenId, expiresAt: new Date(now + 600_000) });
    await sessions.revokeToken({ tokenId, expiresAt: new Date(now - 1000) });
    await sessions.revokeToken({ tokenId: `next ${subject}`, expiresAt: new Date(now + 600_000) });
    const { records } = await readAll(harness, [{ subject, tokenId }]);
    assert.equal(requireRecord(records[0]).tokenRevoked, true);
  },

  'forgets revoked tokens that have expired, when another is revoked': async (harness) => {
    const subject = await harness.createUser('old');
    const sessions = sessionsOf(harness);
    const now = Number(await harness.clock());
    const tokenId = `expired ${subject}`;
    await sessions.revokeToken({ tokenId, expiresAt: new Date(now - 1000) });
    await sessions.revokeToken({ tokenId: `next ${subject}`, expiresAt: new Date(now + 600_000) });
    const { records } = await readAll(harness, [{ subject, tokenId }]);
    assert.equal(requireRecord(records[0]).tokenRevoked, false);
  },
};
