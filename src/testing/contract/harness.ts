import assert from 'node:assert/strict';
import type {
  StateChange,
  StateReading,
  StateRecord,
  TokenStateStore,
  WriteOutcome,
} from '../state/token-state.store.js';

/** As much of a test runner as the contract needs: vitest, jest, mocha and `node:test` all have it. */
export interface ContractRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/**
 * The store under test, and what the contract has to do to the database that is no business of the store.
 *
 * @typeParam User - the application's user record
 * @typeParam Transaction - what the store's writes join
 */
export interface TokenStateStoreHarness<User = unknown, Transaction = unknown> {
  /** The store under test. Asked in each case, and may be the same one each time. */
  store(): TokenStateStore<User, Transaction>;
  /** The store's clock, which is the database's, in milliseconds. It must run. */
  clock(): Promise<Date>;
  /** Makes a user with this stored hash; resolves to the subject. No user before it had the same id. */
  createUser(passwordHash: string): Promise<string>;
  /** Makes another user with the id of a deleted one. Leave it out where no id is ever given twice. */
  recreateUser?(subject: string, passwordHash: string): Promise<void>;
  /** The record as the application loads it to check a password. */
  loadUser(subject: string): Promise<User>;
  /** Removes the user's row. */
  deleteUser(subject: string): Promise<void>;
  /** Marks the row as deleted, in a way that the store knows of. Leave it out where there is no such thing. */
  softDeleteUser?(subject: string): Promise<void>;
  /** The stored hash. */
  readHash(subject: string): Promise<string>;
  /** Stores another hash past the store, as another writer would. */
  writeHash(subject: string, passwordHash: string): Promise<void>;
  /** Sets both of the user's cutoffs past every trigger, as a clock that ran ahead would have left them. */
  writeCutoffs(subject: string, instant: Date): Promise<void>;
  /** The same for the global cutoff. */
  writeGlobalCutoff(instant: Date): Promise<void>;
  /** Commits when `work` resolves, and rolls back when it rejects. */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
}

/** What a store must do, each under a sentence that says it. */
export type ContractCases = Readonly<
  Record<string, (harness: TokenStateStoreHarness) => Promise<void>>
>;

/** Far above what any case needs: that a store answers in time is not this contract's subject. */
const TIMEOUT_MS = 10_000;

export function readAll(
  harness: TokenStateStoreHarness,
  subjects: readonly string[],
): Promise<StateReading<unknown>> {
  const queries = subjects.map((subject) => ({ subject }));
  return harness.store().read(queries, { timeoutMs: TIMEOUT_MS });
}

/** The record of a user who must be there. */
export async function recordOf(
  harness: TokenStateStoreHarness,
  subject: string,
): Promise<StateRecord<unknown>> {
  const { records } = await readAll(harness, [subject]);
  return requireRecord(records[0]);
}

export function requireRecord(
  record: StateRecord<unknown> | Error | undefined,
): StateRecord<unknown> {
  if (record instanceof Error) throw record;
  assert.ok(record, 'the user is there and was not found');
  return record;
}

/** What a write that must have happened did. */
export function requireChange(outcome: WriteOutcome): StateChange {
  if (typeof outcome === 'string') assert.fail(`the write did not happen: ${outcome}`);
  return outcome;
}

/** A subject that has the form of an id, and no user. */
export async function unknownSubject(harness: TokenStateStoreHarness): Promise<string> {
  const subject = await harness.createUser('hash');
  await harness.deleteUser(subject);
  return subject;
}

export function inOneHour(instant: Date): Date {
  return new Date(instant.getTime() + 3_600_000);
}

/** Until the clock shows a later millisecond. */
export async function clockPasses(harness: TokenStateStoreHarness, instant: Date): Promise<void> {
  while ((await harness.clock()) <= instant);
}
