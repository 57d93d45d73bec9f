import { type SQL, is, sql } from 'drizzle-orm';
import { PgTransaction } from 'drizzle-orm/pg-core';
import type { Statement } from '../postgres/pg-pool.js';

/**
 * What `db.transaction()` gives to its callback, as far as types are compared. Drizzle's own would differ between
 * applications in CommonJS and in ES modules.
 */
export interface DrizzleTransaction {
  execute(query: string): PromiseLike<unknown>;
}

/**
 * Runs a statement in the caller's transaction. Rows come as arrays of values.
 *
 * @throws TypeError when it is no transaction of Drizzle's
 */
export async function joinTransaction(
  transaction: DrizzleTransaction,
  statement: Statement,
): Promise<unknown[][]> {
  if (!is(transaction, PgTransaction)) {
    throw new TypeError(
      'The transaction is not one of Drizzle: pass the tx that db.transaction() gives to its callback, not the db.',
    );
  }
  try {
    const result = await transaction.execute(asDrizzle(statement));
    return (result as { rows: object[] }).rows.map((row) => Object.values(row));
  } catch (error) {
    // Drizzle's own error has the values in its message, and so a password hash: PostgreSQL's says what is wrong.
    throw (error as { cause?: unknown } | null)?.cause ?? error;
  }
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
