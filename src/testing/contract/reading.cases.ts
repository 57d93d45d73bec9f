import assert from 'node:assert/strict';
import {
  type ContractCases,
  inOneHour,
  readAll,
  recordOf,
  requireRecord,
  unknownSubject,
} from './harness.js';
import { nearMissesOf, STRANGE_SUBJECTS } from './subjects.js';

export const readingCases: ContractCases = {
  'finds a new user, active, with a version and without cutoffs': async (harness) => {
    const subject = await harness.createUser('hash');

    const { active, state } = await recordOf(harness, subject);

    assert.equal(active, true);
    assert.ok(Number.isSafeInteger(state.tokenVersion) && state.tokenVersion >= 0);
    assert.equal(state.passwordChangedAt, null);
    assert.equal(state.logoutAllAt, null);
  },

  'answers many queries in their order, and nothing where there is no user': async (harness) => {
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
      assert.equal(harness.store().describe(user).subject, asked[index]);
    }
  },

  'answers no queries': async (harness) => {
    assert.deepEqual((await readAll(harness, [])).records, []);
  },

  'gives two queries for one user an object each': async (harness) => {
    const subject = await harness.createUser('hash');
    const other = await harness.createUser('hash');

    const { records } = await readAll(harness, [subject, other, subject]);

    const [first, second] = [requireRecord(records[0]), requireRecord(records[2])];
    assert.deepEqual(first.user, second.user);
    assert.notEqual(first.user, second.user);
    assert.deepEqual(first.state, second.state);
  },

  'gives an object that another request does not get': async (harness) => {
    const subject = await harness.createUser('hash');
    const [first, second] = [await recordOf(harness, subject), await recordOf(harness, subject)];
    assert.notEqual(first.user, second.user);
  },

  'answers nothing to a subject that is no id, and answers the others': async (harness) => {
    const subject = await harness.createUser('hash');
    const asked = [...STRANGE_SUBJECTS, subject, ...STRANGE_SUBJECTS];

    const { records } = await readAll(harness, asked);

    for (const [index, record] of records.entries()) {
      if (asked[index] === subject) requireRecord(record);
      else assert.equal(record, undefined, `found ${JSON.stringify(asked[index])}`);
    }
    assert.equal(records.length, asked.length);
  },

  'answers nothing to each of them alone': async (harness) => {
    for (const strange of STRANGE_SUBJECTS) {
      const { records } = await readAll(harness, [strange]);
      assert.deepEqual(records, [undefined], `found ${JSON.stringify(strange)}`);
    }
  },

  'takes no other spelling of an id for it': async (harness) => {
    const subject = await harness.createUser('hash');

    for (const spelling of nearMissesOf(subject)) {
      const { records } = await readAll(harness, [spelling, subject]);
      assert.equal(records[0], undefined, `${JSON.stringify(spelling)} is not ${subject}`);
      requireRecord(records[1]);
    }
  },

  'sees what was written before the read began': async (harness) => {
    const subject = await harness.createUser('hash');
    await recordOf(harness, subject);
    const instant = inOneHour(await harness.clock());
    await harness.writeCutoffs(subject, instant);

    const { state } = await recordOf(harness, subject);

    assert.deepEqual(state.passwordChangedAt, instant);
    assert.deepEqual(state.logoutAllAt, instant);
  },

  'does not find a deleted user': async (harness) => {
    const subject = await harness.createUser('hash');
    await recordOf(harness, subject);
    await harness.deleteUser(subject);
    assert.deepEqual((await readAll(harness, [subject])).records, [undefined]);
  },
};

export const softDeleteCases: ContractCases = {
  'says of a soft-deleted user that it is not active': async (harness) => {
    const subject = await harness.createUser('hash');
    const other = await harness.createUser('hash');
    await harness.softDeleteUser!(subject);

    assert.equal((await recordOf(harness, subject)).active, false);
    assert.equal((await recordOf(harness, other)).active, true);
  },
};

export const recreateCases: ContractCases = {
  'starts a user above every version that an earlier one with the same id had': async (harness) => {
    const subject = await harness.createUser('hash');
    await harness.store().invalidate({ subject }, 'logout');
    const before = await recordOf(harness, subject);
    await harness.deleteUser(subject);

    await harness.recreateUser!(subject, 'hash');

    const after = await recordOf(harness, subject);
    assert.ok(after.state.tokenVersion > before.state.tokenVersion);
  },
};
