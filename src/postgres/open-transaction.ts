import { codeOf } from './pg-error.js';

/** What every layer says of a transaction that is over, and of a client, pool or data source given in place of one. */
export function noOpenTransaction(whatToPass: string, cause?: unknown): TypeError {
  const message = `The transaction is over, or never began: pass ${whatToPass}.`;
  return new TypeError(message, cause === undefined ? undefined : { cause });
}

/** What newer versions of pg know of a client: `I` idle, `T` in a transaction, `E` in one that failed. */
interface KnowsTransactionStatus {
  getTransactionStatus(): string | null;
}

/** SQLSTATE no_active_sql_transaction: what SAVEPOINT says outside of one. */
const NO_TRANSACTION = '25P01';

/**
 * Whether a client of pg is between BEGIN and COMMIT.
 *
 * @param run - runs a statement on the client, which is asked where the client does not know
 * @throws what `run` throws
 */
export async function isInTransaction(
  client: unknown,
  run: (text: string) => PromiseLike<unknown>,
): Promise<boolean> {
  const { getTransactionStatus } = (client ?? {}) as Partial<KnowsTransactionStatus>;
  if (getTransactionStatus !== undefined) return getTransactionStatus.call(client) !== 'I';
  try {
    await run('SAVEPOINT token_invalidation');
    await run('RELEASE SAVEPOINT token_invalidation');
    return true;
  } catch (error) {
    if (codeOf(error) === NO_TRANSACTION) return false;
    throw error;
  }
}
