import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers';
import { Logger } from '@nestjs/common';
import { isAnswer, ReadRecord } from './read-record.js';
import { StateReader, type StrictRecord } from './state-reader.js';
import {
  CONCURRENT_READS,
  type StateQuery,
  type StateReading,
  type TokenStateStore,
} from './token-state.store.js';
import { TokenStateUnavailableError } from './token-state-unavailable.error.js';

/** The part of the time limit after which a read counts as late. */
const LATE = 0.25;

/**
 * From this many requests on, each of two reads serves half of them. The database works on both at the same time, and
 * the application answers one half while the other is read. For a few, a second statement costs more than that saves.
 */
const WORTH_HALVING = 48;

interface Waiter<User> {
  readonly query: StateQuery;
  readonly resolve: (record: StrictRecord<User> | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** The requests of one turn of the event loop. They share the time limit, because each timer costs something. */
interface Arrivals<User> {
  readonly waiters: Waiter<User>[];
  readonly timer: NodeJS.Timeout;
}

/** A read of the store that is in progress. */
interface Read<User> {
  readonly waiters: readonly Waiter<User>[];
  /** By `performance.now()`. */
  readonly begun: number;
}

/**
 * Strict reads, many requests to a query: the requests of one turn of the event loop share a read, and so do those that
 * arrive while reads are in progress. Every read begins after its request arrived.
 *
 * Many requests are halved between two reads. Otherwise, a second read starts alongside the first only if it serves at
 * least as many requests, or if the first is late.
 */
export class StrictReader<User> extends StateReader<User> {
  private readonly logger = new Logger('TokenInvalidation');
  private gathering: Arrivals<User>[] = [];
  /** Those of this turn, the last that gather. */
  private arriving: Arrivals<User> | undefined;
  private readonly inProgress = new Set<Read<User>>();
  private beginsThisTurn = false;
  private available = true;
  private complained = false;
  /** Set while requests wait for a place: most reads are answered before anybody does. */
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: TokenStateStore<User>,
    private readonly timeoutMs: number,
  ) {
    super();
  }

  read(query: StateQuery): Promise<StrictRecord<User> | undefined> {
    return new Promise((resolve, reject) => {
      this.arriving ??= this.expectArrivals();
      this.arriving.waiters.push({ query: this.inItsContext(query), resolve, reject });
      this.beginAtEndOfTurn();
    });
  }

  private expectArrivals(): Arrivals<User> {
    const waiters: Waiter<User>[] = [];
    const timer = setTimeout(() => rejectAll(waiters, this.timedOut()), this.timeoutMs);
    const arrivals = { waiters, timer };
    this.gathering.push(arrivals);
    return arrivals;
  }

  /** Taking the context along costs something, so a store asks for it. */
  private inItsContext(query: StateQuery): StateQuery {
    if (!this.store.needsContext()) return query;
    return { ...query, inContext: AsyncLocalStorage.snapshot() };
  }

  private beginAtEndOfTurn(): void {
    if (this.beginsThisTurn) return;
    this.beginsThisTurn = true;
    // Imported, because fake timers replace the global one: an application's tests would wait for ever.
    setImmediate(() => {
      this.beginsThisTurn = false;
      this.arriving = undefined;
      this.beginOrWait();
    });
  }

  private beginOrWait(): void {
    const wait = this.untilPlace();
    if (wait <= 0) void this.begin();
    else this.timer ??= setTimeout(() => this.lookAgain(), Math.ceil(wait));
  }

  /** How long until a place becomes free even without an answer, in milliseconds; 0 or less: one is free. */
  private untilPlace(): number {
    // A read that hangs frees its place after the time limit; nobody waits for its answer any more.
    for (const read of this.inProgress) if (this.isOver(read)) this.inProgress.delete(read);
    const [first] = this.inProgress;
    if (first === undefined) return 0;
    const isFull = this.inProgress.size === CONCURRENT_READS;
    const gathered = this.gathering.reduce((sum, { waiters }) => sum + waiters.length, 0);
    if (!isFull && gathered >= first.waiters.length) return 0;
    return first.begun + (isFull ? 1 : LATE) * this.timeoutMs - performance.now();
  }

  private isOver({ begun }: Read<User>): boolean {
    return performance.now() - begun >= this.timeoutMs;
  }

  private lookAgain(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.beginAtEndOfTurn();
  }

  private async begin(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const arrivals = this.gathering;
    this.gathering = [];
    const waiters: Waiter<User>[] = [];
    for (const each of arrivals) for (const waiter of each.waiters) waiters.push(waiter);
    const serving = this.shares(waiters).map((share) => this.serve(share));
    for (const share of serving) await share;
    for (const { timer } of arrivals) clearTimeout(timer);
  }

  /** The requests of each read that begins now. */
  private shares(waiters: readonly Waiter<User>[]): (readonly Waiter<User>[])[] {
    if (this.inProgress.size > 0 || waiters.length < WORTH_HALVING) return [waiters];
    const half = Math.ceil(waiters.length / 2);
    return [waiters.slice(0, half), waiters.slice(half)];
  }

  private async serve(waiters: readonly Waiter<User>[]): Promise<void> {
    const read = { waiters, begun: performance.now() };
    this.inProgress.add(read);
    await this.answer(read);
    if (this.inProgress.delete(read) && this.gathering.length > 0) this.lookAgain();
  }

  private async answer(read: Read<User>): Promise<void> {
    const { waiters } = read;
    try {
      const queries = waiters.map((waiter) => waiter.query);
      const reading = await this.store.read(queries, { timeoutMs: this.timeoutMs });
      checkCount(reading, queries.length);
      if (!this.available && !this.isOver(read)) this.noteRecovery();
      for (const [index, waiter] of waiters.entries()) {
        const record = reading.records[index];
        if (record instanceof Error) waiter.reject(record);
        else if (record === undefined) waiter.resolve(record);
        else if (isAnswer(record, waiter.query)) {
          waiter.resolve(new ReadRecord(record, reading.everyone));
        } else waiter.reject(this.silent());
      }
    } catch (error) {
      this.noteOutage(error);
      rejectAll(waiters, new TokenStateUnavailableError(error));
    }
  }

  private timedOut(): TokenStateUnavailableError {
    const cause = new Error(`The token state was not read within ${this.timeoutMs} ms`);
    this.noteOutage(cause);
    return new TokenStateUnavailableError(cause);
  }

  /** A store that knows nothing of sessions must not make them look alive. One line, not one a request. */
  private silent(): TokenStateUnavailableError {
    const cause = new Error(
      "The store's record does not answer sessionId or tokenId of the query: see StateRecord.",
    );
    if (!this.complained)
      this.logger.error('Tokens of sessions cannot be checked; they get 503', cause);
    this.complained = true;
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
    this.logger.log('The token state can be read again');
    this.available = true;
  }
}

function checkCount({ records }: StateReading<unknown>, asked: number): void {
  if (records.length === asked) return;
  throw new Error(`The store answered ${asked} queries with ${records.length} records.`);
}

function rejectAll(waiters: readonly Pick<Waiter<never>, 'reject'>[], error: Error): void {
  for (const waiter of waiters) waiter.reject(error);
}
