// Not the global ones, which an application's fake timers replace.
import { clearTimeout, setTimeout } from 'node:timers';
import { CONCURRENT_READS } from '../state/token-state.store.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import type { Connection } from './connection.js';
import { requireWritable } from './writable.js';
import { OwnPool } from './own-pool.js';
import {
  CLOSED_IDLE,
  codeOf,
  isFaultOfPreparing,
  isFaultOfStatement,
  isOfConnection,
  isRolledBack,
  isTimeout,
  PLAN_OUTDATED,
  READ_ONLY,
  withoutValues,
} from './pg-error.js';
import type { PgClient, PgPool, Statement } from './pg-pool.js';
import { isOver, leftOf, limitOf, type TimeLimit } from './time-limit.js';

/** While fewer writes than this wait for rows that others have locked, no other write waits for them. */
const CONCURRENT_WRITES = 4;

/** Short, so that a write seldom meets a connection that was closed or forgotten meanwhile: it cannot be repeated. */
const WRITES_IDLE_MS = 1000;

/** The part of the time limit after which a connection that had been idle counts as forgotten. */
const SUSPICIOUS = 0.25;

/**
 * The primary database, by connections with the settings of the application's pool that the application never uses. So
 * an application that has used up its pool locks nobody out, and no write lands in a transaction that somebody forgot.
 */
export class Primary {
  private readonly reads: OwnPool;
  private readonly writes: OwnPool;
  private preparing = true;

  /** @param applicationPool - asked each time: a data source that was closed and opened again has another pool */
  constructor(applicationPool: () => PgPool) {
    // Kept open: otherwise a server without a connection to spare would lock everybody out.
    this.reads = new OwnPool(applicationPool, { max: CONCURRENT_READS, idleTimeoutMillis: 0 });
    this.writes = new OwnPool(applicationPool, {
      max: CONCURRENT_WRITES,
      idleTimeoutMillis: WRITES_IDLE_MS,
    });
  }

  /**
   * Rows come as arrays of values, of which the first is one of `ifWritable()`. A statement with a name is parsed
   * and planned once for each connection, and not for each read.
   *
   * What fails on a connection that was used before is tried once more on another, within the time limit, and so is what
   * the server rolled back: under a stricter isolation than READ COMMITTED, that happens to reads, too.
   */
  read(statement: Statement, timeoutMs: number): Promise<unknown[][]> {
    return this.readWithin(limitOf(timeoutMs), statement);
  }

  /**
   * The same, and what else `load` reads by the connection that answered, which is given back after it. Any other may
   * lead to another server. What fails in `load` is not tried again.
   */
  async readWith<Result>(
    statement: Statement,
    timeoutMs: number,
    load: (rows: unknown[][], client: PgClient) => Promise<Result>,
  ): Promise<Result> {
    const limit = limitOf(timeoutMs);
    let connection!: Connection;
    const keep = (answered: Connection) => {
      connection = answered;
    };
    const rows = await this.readWithin(limit, statement, keep);
    let isGivenUp = false;
    const timer = setTimeout(() => {
      isGivenUp = true;
      void giveUp(connection, limit);
    }, leftOf(limit));
    try {
      return await load(rows, connection.client);
    } finally {
      clearTimeout(timer);
      if (!isGivenUp) connection.giveBack();
    }
  }

  private async readWithin(
    { limitMs, deadline }: TimeLimit,
    statement: Statement,
    keep?: Patience['keep'],
  ): Promise<unknown[][]> {
    const from: Pools = [this.reads, this.writes];
    // Each property by its name: to copy an object takes longer than all else here.
    const limit = { limitMs, deadline, patienceMs: limitMs, from, keep, check: requireWritable };
    const connection = await acquire(from, limit);
    const { isUsed, wasIdle } = connection;
    if (wasIdle) limit.patienceMs *= SUSPICIOUS;
    try {
      return await this.askPrepared(connection, statement, limit);
    } catch (error) {
      const mayWork = isRolledBack(error) || (isUsed && isOfConnection(error));
      if (!mayWork || isOver(limit)) throw error;
    }
    limit.patienceMs = limitMs;
    return this.askPrepared(await acquire(from, limit), statement, limit);
  }

