import { type SQL, is, sql } from 'drizzle-orm';
import { PgTransaction } from 'drizzle-orm/pg-core';
import { isInTransaction, noOpenTransaction } from '../postgres/open-transaction.js';
import type { Statement } from '../postgres/pg-pool.js';

/**
 * What `db.transaction()` gives to its callback, as far as types are compared. Drizzle's own would differ between
 * applications in CommonJS and in ES modules.
 */
export interface DrizzleTransaction {
  execute(query: string): PromiseLike<unknown>;
}

const WHAT_TO_PASS = 'the tx that db.transaction() gives to its callback, not the db';

/**
 * Runs a statement in the caller's transaction. Rows come as arrays of values.
 *
 * @throws TypeError when it is no open transaction of Drizzle's
 */
export async function joinTransaction(
  transaction: DrizzleTransaction,
  statement: Statement,
): Promise<unknown[][]> {
  const run = async (query: SQL | string): Promise<object[]> => {
    try {
      return ((await transaction.execute(query as string)) as { rows: object[] }).rows;
    } catch (error) {
      // Drizzle's own error has the values in its message, and so a password hash: PostgreSQL's says what is wrong.
      throw (error as { cause?: unknown } | null)?.cause ?? error;
    }
  };
  // After its end, a tx would run the statement alone: on a client that is in the pool again.
  if (!is(transaction, PgTransaction) || !(await isInTransaction(clientOf(transaction), run))) {
    throw noOpenTransaction(WHAT_TO_PASS);
  }
  return (await run(asDrizzle(statement))).map((row) => Object.values(row));
}

/** Not documented. What has none is asked at the server. */
function clientOf(transaction: object): unknown {
  const session: unknown = Reflect.get(transaction, 'session');
  return (session as { client?: unknown } | undefined)?.client;
}

/** The statement's text with a parameter of Drizzle's for each `$1`. */
function asDrizzle({ text, values }: Statement): SQL {
  const parts = text.split(/\$(\d+)/);
  return sql.join(
    parts.map((part, index) =>
      index % 2 === 0 ? sql.raw(part) : sql.param(values[Number(part) - 1]),
    ),
  );
}
