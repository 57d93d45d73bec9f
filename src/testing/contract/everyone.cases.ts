import assert from 'node:assert/strict';
import {
  assertBetween,
  type ContractCases,
  everyoneWith,
  inOneHour,
  readAll,
  recordOf,
  settledEveryone,
  unknownSubject,
  until,
} from './harness.js';

const MANY = 20;

export const everyoneCases: ContractCases = {
  'raises the version of everyone by one and sets the cutoff by its clock': async (harness) => {
    const subject = await harness.createUser('hash');
    const before = await settledEveryone(harness, subject);

    const earliest = await harness.clock();
    const change = await harness.store().invalidateEveryone();
    const latest = await harness.clock();

    assertBetween(change.effectiveAt, earliest, latest);
    assert.equal(change.version, before.version + 1, 'the version did not rise by one');
    assert.deepEqual(await everyoneWith(harness, subject), {
      version: change.version,
      loggedOutAt: change.effectiveAt,
    });
  },

  'has both in every reading': async (harness) => {
    const subject = await harness.createUser('hash');
    const unknown = await unknownSubject(harness);
    await settledEveryone(harness, subject);
    const { version, effectiveAt } = await harness.store().invalidateEveryone();

    for (const subjects of [[subject], [unknown, subject], [subject, subject], ['', subject]]) {
      const { everyone, records } = await readAll(harness, subjects);
      const queries = `in a reading of ${JSON.stringify(subjects)}`;
      assert.deepEqual({ ...everyone }, { version, loggedOutAt: effectiveAt }, queries);
      assert.equal(records.length, subjects.length, queries);
    }
  },

  'leaves the state of the users as it is': async (harness) => {
    const subject = await harness.createUser('hash');
    const before = await recordOf(harness, subject);
    await harness.store().invalidateEveryone();
    assert.deepEqual(await recordOf(harness, subject), before, 'a user has changed');
  },

  'leaves everyone as it is when one user is invalidated': async (harness) => {
    const subject = await harness.createUser('old');
    const before = await everyoneWith(harness, subject);
    await harness.store().invalidate({ subject }, 'logout');
    await harness.store().changePassword(subject, { currentHash: 'old', newHash: 'new' });
    assert.deepEqual(await everyoneWith(harness, subject), before, 'everyone has changed');
  },

  'raises the version by twenty when asked twenty times at once': async (harness) => {
    const subject = await harness.createUser('hash');
    const before = await settledEveryone(harness, subject);

    const earliest = await harness.clock();
    const changes = await Promise.all(
      Array.from({ length: MANY }, () => harness.store().invalidateEveryone()),
    );
    const latest = await harness.clock();

    changes.sort((one, other) => one.version - other.version);
    const risen = changes.map(({ version }) => version - before.version);
    const expected = Array.from({ length: MANY }, (_, index) => index + 1);
    assert.deepEqual(risen, expected, 'the versions did not rise by one each');
    let previous = earliest;
    for (const { effectiveAt } of changes) {
      assertBetween(effectiveAt, previous, latest);
      previous = effectiveAt;
    }
    assert.deepEqual(await everyoneWith(harness, subject), {
      version: before.version + MANY,
      loggedOutAt: previous,
    });
  },

  'returns a cutoff that lies ahead to the clock, and raises the version': async (harness) => {
    const subject = await harness.createUser('hash');
    const { version } = await settledEveryone(harness, subject);
    const earliest = await harness.clock();
    await harness.writeEveryoneCutoff(inOneHour(earliest));
    try {
      const change = await harness.store().invalidateEveryone();

      assertBetween(change.effectiveAt, earliest, await harness.clock());
      assert.equal(change.version, version + 1, 'the version did not rise by one');
      const expected = { version: version + 1, loggedOutAt: change.effectiveAt };
      assert.deepEqual(await everyoneWith(harness, subject), expected);
    } finally {
      await harness.writeEveryoneCutoff(await harness.clock());
    }
  },

  'has a cutoff far ahead repaired once by the reads that find it': async (harness) => {
    const subject = await harness.createUser('hash');
    const { version } = await settledEveryone(harness, subject);
    const earliest = await harness.clock();
    await harness.writeEveryoneCutoff(inOneHour(earliest));
    try {
      const first = await Promise.all(
        Array.from({ length: MANY }, () => everyoneWith(harness, subject)),
      );
      assert.ok(first[0]!.loggedOutAt! > earliest);

      await until(async () => (await everyoneWith(harness, subject)).version > version);

      const after = await everyoneWith(harness, subject);
      assert.equal(after.version, version + 1, 'the cutoff was repaired more than once');
      assertBetween(after.loggedOutAt!, earliest, await harness.clock());
    } finally {
      await harness.writeEveryoneCutoff(await harness.clock());
    }
  },
};
