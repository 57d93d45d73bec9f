import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { type PgPool, runOn, type Statement } from './pg-pool.js';

/** Connections that reads have to themselves: as many as the reader uses at once. */
const READ_CONNECTIONS = 2;

/**
 * The primary database, through the pool that TypeORM opened to it: never a replica, also with `replication` set.
 *
 * Reads have two connections of their own, with the same settings: an application that has used up its pool is no
 * reason to refuse anybody, and a network that swallows connection attempts must not fill the application's pool
 * with them.
 */
export class Primary {
  private reads?: { readonly beside: PgPool; readonly pool: PgPool };
  private preparing = true;

  constructor(private readonly dataSource: DataSource) {}

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
      // A peer that has vanished without a word has left the other connection behind as well.
      const isSilent = performance.now() - started > 0.9 * timeoutMs;
      if (isSilent && this.reads?.pool === pool) void this.close();
      throw error;
    }
  }

  /** Runs any other statement: in the caller's transaction when there is one, whose errors are then the caller's. */
  async run(
    statement: Statement,
    timeoutMs: number,
    transaction?: EntityManager,
  ): Promise<unknown[][]> {
    if (transaction !== undefined) {
      this.mustBeOurs(transaction);
      return joined(transaction, statement);
    }
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

  private applicationPool(): PgPool {
    const { master } = this.dataSource.driver as unknown as { master?: PgPool };
    if (master === undefined) throw new Error('The data source is not connected.');
    return master;
  }

  /** A data source that was closed and opened again has another pool, perhaps with other settings. */
  private readPool(timeoutMs: number): PgPool {
    const beside = this.applicationPool();
    if (this.reads?.beside !== beside) {
      void this.close();
      this.reads = { beside, pool: openReadPool(beside, timeoutMs) };
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
      // A column's new type makes the plan useless, once. A pooler that deals out its connections by the transaction
      // and knows nothing of prepared statements would fail again and again.
      this.preparing = codeOf(error) === PLAN_OUTDATED;
      return runOn(pool, { text, values }, timeoutMs - (performance.now() - started));
    }
  }

  private mustBeOurs(transaction: EntityManager): void {
    if (transaction.connection !== this.dataSource) {
      throw new TypeError(
        'The transaction belongs to another data source than the users: pass an EntityManager of the one that holds them.',
      );
    }
  }
}

async function joined(
  transaction: EntityManager,
  { text, values }: Statement,
): Promise<unknown[][]> {
  try {
    const rows: object[] = await transaction.query(text, [...values]);
    return rows.map((row) => Object.values(row));
  } catch (error) {
    throw withoutValues(error);
  }
}

/**
 * The same error, which no longer carries password hashes into whatever log it ends in: TypeORM's has the values of the
 * statement, PostgreSQL's the row that failed.
 */
function withoutValues(error: unknown): unknown {
  const errors = error instanceof QueryFailedError ? [error, error.driverError] : [error];
  for (const each of errors) {
    if (typeof each !== 'object' || each === null) continue;
    if ('parameters' in each) Reflect.set(each, 'parameters', []);
    if ('detail' in each) Reflect.set(each, 'detail', undefined);
  }
  return error;
}

function openReadPool(beside: PgPool, timeoutMs: number): PgPool {
  const Pool = beside.constructor as new (options: object) => PgPool;
  const pool = new Pool({
    ...beside.options,
    // Not enumerable in the options of a pool.
    password: beside.options.password,
    max: READ_CONNECTIONS,
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

/** SQLSTATE feature_not_supported: "cached plan must not change result type". */
const PLAN_OUTDATED = '0A000';

/** The same, or SQLSTATE invalid_sql_statement_name or duplicate_prepared_statement. */
function isFaultOfPreparing(error: unknown): boolean {
  return [PLAN_OUTDATED, '26000', '42P05'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}

/** SQLSTATE classes 22, 23, 42 and P0: the database is well and refuses the statement. */
function isFaultOfStatement(error: unknown): boolean {
  return ['22', '23', '42', 'P0'].includes(codeOf(error).slice(0, 2));
}
