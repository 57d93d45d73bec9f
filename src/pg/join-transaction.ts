import type { Statement } from '../postgres/pg-pool.js';

/** A pg client between BEGIN and COMMIT, as far as it is used: a `PoolClient`, or a `Client`. */
export interface PgTransaction {
  query(config: {
    text: string;
    values: unknown[];
    rowMode: 'array';
  }): Promise<{ rows: unknown[][] }>;
}

/** What newer versions of pg know of a client: `I` idle, `T` in a transaction, `E` in one that failed. */
interface KnowsTransactionStatus {
  getTransactionStatus(): string | null;
}

const WHAT_TO_PASS = 'pass the client on which you ran BEGIN';

/**
 * Runs a statement in the caller's transaction. Rows come as arrays of values.
 *
 * @throws TypeError when it is no client inside of a transaction
 */
export async function joinTransaction(
  transaction: PgTransaction,
  { text, values }: Statement,
): Promise<unknown[][]> {
  if (typeof transaction?.query !== 'function') {
    throw new TypeError(`The transaction is not a pg client: ${WHAT_TO_PASS}.`);
  }
  if ('totalCount' in transaction) {
    throw new TypeError(
      `The transaction is a Pool, which runs each statement on any of its connections: ${WHAT_TO_PASS}.`,
    );
  }
  if (!(await isInTransaction(transaction))) {
    throw new TypeError(`The client has no open transaction: ${WHAT_TO_PASS}.`);
  }
  const { rows } = await transaction.query({ text, values: [...values], rowMode: 'array' });
  return rows;
}

async function isInTransaction(client: PgTransaction): Promise<boolean> {
  const { getTransactionStatus } = client as Partial<KnowsTransactionStatus>;
  return getTransactionStatus === undefined
    ? isInTransactionAtServer(client)
    : getTransactionStatus.call(client) !== 'I';
}

/** SQLSTATE no_active_sql_transaction: what SAVEPOINT says outside of one. */
const NO_TRANSACTION = '25P01';

async function isInTransactionAtServer(client: PgTransaction): Promise<boolean> {
  const ask = (text: string) => client.query({ text, values: [], rowMode: 'array' });
  try {
    await ask('SAVEPOINT token_invalidation');
    await ask('RELEASE SAVEPOINT token_invalidation');
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === NO_TRANSACTION) return false;
    throw error;
  }
}
