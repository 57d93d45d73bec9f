import { setImmediate } from 'node:timers';
import { Logger } from '@nestjs/common';
import type {
  StateQuery,
  StateReading,
  StateRecord,
  TokenStateStore,
} from './token-state.store.js';
import { TokenStateUnavailableError } from './token-state-unavailable.error.js';

/** How many reads are under way at once. While they are, further requests gather for the next. */
const MAX_READS = 2;

/** The part of the time limit after which a read counts as late. */
const LATE = 0.25;

/** A user's record with the global cutoff of the same read. */
export interface StrictRecord<User> extends StateRecord<User> {
  readonly everyoneLoggedOutAt: Date | null;
}

interface Waiter<User> {
  readonly query: StateQuery;
  readonly resolve: (record: StrictRecord<User> | undefined) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** A read of the store that is under way. */
interface Read {
  readonly size: number;
  isLate: boolean;
}

/**
 * Strict reads, many requests to a query: the requests of one turn of the event loop share a read, and so do those that
 * arrive while reads are under way. Every read begins after its request arrived.
 *
 * A second read begins beside the first when it is for as many requests, so that a few do not take the place of many; or
 * when the first is late, so that one slow read holds nobody up for long.
 */
export class StrictReader<User> {
  private readonly logger = new Logger('TokenInvalidation');
  private gathering: Waiter<User>[] = [];
  private readonly underWay = new Set<Read>();
  private beginsThisTurn = false;
  private available = true;

  constructor(
    private readonly store: TokenStateStore<User>,
    private readonly timeoutMs: number,
  ) {}

  /**
   * The record as it is now; `undefined`: no such user.
   *
   * @throws TokenStateUnavailableError when it could not be read within the time limit
   */
  read(query: StateQuery): Promise<StrictRecord<User> | undefined> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.timedOut()), this.timeoutMs);
      this.gathering.push({ query, resolve, reject, timer });
      this.beginAtEndOfTurn();
    });
  }

  private beginAtEndOfTurn(): void {
    if (this.beginsThisTurn) return;
    this.beginsThisTurn = true;
    // Not the global one, which fake timers replace: an application's tests would wait for ever.
    setImmediate(() => {
      this.beginsThisTurn = false;
      if (this.gathering.length > 0 && this.mayBegin()) this.begin();
    });
  }

  private mayBegin(): boolean {
    if (this.underWay.size === 0) return true;
    if (this.underWay.size === MAX_READS) return false;
    const [read] = this.underWay;
    return read!.isLate || this.gathering.length >= read!.size;
  }

  private begin(): void {
    const waiters = this.gathering;
    this.gathering = [];
    const read: Read = { size: waiters.length, isLate: false };
    this.underWay.add(read);
    const late = setTimeout(() => {
      read.isLate = true;
      this.beginAtEndOfTurn();
    }, LATE * this.timeoutMs);
    // A read that hangs gives its place back after the time limit; what it still answers finds everyone gone.
    const giveBack = () => {
      clearTimeout(late);
      clearTimeout(limit);
      if (this.underWay.delete(read)) this.beginAtEndOfTurn();
    };
    const limit = setTimeout(giveBack, this.timeoutMs);
    void this.answer(waiters, () => this.underWay.has(read)).finally(giveBack);
  }

  private async answer(waiters: readonly Waiter<User>[], inTime: () => boolean): Promise<void> {
    try {
      const reading = await this.readAll(waiters.map((waiter) => waiter.query));
      if (inTime()) this.noteRecovery();
      for (const [index, waiter] of waiters.entries()) {
        const record = reading.records[index];
        if (record instanceof Error) waiter.reject(record);
        else waiter.resolve(record && strictRecord(record, reading.everyoneLoggedOutAt));
      }
    } catch (error) {
      this.noteOutage(error);
      const unavailable = new TokenStateUnavailableError(error);
      for (const waiter of waiters) waiter.reject(unavailable);
    } finally {
      for (const waiter of waiters) clearTimeout(waiter.timer);
    }
  }

  private async readAll(queries: readonly StateQuery[]): Promise<StateReading<User>> {
    const reading = await this.store.read(queries, { timeoutMs: this.timeoutMs });
    if (reading.records.length === queries.length) return reading;
    throw new Error(
      `The store answered ${queries.length} queries with ${reading.records.length} records.`,
    );
  }

  private timedOut(): TokenStateUnavailableError {
    const cause = new Error(`The token state was not read within ${this.timeoutMs} ms`);
    this.noteOutage(cause);
    return new TokenStateUnavailableError(cause);
  }

  /** One line an outage, not one a request. */
  private noteOutage(cause: unknown): void {
    if (this.available) {
      this.logger.error('The token state cannot be read; requests with a token get 503', cause);
    }
    this.available = false;
  }

  private noteRecovery(): void {
    if (!this.available) this.logger.log('The token state can be read again');
    this.available = true;
  }
}

function strictRecord<User>(
  { user, state, active }: StateRecord<User>,
  everyoneLoggedOutAt: Date | null,
): StrictRecord<User> {
  return { user, state, active, everyoneLoggedOutAt };
}
