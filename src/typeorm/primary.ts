import type { DataSource, EntityManager } from 'typeorm';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';

/** A statement with its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** As much of pg's pool as is used. */
interface PrimaryPool {
  query(config: {
    text: string;
    values: unknown[];
    rowMode: 'array';
    query_timeout: number;
  }): Promise<{ rows: unknown[][] }>;
}

/**
 * The primary database, through the pool that TypeORM opened to it: never a replica, also with `replication` set.
 *
 * The pool is asked and not a query runner, because a statement that hangs must be given up together with its
 * connection: pg's pool destroys the connection of a query that timed out, a query runner would hand it on.
 */
export class Primary {
  constructor(private readonly dataSource: DataSource) {}

  /** Runs a statement outside of any transaction. Rows come as arrays of values. */
  async run(statement: Statement, timeoutMs: number): Promise<unknown[][]> {
    const { rows } = await this.pool().query({
      text: statement.text,
      values: [...statement.values],
      rowMode: 'array',
      query_timeout: timeoutMs,
    });
    return rows;
  }

  /** Runs a write: in the caller's transaction when there is one, whose errors are then the caller's. */
  async write(
    statement: Statement,
    timeoutMs: number,
    transaction?: EntityManager,
  ): Promise<unknown[][]> {
    if (transaction !== undefined) {
      this.mustBeOurs(transaction);
      const rows: object[] = await transaction.query(statement.text, [...statement.values]);
      return rows.map((row) => Object.values(row));
    }
    try {
      return await this.run(statement, timeoutMs);
    } catch (error) {
      throw isFaultOfStatement(error) ? error : new TokenStateUnavailableError(error);
    }
  }

  private pool(): PrimaryPool {
    const { master } = this.dataSource.driver as unknown as { master?: PrimaryPool };
    if (master === undefined) throw new Error('The data source is not connected.');
    return master;
  }

  private mustBeOurs(transaction: EntityManager): void {
    if (transaction.connection !== this.dataSource) {
      throw new TypeError(
        'The transaction belongs to another data source than the users: pass an EntityManager of the one that holds them.',
      );
    }
  }
}

/** SQLSTATE classes 22, 23, 42 and P0: the database is well and refuses the statement. */
function isFaultOfStatement(error: unknown): boolean {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(22|23|42|P0)[0-9A-Z]{3}$/.test(code);
}
