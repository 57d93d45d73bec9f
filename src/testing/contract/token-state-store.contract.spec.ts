import { describe, expect, it } from 'vitest';
import { BROKEN_STORES } from '../../../test/support/storage/broken-stores/index.js';
import {
  ID_KINDS,
  type MakeStore,
  memoryHarness,
} from '../../../test/support/storage/memory-harness.js';
import { InMemoryTokenStateStore } from '../in-memory/in-memory-token-state.store.js';
import type { TokenStateStoreHarness } from './harness.js';
import { tokenStateStoreContract } from './token-state-store.contract.js';

const whole: MakeStore = (clock) => new InMemoryTokenStateStore(clock);

describe.each(Object.entries(ID_KINDS))(
  'InMemoryTokenStateStore with a %s for an id',
  (_, nextId) => {
    tokenStateStoreContract({ describe, it }, memoryHarness(whole, nextId));
  },
);

describe('tokenStateStoreContract', () => {
  it('finds nothing wrong with a whole store', async () => {
    expect(await failuresOf(whole)).toEqual([]);
  });

  it.each(Object.entries(BROKEN_STORES))(
    'fails a store that %s',
    async (_, makeStore) => {
      expect(await failuresOf(makeStore)).not.toEqual([]);
    },
    // What never happens is waited for.
    20_000,
  );

  it('finds nothing wrong when it runs again on the same database', async () => {
    const harness = memoryHarness(whole);
    expect(await failuresOn(harness)).toEqual([]);
    expect(await failuresOn(harness)).toEqual([]);
  });

  it('says so when a second run uses the database at the same time', async () => {
    const harness = memoryHarness(whole);
    const runs = await Promise.all([failuresOn(harness), failuresOn(harness)]);
    for (const failures of runs) {
      const messages = failures.map(({ error }) => (error as Error).message).join('\n');
      expect(messages).toContain('two runs of the contract need two databases');
    }
  });

  it('finds nothing wrong where a run that was interrupted left the cutoff of everyone ahead', async () => {
    const harness = memoryHarness(whole);
    await harness.writeEveryoneCutoff(new Date('2999-12-31T23:59:59.999Z'));
    expect(await failuresOn(harness)).toEqual([]);
  });

  it('leaves out what the harness says there is not', () => {
    const all = memoryHarness(whole);
    const optional = new Set(['softDeleteUser', 'recreateUser', 'savepoint']);
    const required = Object.entries(all).filter(([name]) => !optional.has(name));
    const fewer = casesOf(Object.fromEntries(required) as never);
    const left = casesOf(all).length - fewer.length;
    // One case for each of the first two, and two for each of the four writes.
    expect(left).toBe(2 + 2 * 4);
  });
});

type Case = readonly [name: string, run: () => Promise<void>];

/** The contract's cases, collected and not run. */
function casesOf(harness: TokenStateStoreHarness): Case[] {
  const cases: Case[] = [];
  tokenStateStoreContract(
    {
      describe: (_name, body) => body(),
      it: (name, body) => cases.push([name, body]),
    },
    harness,
  );
  return cases;
}

interface Failure {
  readonly name: string;
  readonly error: unknown;
}

/** The cases that a store does not pass. */
async function failuresOn(harness: TokenStateStoreHarness): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const [name, run] of casesOf(harness)) {
    await run().catch((error: unknown) => failures.push({ name, error }));
  }
  return failures;
}

/** The cases that a store does not pass with ids of the first kind that shows what is wrong with it. */
async function failuresOf(makeStore: MakeStore): Promise<Failure[]> {
  for (const nextId of Object.values(ID_KINDS)) {
    const failures = await failuresOn(memoryHarness(makeStore, nextId));
    if (failures.length > 0) return failures;
  }
  return [];
}
