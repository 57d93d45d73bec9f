import type { DataSource, EntityManager } from 'typeorm';
import { noOpenTransaction } from '../postgres/open-transaction.js';
import type { Statement } from '../postgres/pg-pool.js';

const WHAT_TO_PASS =
  'the EntityManager that dataSource.transaction() gives to its callback, or queryRunner.manager after startTransaction()';

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
  // Without types, anything may be given.
  const given = transaction as Partial<EntityManager> | null;
  if ((given?.connection ?? dataSource) !== dataSource) {
    throw new TypeError(
      'The transaction belongs to another data source than the users: pass an EntityManager of the one that holds them.',
    );
  }
  if (given?.queryRunner?.isTransactionActive !== true) throw noOpenTransaction(WHAT_TO_PASS);
  const rows: object[] = await transaction.query(text, [...values]);
  return rows.map((row) => Object.values(row));
}
