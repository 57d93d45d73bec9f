import assert from 'node:assert/strict';
import {
  assertBetween,
  type ContractCases,
  inOneHour,
  readAll,
  recordOf,
  requireRecord,
  unknownSubject,
  until,
} from './harness.js';
import { nearMissesOf, shown, STRANGE_SUBJECTS } from './subjects.js';

export const readingCases: ContractCases = {
  'finds a new user, active, with a version and without cutoffs': async (harness) => {
    const subject = await harness.createUser('hash');

    const { active, state } = await recordOf(harness, subject);

    assert.equal(active, true);
    assert.ok(Number.isSafeInteger(state.tokenVersion) && state.tokenVersion >= 0);
    assert.equal(state.passwordChangedAt, null);
    assert.equal(state.logoutAllAt, null);
  },

  'answers many queries in their order, and `undefined` where there is no user': async (
    harness,
  ) => {
    const users = [
      await harness.createUser('one'),
      await harness.createUser('two'),
      await harness.createUser('three'),
    ];
    const asked = [users[2]!, await unknownSubject(harness), users[0]!, users[1]!];

    const { records } = await readAll(harness, asked);

    assert.equal(records.length, asked.length);
    assert.equal(records[1], undefined);
    for (const index of [0, 2, 3]) {
      const { user } = requireRecord(records[index]);
      const found = harness.store().describe(user).subject;
      assert.equal(found, asked[index], `the answer to query ${index} is another user`);
    }
  },

  'answers an empty list of queries': async (harness) => {
    assert.deepEqual((await readAll(harness, [])).records, []);
  },

  'answers two queries for one user with an object each': async (harness) => {
    const subject = await harness.createUser('hash');
    const other = await harness.createUser('hash');

    const { records } = await readAll(harness, [subject, other, subject]);

    const [first, second] = [requireRecord(records[0]), requireRecord(records[2])];
    assert.deepEqual(first.user, second.user);
    assert.notEqual(first.user, second.user, 'two answers share one object');
    assert.deepEqual(first.state, second.state);
  },

  'answers two reads for one user with an object each': async (harness) => {
    const subject = await harness.createUser('hash');
    const [first, second] = [await recordOf(harness, subject), await recordOf(harness, subject)];
    assert.notEqual(first.user, second.user, 'two answers share one object');
  },

  'answers `undefined` for a subject that cannot be an id, and answers the others': async (
    harness,
  ) => {
    const subject = await harness.createUser('hash');
    const asked = [...STRANGE_SUBJECTS, subject, ...STRANGE_SUBJECTS];

    const { records } = await readAll(harness, asked);

    for (const [index, record] of records.entries()) {
      if (asked[index] === subject) requireRecord(record);
      else assert.equal(record, undefined, `found a user for ${shown(asked[index]!)}`);
    }
    assert.equal(records.length, asked.length);
  },

  'answers `undefined` for each such subject alone': async (harness) => {
    for (const strange of STRANGE_SUBJECTS) {
      const { records } = await readAll(harness, [strange]);
      assert.deepEqual(records, [undefined], `found a user for ${shown(strange)}`);
    }
  },

  'finds no user by another spelling of the id': async (harness) => {
    const subject = await harness.createUser('hash');

    for (const spelling of nearMissesOf(subject)) {
      const { records } = await readAll(harness, [spelling, subject]);
      assert.equal(records[0], undefined, `${shown(spelling)} is not ${subject}`);
      requireRecord(records[1]);
    }
  },

  'finds what was written before the read began': async (harness) => {
    const subject = await harness.createUser('hash');
    await recordOf(harness, subject);
    const instant = await harness.clock();
    await harness.writeCutoffs(subject, instant);

    const { state } = await recordOf(harness, subject);

    assert.deepEqual(state.passwordChangedAt, instant);
    assert.deepEqual(state.logoutAllAt, instant);
  },

  'has cutoffs far ahead repaired once, after the reads that find them': async (harness) => {
    const subject = await harness.createUser('hash');
    const { state: before } = await recordOf(harness, subject);
    const earliest = await harness.clock();
    const ahead = inOneHour(earliest);
    await harness.writeCutoffs(subject, ahead);

    const found = await Promise.all(Array.from({ length: 20 }, () => recordOf(harness, subject)));
    const sawIt = found.some(({ state }) => Number(state.logoutAllAt) === Number(ahead));
    assert.ok(sawIt, 'no read found the cutoff');

    const isRepaired = async () =>
      (await recordOf(harness, subject)).state.tokenVersion > before.tokenVersion;
    await until(isRepaired);
    const { state } = await recordOf(harness, subject);
    assert.equal(state.tokenVersion, before.tokenVersion + 1, 'repaired more than once');
    const latest = await harness.clock();
    assertBetween(state.logoutAllAt!, earliest, latest);
    assertBetween(state.passwordChangedAt!, earliest, latest);
  },

  'leaves a cutoff as it is that is ahead by no more than clocks may differ': async (harness) => {
    const subject = await harness.createUser('hash');
    const ahead = new Date((await harness.clock()).getTime() + 240_000);
    await harness.writeCutoffs(subject, ahead);
    const before = await recordOf(harness, subject);
    await recordOf(harness, subject);
    assert.deepEqual(await recordOf(harness, subject), before);
  },

  'answers a query for a session, if it keeps any': async (harness) => {
    if (harness.store().sessions === undefined) return;
    const subject = await harness.createUser('hash');
    const query = { subject, sessionId: '0190b5a0-0000-7000-8000-00000000abcd' };
    const { records } = await readAll(harness, [query]);
    assert.equal(requireRecord(records[0]).session, null, 'says nothing of an unknown session');
    assert.ok(harness.ageSession, 'the store keeps sessions: give the harness ageSession');
  },

  'does not find a deleted user': async (harness) => {
    const subject = await harness.createUser('hash');
    await recordOf(harness, subject);
    await harness.deleteUser(subject);
    assert.deepEqual((await readAll(harness, [subject])).records, [undefined]);
  },
};

export const softDeleteCases: ContractCases = {
  'finds a soft-deleted user, not active': async (harness) => {
    const subject = await harness.createUser('hash');
    const other = await harness.createUser('hash');
    await harness.softDeleteUser!(subject);

    assert.equal((await recordOf(harness, subject)).active, false, 'the deleted user is active');
    assert.equal((await recordOf(harness, other)).active, true, 'another user is not active');
  },
};

export const recreateCases: ContractCases = {
  'starts a user above every version of an earlier user with the same id': async (harness) => {
    const subject = await harness.createUser('hash');
    await harness.store().invalidate({ subject }, 'logout');
    const before = await recordOf(harness, subject);
    await harness.deleteUser(subject);

    await harness.recreateUser!(subject, 'hash');

    const after = await recordOf(harness, subject);
    assert.ok(
      after.state.tokenVersion > before.state.tokenVersion,
      `the version ${after.state.tokenVersion} is not above ${before.state.tokenVersion}`,
    );
  },
};
