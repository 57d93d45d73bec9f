import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers';
import { Logger } from '@nestjs/common';
import type { SessionState } from '../rule/session-state.js';
import type { EveryoneState, TokenState } from '../rule/token-state.js';
import { StateReader, type StrictRecord } from './state-reader.js';
import {
  CONCURRENT_READS,
  type StateQuery,
  type StateReading,
  type StateRecord,
  type TokenStateStore,
} from './token-state.store.js';
import { TokenStateUnavailableError } from './token-state-unavailable.error.js';

/** The part of the time limit after which a read counts as late. */
const LATE = 0.25;

interface Waiter<User> {
  readonly query: StateQuery;
  readonly resolve: (record: StrictRecord<User> | undefined) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** A read of the store that is in progress. */
interface Read {
  readonly size: number;
  isLate: boolean;
}

/**
 * Strict reads, many requests to a query: the requests of one turn of the event loop share a read, and so do those that
 * arrive while reads are in progress. Every read begins after its request arrived.
 *
 * A second read starts alongside the first only if it serves at least as many requests, or if the first is late.
 */
export class StrictReader<User> extends StateReader<User> {
  private readonly logger = new Logger('TokenInvalidation');
  private gathering: Waiter<User>[] = [];
  private readonly inProgress = new Set<Read>();
  private beginsThisTurn = false;
  private available = true;
  private complained = false;

  constructor(
    private readonly store: TokenStateStore<User>,
    private readonly timeoutMs: number,
  ) {
    super();
  }

  read(query: StateQuery): Promise<StrictRecord<User> | undefined> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.timedOut()), this.timeoutMs);
      this.gathering.push({ query: this.inItsContext(query), resolve, reject, timer });
      this.beginAtEndOfTurn();
    });
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
      if (this.gathering.length > 0 && this.mayBegin()) this.begin();
    });
  }

  private mayBegin(): boolean {
    if (this.inProgress.size === 0) return true;
    if (this.inProgress.size === CONCURRENT_READS) return false;
    const [read] = this.inProgress;
    return read!.isLate || this.gathering.length >= read!.size;
  }

  private begin(): void {
    const waiters = this.gathering;
    this.gathering = [];
    const read: Read = { size: waiters.length, isLate: false };
    this.inProgress.add(read);
    // A read that hangs frees its place after the time limit; nobody waits for its answer any more.
    const freePlace = () => {
      clearTimeout(timer);
      if (this.inProgress.delete(read) && this.gathering.length > 0) this.beginAtEndOfTurn();
    };
    let timer = setTimeout(() => {
      read.isLate = true;
      this.beginAtEndOfTurn();
      timer = setTimeout(freePlace, (1 - LATE) * this.timeoutMs);
    }, LATE * this.timeoutMs);
    void this.answer(waiters, () => this.inProgress.has(read)).finally(freePlace);
  }

  private async answer(waiters: readonly Waiter<User>[], inTime: () => boolean): Promise<void> {
    try {
      const reading = await this.readAll(waiters.map((waiter) => waiter.query));
      if (inTime()) this.noteRecovery();
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
    if (!this.available) this.logger.log('The token state can be read again');
    this.available = true;
  }
}

/** Whether the record says what became of the session and of the token that the query names. */
function isAnswer({ session, tokenRevoked }: StateRecord<unknown>, query: StateQuery): boolean {
  return (
    (query.sessionId === undefined || session !== undefined) &&
    (query.tokenId === undefined || typeof tokenRevoked === 'boolean')
  );
}

/** One shape for all records, whatever the store's are: this runs for each request. */
class ReadRecord<User> implements StrictRecord<User> {
  readonly user: User;
  readonly state: TokenState;
  readonly active: boolean;
  readonly session: SessionState | null | undefined;
  readonly tokenRevoked: boolean | undefined;

  constructor(
    { user, state, active, session, tokenRevoked }: StateRecord<User>,
    readonly everyone: EveryoneState,
  ) {
    this.user = user;
    this.state = state;
    this.active = active;
    this.session = session;
    this.tokenRevoked = tokenRevoked;
  }
}
