import { pgStore, type PgTransaction, type PgUser } from 'nestjs-token-invalidation/pg';
import type { PoolClient } from 'pg';
import type { PostgresTokenStateStore } from '../../../src/postgres/postgres-token-state.store.js';
import { SqlHarness } from './sql-harness.js';

/** What `pgStore()` makes. */
export type PgTokenStateStore = PostgresTokenStateStore<PgUser, PgTransaction>;

/** The contract's harness over plain pg. */
export class PgHarness extends SqlHarness<PgUser, PgTransaction> {
  loadUser(subject: string): Promise<PgUser> {
    return this.query(`SELECT * FROM ${this.users} WHERE id = $1`, subject);
  }

  async transaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  async savepoint<Result>(
    transaction: PgTransaction,
    work: (transaction: PgTransaction) => Promise<Result>,
  ): Promise<Result> {
    const client = transaction as PoolClient;
    await client.query('SAVEPOINT nested');
    try {
      const result = await work(client);
      await client.query('RELEASE SAVEPOINT nested');
      return result;
    } catch (error) {
      await client.query('ROLLBACK TO SAVEPOINT nested');
      throw error;
    }
  }

  protected makeStore(): PgTokenStateStore {
    const options = { pool: this.pool, table: this.users, deletedAt: 'deleted_at' };
    return pgStore(options).useFactory() as PgTokenStateStore;
  }
}
