import { expect, it } from 'vitest';
import { storeProblems } from './store-problems.js';
import { TokenStateUnavailableError } from './token-state-unavailable.error.js';
import type { TokenStateStore } from './token-state.store.js';

/** A store whose check of the set-up fails. */
function failing(error: unknown): TokenStateStore {
  const checkSetup = async () => {
    throw error;
  };
  return { checkSetup } as unknown as TokenStateStore;
}

it.each([
  [new Error('connect ECONNREFUSED 10.0.0.1:5432'), 'connect ECONNREFUSED 10.0.0.1:5432'],
  [
    new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]),
    'refused ::1, refused 127.0.0.1',
  ],
  [new Error('no host in postgres://ada:pass@word@db/app'), 'no host in postgres://db/app'],
  ['closed', 'closed'],
])(
  'a database that does not answer is a problem, with what the driver said: %s',
  async (cause, reason) => {
    expect(await storeProblems(failing(new TokenStateUnavailableError(cause)), {})).toEqual([
      `database: it cannot be reached: ${reason}: check the connection of the store, and that the server is up.`,
    ]);
  },
);

it('any other error stays what it is', async () => {
  const error = new Error('a bug');
  await expect(storeProblems(failing(error), {})).rejects.toBe(error);
});

it('without a store there is nothing to find', async () => {
  expect(await storeProblems(undefined, {})).toEqual([]);
});