  /**
   * Runs any other statement, outside of any transaction. Repeats it when the server says that it did nothing: under a
   * stricter isolation than READ COMMITTED, two writes at once fail one of them.
   */
  async run(statement: Statement, timeoutMs: number): Promise<unknown[][]> {
    const limit = limitOf(timeoutMs);
    const from: Pools = [this.writes, this.reads];
    try {
      for (;;) {
        const connection = await acquire(from, limit);
        const { isUsed } = connection;
        try {
          return await this.askPrepared(connection, statement, { ...limit, from });
        } catch (error) {
          const wasOld = isUsed && [READ_ONLY, CLOSED_IDLE].includes(codeOf(error));
          if (isOver(limit) || !(wasOld || isRolledBack(error))) throw error;
        }
      }
    } catch (error) {
      const harmless = withoutValues(error);
      throw isFaultOfStatement(error) ? harmless : new TokenStateUnavailableError(harmless);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.reads.close(), this.writes.close()]);
  }

  /** As `ask`, and once more without its name where that is what fails: the server has done nothing then. */
  private async askPrepared(
    connection: Connection,
    statement: Statement,
    limit: Patience & { readonly from: Pools },
  ): Promise<unknown[][]> {
    if (!this.preparing) return this.ask(connection, unprepared(statement), limit);
    try {
      return await this.ask(connection, statement, limit);
    } catch (error) {
      if (!isFaultOfPreparing(error)) throw error;
      // A column's new type makes the plan useless, once. A pooler that hands out its connections by the transaction
      // and knows nothing of prepared statements would fail again and again.
      this.preparing = codeOf(error) === PLAN_OUTDATED;
      const other = await acquire(limit.from, limit);
      return this.ask(other, unprepared(statement), limit);
    }
  }

  /** The connection is given back, or closed when it failed. */
  private async ask(
    connection: Connection,
    statement: Statement,
    limit: Patience,
  ): Promise<unknown[][]> {
    const leftMs = leftOf(limit);
    try {
      const rows = await connection.query(statement, Math.min(leftMs, limit.patienceMs ?? leftMs));
      limit.check?.(rows);
      if (limit.keep === undefined) connection.giveBack();
      else limit.keep(connection);
      return rows;
    } catch (error) {
      const leaving = this.leave(connection, error, limit);
      // Nobody waits any more for what has no time left.
      if (!isOver(limit)) await leaving;
      throw error;
    }
  }

  private async leave(
    connection: Connection,
    error: unknown,
    { limitMs }: TimeLimit,
  ): Promise<void> {
    const isWell =
      isRolledBack(error) || (isTimeout(error) && (await connection.cancel(SUSPICIOUS * limitMs)));
    if (isWell) return connection.giveBack();
    connection.closeCancelled();
    if (!isOfConnection(error)) return;
    this.reads.distrust();
    this.writes.distrust();
  }
}

interface Patience extends TimeLimit {
  /** How long to wait for an answer before another connection is tried. Absent: as long as there is time. */
  readonly patienceMs?: number;
  /** Takes the connection that answered. Absent: it is given back. */
  readonly keep?: ((connection: Connection) => void) | undefined;
  /** Throws where the answer does not count. */
  readonly check?: (rows: unknown[][]) => void;
}

/** Where a connection comes from, in this order. */
type Pools = readonly [own: OwnPool, other: OwnPool];

/** Ends what still runs on it. It is closed in any case: its user may go on. */
async function giveUp(connection: Connection, { limitMs }: TimeLimit): Promise<void> {
  await connection.cancel(SUSPICIOUS * limitMs);
  connection.close();
}

/** From the first that has a connection; what the server refuses to open is shared. */
async function acquire([own, other]: Pools, limit: TimeLimit): Promise<Connection> {
  try {
    return await own.acquire(limit);
  } catch (error) {
    if (!other.isOpen || isOver(limit)) throw error;
    return other.acquire(limit);
  }
}

function unprepared(statement: Statement): Statement {
  return { ...statement, name: undefined };
}
