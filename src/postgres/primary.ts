import { CONCURRENT_READS } from '../state/token-state.store.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { type PgPool, runOn, type Statement } from './pg-pool.js';
import {
  codeOf,
  isFaultOfPreparing,
  isFaultOfStatement,
  PLAN_OUTDATED,
  withoutValues,
} from './pg-error.js';

/**
 * The primary database, through the application's pool to it.
 *
 * Reads have connections to themselves, with the same settings: an application that has used up its pool is no reason to
 * refuse anybody, and a network that swallows connection attempts must not fill the application's pool with them.
 */
export class Primary {
  private reads?: { readonly of: PgPool; readonly pool: PgPool };
  private preparing = true;

  /** @param applicationPool - asked each time: a data source that was closed and opened again has another pool */
  constructor(private readonly applicationPool: () => PgPool) {}

  /**
   * Rows come as arrays of values. A statement with a name is parsed and planned once for each connection, and not for
   * each read.
   */
  async read(statement: Statement, timeoutMs: number): Promise<unknown[][]> {
    const pool = this.readPool(timeoutMs);
    const started = performance.now();
    try {
      return await this.readOn(pool, statement, timeoutMs);
    } catch (error) {
      // A server that is gone without a word has left the other connection behind as well.
      const isSilent = performance.now() - started > 0.9 * timeoutMs;
      if (isSilent && this.reads?.pool === pool) void this.close();
      throw error;
    }
  }

  /** Runs any other statement, outside of any transaction. */
  async run(statement: Statement, timeoutMs: number): Promise<unknown[][]> {
    try {
      return await runOn(this.applicationPool(), statement, timeoutMs);
    } catch (error) {
      throw isFaultOfStatement(error)
        ? withoutValues(error)
        : new TokenStateUnavailableError(error);
    }
  }

  async close(): Promise<void> {
    const { reads } = this;
    delete this.reads;
    await reads?.pool.end();
  }

  private readPool(timeoutMs: number): PgPool {
    const of = this.applicationPool();
    if (this.reads?.of !== of) {
      void this.close();
      this.reads = { of, pool: openReadPool(of, timeoutMs) };
    }
    return this.reads.pool;
  }

  private async readOn(
    pool: PgPool,
    statement: Statement,
    timeoutMs: number,
  ): Promise<unknown[][]> {
    const { text, values } = statement;
    if (!this.preparing) return runOn(pool, { text, values }, timeoutMs);
    const started = performance.now();
    try {
      return await runOn(pool, statement, timeoutMs);
    } catch (error) {
      if (!isFaultOfPreparing(error)) throw error;
      // A column's new type makes the plan useless, once. A pooler that hands out its connections by the transaction
      // and knows nothing of prepared statements would fail again and again.
      this.preparing = codeOf(error) === PLAN_OUTDATED;
      return runOn(pool, { text, values }, timeoutMs - (performance.now() - started));
    }
  }
}

function openReadPool(of: PgPool, timeoutMs: number): PgPool {
  const Pool = of.constructor as new (options: object) => PgPool;
  const pool = new Pool({
    ...of.options,
    // Not enumerable in the options of a pool.
    password: of.options.password,
    max: CONCURRENT_READS,
    min: 0,
    connectionTimeoutMillis: timeoutMs,
    // Kept open, so that a server that has no connection to spare does not refuse everybody. They hold up no shutdown.
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
    keepAlive: true,
  });
  // A connection that broke while idle: the next read opens another, or says what is wrong.
  pool.on('error', () => {});
  return pool;
}
