import { isInTransaction, noOpenTransaction } from '../postgres/open-transaction.js';
import type { Statement } from '../postgres/pg-pool.js';

/** A pg client between BEGIN and COMMIT, as far as it is used: a `PoolClient`, or a `Client`. */
export interface PgTransaction {
  query(config: {
    text: string;
    values: unknown[];
    rowMode: 'array';
  }): Promise<{ rows: unknown[][] }>;
}

/**
 * Runs a statement in the caller's transaction. Rows come as arrays of values.
 *
 * @throws TypeError when it is no client inside of a transaction
 */
export async function joinTransaction(
  transaction: PgTransaction,
  statement: Statement,
): Promise<unknown[][]> {
  const run = ({ text, values }: Statement) =>
    transaction.query({ text, values: [...values], rowMode: 'array' });
  if (
    !isClient(transaction) ||
    !(await isInTransaction(transaction, (text) => run({ text, values: [] })))
  ) {
    throw noOpenTransaction('the client on which you ran BEGIN');
  }
  return (await run(statement)).rows;
}

/** A pool has `query` too, and runs each statement on any of its connections. */
function isClient(transaction: PgTransaction): boolean {
  return typeof transaction?.query === 'function' && !('totalCount' in transaction);
}
