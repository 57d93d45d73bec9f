import assert from 'node:assert/strict';
import type { StateChange, TokenStateStore } from '../state/token-state.store.js';
import {
  clockPasses,
  type ContractCases,
  readAll,
  recordOf,
  requireChange,
  type TokenStateStoreHarness,
} from './harness.js';

const REPLACEMENT = { currentHash: 'old', newHash: 'new' } as const;
const ROLLBACK = new Error('the caller rolls back');

type Write = (
  store: TokenStateStore,
  subject: string,
  transaction: unknown,
) => Promise<StateChange | Date>;

const WRITES: Readonly<Record<string, Write>> = {
  'an invalidation': async (store, subject, transaction) =>
    requireChange(await store.invalidate({ subject }, 'logout', transaction)),
  'a change of the password': async (store, subject, transaction) =>
    requireChange(await store.changePassword(subject, REPLACEMENT, transaction)),
  'a re-hash': async (store, subject, transaction) =>
    requireChange(await store.rehashPassword(subject, REPLACEMENT, transaction)),
  'an invalidation of everyone': (store, _subject, transaction) =>
    store.invalidateEveryone(transaction),
};

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

    await assert.rejects(rolledBack, ROLLBACK);
    assert.deepEqual(await everythingAbout(harness, subject), before);
  };
}

function commits(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const subject = await harness.createUser('old');
    const before = await everythingAbout(harness, subject);
    if (before.everyone !== null) await clockPasses(harness, before.everyone);

    const written = await harness.transaction(async (transaction) => {
      const result = await write(harness.store(), subject, transaction);
      assert.deepEqual(await everythingAbout(harness, subject), before, 'visible too early');
      return result;
    });

    const after = await everythingAbout(harness, subject);
    assert.notDeepEqual(after, before, 'lost');
    if (written instanceof Date) assert.deepEqual(after.everyone, written);
    else assert.equal(after.state.tokenVersion, written.version);
  };
}

async function everythingAbout(harness: TokenStateStoreHarness, subject: string) {
  const { state } = await recordOf(harness, subject);
  const { everyoneLoggedOutAt } = await readAll(harness, [subject]);
  return { state, hash: await harness.readHash(subject), everyone: everyoneLoggedOutAt };
}
