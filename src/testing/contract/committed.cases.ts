import assert from 'node:assert/strict';
import type { StateChange } from '../../state/token-state.store.js';
import type { ContractCases, TokenStateStoreHarness } from './harness.js';
import { expectRollback, invalidation, ROLLBACK, type Write, WRITES } from './writes.js';

export const committedCases: ContractCases = forEachWrite((name, write) => [
  [`offers no committed() for ${name} without a transaction`, hasNone(write)],
  [`says that ${name} was committed`, saysCommitted(write)],
  [`says that ${name} was rolled back`, saysRolledBack(write)],
  [`says nothing about ${name} while its transaction is open`, waitsForTheEnd(write)],
]);

export const savepointCases: ContractCases = forEachWrite((name, write) => [
  [
    `says that ${name} was undone by a rollback to a savepoint, and the rest was committed`,
    saysUndone(write),
  ],
  [`says that ${name} in a savepoint was committed`, saysCommittedInSavepoint(write)],
]);

type Case = readonly [name: string, check: (harness: TokenStateStoreHarness) => Promise<void>];

function forEachWrite(casesOf: (name: string, write: Write) => Case[]): ContractCases {
  return Object.fromEntries(
    Object.entries(WRITES).flatMap(([name, write]) => casesOf(name, write)),
  );
}

function hasNone(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const change = await write(harness.store(), await harness.createUser('old'));
    assert.equal(change.committed, undefined, 'committed() is there, although no transaction was');
  };
}

function saysCommitted(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const subject = await harness.createUser('old');
    const asked = await harness.transaction(async (transaction) =>
      ask(await write(harness.store(), subject, transaction)),
    );
    await expectAnswer(asked, true);
  };
}

function saysRolledBack(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const subject = await harness.createUser('old');
    let asked: Asked | undefined;

    const rolledBack = harness.transaction(async (transaction) => {
      asked = ask(await write(harness.store(), subject, transaction));
      throw ROLLBACK;
    });

    await expectRollback(rolledBack);
    await expectAnswer(asked!, false);
  };
}

function waitsForTheEnd(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const [subject, other] = [await harness.createUser('old'), await harness.createUser('old')];

    const asked = await harness.transaction(async (transaction) => {
      const first = ask(await write(harness.store(), subject, transaction));
      // By the time that a later transaction has its answer, an early answer to this one would be here too.
      const second = await harness.transaction(async (later) =>
        ask(await invalidation(harness.store(), other, later)),
      );
      await expectAnswer(second, true);
      assert.ok(!first.isSettled(), 'committed() settled before the transaction had ended');
      return first;
    });

    await expectAnswer(asked, true);
  };
}

function saysUndone(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const [subject, other] = [await harness.createUser('old'), await harness.createUser('old')];

    const [undone, kept] = await harness.transaction(async (transaction) => {
      let inSavepoint: Asked | undefined;
      const toSavepoint = harness.savepoint!(transaction, async (nested) => {
        inSavepoint = ask(await write(harness.store(), subject, nested));
        throw ROLLBACK;
      });
      await expectRollback(toSavepoint);
      const rest = ask(await invalidation(harness.store(), other, transaction));
      return [inSavepoint!, rest];
    });

    await expectAnswer(undone, false);
    await expectAnswer(kept, true);
  };
}

function saysCommittedInSavepoint(write: Write) {
  return async (harness: TokenStateStoreHarness): Promise<void> => {
    const subject = await harness.createUser('old');
    const asked = await harness.transaction((transaction) =>
      harness.savepoint!(transaction, async (nested) =>
        ask(await write(harness.store(), subject, nested)),
      ),
    );
    await expectAnswer(asked, true);
  };
}

/** A write whose `committed()` was called while the transaction was open. */
interface Asked {
  readonly change: StateChange;
  readonly answer: Promise<boolean>;
  isSettled(): boolean;
}

function ask(change: StateChange): Asked {
  assert.ok(change.committed, 'committed() is missing, although the write joined a transaction');
  const answer = change.committed();
  let settled = false;
  const settle = (): void => void (settled = true);
  answer.then(settle, settle);
  return { change, answer, isSettled: () => settled };
}

/** The same answer to the call from inside the transaction and to one after it. */
async function expectAnswer({ change, answer }: Asked, committed: boolean): Promise<void> {
  const expected = committed ? 'the write was committed' : 'the write was undone';
  assert.equal(await answer, committed, `${expected}, and committed() says otherwise`);
  assert.equal(await change.committed!(), committed, `${expected}, and a later committed() denies`);
}
