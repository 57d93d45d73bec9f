import type { Statement } from '../postgres/pg-pool.js';

/** What `prisma.$transaction(async (tx) => …)` gives to its callback, as far as it is used. */
export interface PrismaTransaction {
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/**
 * Runs a statement in the caller's transaction. Rows come as arrays of values.
 *
 * @throws TypeError when it is no transaction of Prisma's
 */
export async function joinTransaction(
  transaction: PrismaTransaction,
  { text, values }: Statement,
): Promise<unknown[][]> {
  // In a transaction Prisma takes `$connect` away.
  if (typeof transaction?.$queryRawUnsafe !== 'function' || '$connect' in transaction) {
    throw new TypeError(
      'The transaction is not one of Prisma: pass the tx that prisma.$transaction(async (tx) => …) gives to its callback, not the client.',
    );
  }
  const rows = await transaction.$queryRawUnsafe(text, ...values);
  return (rows as object[]).map((row) => Object.values(row));
}
