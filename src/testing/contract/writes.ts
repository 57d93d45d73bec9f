import type { StateChange, TokenStateStore } from '../../state/token-state.store.js';
import { requireChange } from './harness.js';

/** A write that must happen, in the transaction if there is one. */
export type Write = (
  store: TokenStateStore,
  subject: string,
  transaction?: unknown,
) => Promise<StateChange>;

const REPLACEMENT = { currentHash: 'old', newHash: 'new' } as const;

export const invalidation: Write = async (store, subject, transaction) =>
  requireChange(await store.invalidate({ subject }, 'logout', transaction));

/** The four writes of a store, each for a user whose hash is `old`. */
export const WRITES: Readonly<Record<string, Write>> = {
  'an invalidation': invalidation,
  'a change of the password': async (store, subject, transaction) =>
    requireChange(await store.changePassword(subject, REPLACEMENT, transaction)),
  'a re-hash': async (store, subject, transaction) =>
    requireChange(await store.rehashPassword(subject, REPLACEMENT, transaction)),
  'an invalidation of everyone': (store, _subject, transaction) =>
    store.invalidateEveryone(transaction),
};

/** Why the caller of a transaction rolls it back. */
export const ROLLBACK = new Error('the caller rolls back');

/** Awaits a transaction that `ROLLBACK` must end, and passes on any other error. */
export async function expectRollback(transaction: Promise<unknown>): Promise<void> {
  const error: unknown = await transaction.then(
    () => new Error('the transaction resolved, although its work rejected'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error && error.message === ROLLBACK.message)) throw error;
}
