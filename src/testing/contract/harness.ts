import assert from 'node:assert/strict';
import type { EveryoneState } from '../../rule/token-state.js';
import type {
  StateChange,
  StateQuery,
  StateReading,
  StateRecord,
  TokenStateStore,
  WriteOutcome,
} from '../../state/token-state.store.js';

/** As much of a test runner as the contract needs: vitest, jest, mocha and `node:test` all have it. */
export interface ContractRunner {
  /** Groups the tests that `body` defines. */
  describe(name: string, body: () => void): unknown;
  /** Defines a test, which fails when `body` rejects. */
  it(name: string, body: () => Promise<void>): unknown;
}

/**
 * The store under test, and what the contract has to do to the database without the store.
 *
 * @typeParam User - the application's user record
 * @typeParam Transaction - what the store's writes join
 */
export interface TokenStateStoreHarness<User = unknown, Transaction = unknown> {
  /** The store under test. Called in each case; it may return the same store each time. */
  store(): TokenStateStore<User, Transaction>;
  /** The store's clock, which is the database's, to the millisecond. It must run. */
  clock(): Promise<Date>;
  /** Creates a user with this stored hash and resolves to the subject. No earlier user had the same id. */
  createUser(passwordHash: string): Promise<string>;
  /** Creates another user with the id of a deleted one. Leave it out where an id is never used twice. */
  recreateUser?(subject: string, passwordHash: string): Promise<void>;
  /** The record as the application loads it to check a password. */
  loadUser(subject: string): Promise<User>;
  /** Removes the user's row. */
  deleteUser(subject: string): Promise<void>;
  /** Marks the row as deleted, in the way that the store knows. Leave it out where there is no such thing. */
  softDeleteUser?(subject: string): Promise<void>;
  /** The stored hash. */
  readHash(subject: string): Promise<string>;
  /** Stores another hash without the store, as another writer would. */
  writeHash(subject: string, passwordHash: string): Promise<void>;
  /** Sets both of the user's cutoffs, past every trigger: as a clock that ran ahead would have left them. */
  writeCutoffs(subject: string, instant: Date): Promise<void>;
  /** Sets the cutoff of everyone in the same way, forward or back, and leaves the version of everyone as it is. */
  writeEveryoneCutoff(instant: Date): Promise<void>;
  /**
   * Lets time pass for one session: moves all of its instants back, past every trigger. Leave it out where the store keeps
   * no sessions.
   */
  ageSession?(sessionId: string, seconds: number): Promise<void>;
  /** Commits when `work` resolves, and rolls back when it rejects. Two may be open at once. */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /**
   * Runs `work` in a savepoint of an open transaction, and rolls back to the savepoint when it rejects. `work` gets what
   * the store's writes join there. Leave it out where there are no savepoints.
   */
  savepoint?<Result>(
    transaction: Transaction,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result>;
}

/** What a store must do: the checks, each under a sentence that says it. */
export type ContractCases = Readonly<
  Record<string, (harness: TokenStateStoreHarness) => Promise<void>>
>;

/** Far above what any case needs: this contract does not check whether a store answers in time. */
const TIMEOUT_MS = 10_000;

export function readAll(
  harness: TokenStateStoreHarness,
  asked: readonly (string | StateQuery)[],
): Promise<StateReading<unknown>> {
  const queries = asked.map((each) => (typeof each === 'string' ? { subject: each } : each));
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
  assert.ok(record, 'the store did not find a user who is there');
  return record;
}

/** The state of everyone, as a read of this user gives it. */
export async function everyoneWith(
  harness: TokenStateStoreHarness,
  subject: string,
): Promise<EveryoneState> {
  const { everyone } = await readAll(harness, [subject]);
  return { ...everyone };
}

/** What a write did that must have happened. */
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

/** Below the time limits that test runners have. A busy machine may need longer for as many questions. */
const PATIENCE_MS = 3000;
const QUESTIONS = 1000;

/** Asks until the condition holds: for three seconds, and a thousand times, at least. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const latest = performance.now() + PATIENCE_MS;
  for (let asked = 1; !(await holds()); asked += 1) {
    const isPatient = asked < QUESTIONS || performance.now() < latest;
    assert.ok(isPatient, 'what was waited for did not happen');
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

export function assertBetween(instant: Date, earliest: Date, latest: Date): void {
  assert.ok(
    instant >= earliest && instant <= latest,
    `${instant.toISOString()} is not from ${earliest.toISOString()} to ${latest.toISOString()}`,
  );
}

/** The state of everyone, with a cutoff that the next invalidation can move. */
export async function settledEveryone(
  harness: TokenStateStoreHarness,
  subject: string,
): Promise<EveryoneState> {
  // An earlier run of this contract that was interrupted may have left it ahead.
  await until(async () => {
    const { loggedOutAt } = await everyoneWith(harness, subject);
    return loggedOutAt === null || loggedOutAt <= (await harness.clock());
  });
  const everyone = await everyoneWith(harness, subject);
  const { version } = everyone;
  assert.ok(
    Number.isSafeInteger(version) && version >= 0,
    `the version of everyone is ${String(version)}, not a whole number from 0 up`,
  );
  return everyone;
}
