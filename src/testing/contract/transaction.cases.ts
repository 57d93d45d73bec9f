import assert from 'node:assert/strict';
import {
  type ContractCases,
  everyoneWith,
  recordOf,
  type TokenStateStoreHarness,
} from './harness.js';
import { expectRollback, ROLLBACK, type Write, WRITES } from './writes.js';

export const transactionCases: ContractCases = Object.fromEntries(
  Object.entries(WRITES).flatMap(([name, write]) => [
    [`leaves nothing of ${name} that was rolled back`, rollsBack(write)],
    [`shows nothing of ${name} before the commit, and all of it after`, commits(write)],
  ]),
);

function rollsBack(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const subject = await harness.createUser('old');
    const before = await everythingAbout(harness, subject);

    const rolledBack = harness.transaction(async (transaction) => {
      await write(harness.store(), subject, transaction);
      throw ROLLBACK;
    });

    await expectRollback(rolledBack);
    assert.deepEqual(await everythingAbout(harness, subject), before, 'the write was not undone');
  };
}

function commits(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const subject = await harness.createUser('old');
    const before = await everythingAbout(harness, subject);

    const { version } = await harness.transaction(async (transaction) => {
      const change = await write(harness.store(), subject, transaction);
      const during = await everythingAbout(harness, subject);
      assert.deepEqual(during, before, 'the write was visible before the commit');
      return change;
    });

    const after = await everythingAbout(harness, subject);
    assert.notDeepEqual(after, before, 'the commit lost the write');
    const versions = [after.state.tokenVersion, after.everyone.version];
    assert.ok(versions.includes(version), `no reading has the version ${version} of the answer`);
  };
}

async function everythingAbout(harness: TokenStateStoreHarness, subject: string) {
  const { state } = await recordOf(harness, subject);
  const everyone = await everyoneWith(harness, subject);
  return { state: { ...state }, hash: await harness.readHash(subject), everyone };
}
