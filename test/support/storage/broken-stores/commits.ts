import type { StateChange, WriteOutcome } from 'nestjs-token-invalidation';
import { InMemoryTransaction } from '../../../../src/testing/in-memory/in-memory-transaction.js';
import type { MakeStore } from '../memory-harness.js';
import { broken } from './broken.js';

type Write = 'invalidate' | 'changePassword' | 'rehashPassword' | 'invalidateEveryone';

/** A store of which one write answers with another `committed`; `transaction` is what the write joined. */
function brokenCommit(
  write: Write,
  change: (
    committed: StateChange['committed'],
    transaction: InMemoryTransaction | undefined,
  ) => StateChange['committed'],
): MakeStore {
  return broken((_store, whole) => ({
    [write]: async (...call: unknown[]) => {
      const method = whole[write] as (...call: unknown[]) => Promise<WriteOutcome>;
      const outcome = await method(...call);
      if (typeof outcome === 'string') return outcome;
      const joined = call.find((argument) => argument instanceof InMemoryTransaction);
      const { committed, ...rest } = outcome;
      const changed = change(committed, joined);
      return changed === undefined ? rest : { ...rest, committed: changed };
    },
  }));
}

function brokenCommits(write: Write): Record<string, MakeStore> {
  const stores: Record<string, MakeStore> = {
    'says that everything was committed': brokenCommit(
      write,
      (committed) => committed && (async () => true),
    ),
    'says that nothing was committed': brokenCommit(
      write,
      (committed) => committed && (async () => false),
    ),
    'has no committed()': brokenCommit(write, () => undefined),
    'has a committed() without a transaction': brokenCommit(
      write,
      (committed = async () => true) => committed,
    ),
    'says of a commit that it was a rollback': brokenCommit(
      write,
      (committed) => committed && (async () => !(await committed())),
    ),
    'rejects when the write was rolled back': brokenCommit(
      write,
      (committed) =>
        committed && (async () => (await committed()) || Promise.reject(new Error('rolled back'))),
    ),
    'guesses before the transaction has ended': brokenCommit(
      write,
      (committed) => committed && (() => Promise.race([committed(), Promise.resolve(true)])),
    ),
    'forgets the answer after the first call': brokenCommit(write, (committed) => {
      let calls = 0;
      return committed && (async () => (await committed()) && (calls += 1) === 1);
    }),
    'takes the commit of the transaction for that of a savepoint': brokenCommit(
      write,
      (_committed, transaction) => transaction && (() => transaction.ended),
    ),
  };
  return Object.fromEntries(
    Object.entries(stores).map(([name, makeStore]) => [`${name} (${write})`, makeStore]),
  );
}

export const COMMITS: Record<string, MakeStore> = {
  ...brokenCommits('invalidate'),
  ...brokenCommits('changePassword'),
  ...brokenCommits('rehashPassword'),
  ...brokenCommits('invalidateEveryone'),
};
