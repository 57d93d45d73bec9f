import { noOpenTransaction } from '../postgres/open-transaction.js';
import { codeOf } from '../postgres/pg-error.js';
import type { Statement } from '../postgres/pg-pool.js';

/** What `prisma.$transaction(async (tx) => …)` gives to its callback, as far as it is used. */
export interface PrismaTransaction {
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

const WHAT_TO_PASS =
  'the tx that prisma.$transaction(async (tx) => …) gives to its callback, not the client';

/** Of a transaction that was committed, rolled back, or took longer than Prisma's `timeout`. */
const TRANSACTION_OVER = 'P2028';

/**
 * Runs a statement in the caller's transaction. Rows come as arrays of values.
 *
 * @throws TypeError when it is no open transaction of Prisma's
 */
export async function joinTransaction(
  transaction: PrismaTransaction,
  { text, values }: Statement,
): Promise<unknown[][]> {
  // In a transaction Prisma takes `$connect` away.
  if (typeof transaction?.$queryRawUnsafe !== 'function' || '$connect' in transaction) {
    throw noOpenTransaction(WHAT_TO_PASS);
  }
  try {
    const rows = await transaction.$queryRawUnsafe(text, ...values);
    return (rows as object[]).map((row) => Object.values(row));
  } catch (error) {
    throw codeOf(error) === TRANSACTION_OVER ? noOpenTransaction(WHAT_TO_PASS, error) : error;
  }
}
