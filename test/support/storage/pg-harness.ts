import { pgStore, type PgTransaction, type PgUser } from 'nestjs-token-invalidation/pg';
import { Pool, type PoolClient } from 'pg';
import type { PostgresTokenStateStore } from '../../../src/postgres/postgres-token-state.store.js';
import type { TokenStateStoreHarness } from '../../../src/testing/index.js';

/** What `pgStore()` makes. */
export type PgTokenStateStore = PostgresTokenStateStore<PgUser, PgTransaction>;

/** How the contract's harness reaches one users table. Names as SQL has them. */
export interface PgHarnessTable {
  url: string;
  users: string;
  /** Ids for new users; left out, the database makes them. */
  nextId?: () => string;
}

/** The contract's harness over a table with the columns id, password_hash, deleted_at and those of the migration. */
export class PgHarness implements TokenStateStoreHarness<PgUser, PgTransaction> {
  private readonly pool: Pool;
  private readonly made: PgTokenStateStore;
  private readonly users: string;
  private readonly nextId: (() => string) | undefined;

  constructor({ url, users, nextId }: PgHarnessTable) {
    this.pool = new Pool({ connectionString: url });
    // The database may be dropped before the last connection has closed.
    this.pool.on('error', () => {});
    this.users = users;
    this.nextId = nextId;
    const options = { pool: this.pool, table: users, deletedAt: 'deleted_at' };
    this.made = pgStore(options).useFactory() as PgTokenStateStore;
  }

  async close(): Promise<void> {
    await this.made.onApplicationShutdown();
    await this.pool.end();
  }

  store(): PgTokenStateStore {
    return this.made;
  }

  async clock(): Promise<Date> {
    const row = await this.query("SELECT date_trunc('milliseconds', clock_timestamp()) AS now");
    return row['now'] as Date;
  }

  createUser(hash: string): Promise<string> {
    return this.insert(hash, this.nextId?.());
  }

  async recreateUser(subject: string, hash: string): Promise<void> {
    await this.insert(hash, subject);
  }

  loadUser(subject: string): Promise<PgUser> {
    return this.query(`SELECT * FROM ${this.users} WHERE id = $1`, subject);
  }

  async deleteUser(subject: string): Promise<void> {
    await this.query(`DELETE FROM ${this.users} WHERE id = $1`, subject);
  }

  async softDeleteUser(subject: string): Promise<void> {
    await this.query(`UPDATE ${this.users} SET deleted_at = now() WHERE id = $1`, subject);
  }

  async readHash(subject: string): Promise<string> {
    const row = await this.query(`SELECT password_hash FROM ${this.users} WHERE id = $1`, subject);
    return row['password_hash'] as string;
  }

  async writeHash(subject: string, hash: string): Promise<void> {
    await this.query(`UPDATE ${this.users} SET password_hash = $2 WHERE id = $1`, subject, hash);
  }

  writeCutoffs(subject: string, instant: Date): Promise<void> {
    const set = 'password_changed_at = $2, logout_all_at = $2';
    return this.pastTriggers(this.users, `SET ${set} WHERE id = $1`, [subject, instant]);
  }

  writeEveryoneCutoff(instant: Date): Promise<void> {
    const table = `${this.users}_token_invalidation`;
    return this.pastTriggers(table, 'SET everyone_logged_out_at = $1', [instant]);
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

  private async insert(hash: string, id?: string): Promise<string> {
    const [columns, places, values] =
      id === undefined ? ['', '', [hash]] : [', id', ', $2', [hash, id]];
    const row = await this.query(
      `INSERT INTO ${this.users} (password_hash${columns}) VALUES ($1${places}) RETURNING id::text`,
      ...values,
    );
    return row['id'] as string;
  }

  private async query(sql: string, ...values: unknown[]): Promise<PgUser> {
    const { rows } = await this.pool.query<PgUser>(sql, values);
    return rows[0] ?? {};
  }

  private pastTriggers(table: string, assignment: string, values: unknown[]): Promise<void> {
    return this.transaction(async (client) => {
      await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      await client.query(`UPDATE ${table} ${assignment}`, values);
      await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
    });
  }
}
