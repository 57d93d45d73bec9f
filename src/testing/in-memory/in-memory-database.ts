import type {
  StateChange,
  StateQuery,
  StateReading,
  WriteOutcome,
} from '../../state/token-state.store.js';
import { isFarAhead } from '../../state/far-ahead.js';
import type { Clock } from '../../tokens/clock.js';
import { readRows } from './in-memory-copies.js';
import {
  type InMemoryRows,
  type InMemoryUser,
  invalidateAll,
  raise,
  type UserWrite,
  type WritableUser,
} from './in-memory-rows.js';
import { InMemoryTransaction, noOpenTransaction, type Operation } from './in-memory-transaction.js';

/** Where an `InMemoryTokenStateStore` keeps its rows. */
export class InMemoryDatabase<User extends InMemoryUser> {
  /**
   * The stored rows themselves, not a copy: a test may change them behind the store's back. A commit replaces them, so
   * read the property again after each one.
   */
  rows: InMemoryRows<User> = {
    users: new Map(),
    everyone: { version: 0, loggedOutAt: null },
    sessions: new Map(),
    revokedTokens: new Map(),
    firstVersion: 0,
  };

  /** @param clock - the time of every write */
  constructor(private readonly clock: Clock) {}

  /** Runs `write` on the user's row, in the transaction if there is one. */
  write(subject: string, write: UserWrite, transaction?: InMemoryTransaction): WriteOutcome {
    return this.run<WriteOutcome>(({ users }, now) => {
      const user = users.get(subject);
      return user === undefined ? 'unknown' : write(user, now);
    }, transaction);
  }

  /** Invalidates everyone, in the transaction if there is one. */
  writeEveryone(transaction?: InMemoryTransaction): StateChange {
    return this.run(({ everyone }, now) => invalidateAll(everyone, now), transaction);
  }

  /** Answers checks, and then repairs what they found. */
  read(queries: readonly StateQuery[]): StateReading<User> {
    const reading = readRows(this.rows, queries, this.now());
    for (const { subject } of queries) this.repair(subject);
    return reading;
  }

  /** Returns cutoffs to the clock that lie far ahead of it: the user's, and that of everyone. */
  repair(subject: string): void {
    const { users, everyone } = this.rows;
    const now = this.clock.now();
    const user = users.get(subject) as WritableUser | undefined;
    if (user && (isFarAhead(user.passwordChangedAt, now) || isFarAhead(user.logoutAllAt, now))) {
      raise(user, new Date(now));
    }
    if (isFarAhead(everyone.loggedOutAt, now)) invalidateAll(everyone, new Date(now));
  }

  /** Commits when `work` resolves, and rolls back when it rejects or when the writes cannot be repeated. */
  async transaction<Result>(
    work: (transaction: InMemoryTransaction) => Promise<Result>,
  ): Promise<Result> {
    const transaction = new InMemoryTransaction(structuredClone(this.rows));
    try {
      const result = await work(transaction);
      const rows = structuredClone(this.rows);
      transaction.replayOn(rows);
      this.rows = rows;
      transaction.end(true);
      return result;
    } catch (error) {
      transaction.end(false);
      throw error;
    }
  }

  /** Runs any operation at the time of the database, in the transaction if there is one. */
  run<Outcome>(
    operation: (rows: InMemoryRows<WritableUser>, now: Date) => Outcome,
    transaction?: InMemoryTransaction,
  ): Outcome {
    const now = this.now();
    // The caller may change the date that it gets, and the row must stay as it is.
    const copied: Operation<Outcome> = (rows) => structuredClone(operation(rows, now));
    if (transaction === undefined) return copied(this.rows);
    if (!(transaction instanceof InMemoryTransaction)) throw noOpenTransaction();
    return transaction.write(copied);
  }

  /** The time of the database. */
  now(): Date {
    return new Date(this.clock.now());
  }
}
