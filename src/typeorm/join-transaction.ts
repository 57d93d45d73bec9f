import type { DataSource, EntityManager } from 'typeorm';
import type { Statement } from '../postgres/pg-pool.js';

const WHAT_TO_PASS =
  'pass the EntityManager that dataSource.transaction() gives to its callback, or queryRunner.manager after startTransaction()';

/**
 * Runs a statement in the caller's transaction. Rows come as arrays of values.
 *
 * @throws TypeError when it is no open transaction of this data source
 */
export async function joinTransaction(
  dataSource: DataSource,
  transaction: EntityManager,
  { text, values }: Statement,
): Promise<unknown[][]> {
  if (transaction.connection !== dataSource) {
    throw new TypeError(
      'The transaction belongs to another data source than the users: pass an EntityManager of the one that holds them.',
    );
  }
  if (transaction.queryRunner?.isTransactionActive !== true) {
    throw new TypeError(`The EntityManager has no open transaction: ${WHAT_TO_PASS}.`);
  }
  const rows: object[] = await transaction.query(text, [...values]);
  return rows.map((row) => Object.values(row));
}
