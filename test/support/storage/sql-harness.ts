import { Pool } from 'pg';
import type { PostgresTokenStateStore } from '../../../src/postgres/postgres-token-state.store.js';
import type { TokenStateStoreHarness } from '../../../src/testing/index.js';
import { enableTriggers } from '../enable-triggers.js';

/** How the contract's harness reaches one users table. Names as SQL has them. */
export interface HarnessTable {
  url: string;
  users: string;
  /** Ids for new users; left out, the database makes them. */
  nextId?: () => string;
}

/** SQL: moves all instants of a session back. Parameter 2: the seconds. */
export const AGED = ['started_at', 'auth_time', 'expires_at', 'rotated_at', 'seen_at', 'ended_at']
  .map((name) => `${name} = ${name} - $2 * interval '1 second'`)
  .join(', ');

/** What the contract's harness does by SQL, over a table with the columns id, password_hash, deleted_at and those of the migration. */
export abstract class SqlHarness<User, Transaction> implements TokenStateStoreHarness<
  User,
  Transaction
> {
  protected readonly pool: Pool;
  protected readonly users: string;
  private readonly nextId: (() => string) | undefined;
  private made: PostgresTokenStateStore<User, Transaction> | undefined;

  constructor({ url, users, nextId }: HarnessTable) {
    this.pool = new Pool({ connectionString: url });
    // The database may be dropped before the last connection has closed.
    this.pool.on('error', () => {});
    this.users = users;
    this.nextId = nextId;
  }

  abstract loadUser(subject: string): Promise<User>;
  abstract transaction<Result>(
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result>;
  abstract savepoint<Result>(
    transaction: Transaction,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result>;
  protected abstract makeStore(): PostgresTokenStateStore<User, Transaction>;

  async close(): Promise<void> {
    await this.made?.onApplicationShutdown();
    await this.pool.end();
  }

  store(): PostgresTokenStateStore<User, Transaction> {
    return (this.made ??= this.makeStore());
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

  ageSession(sessionId: string, seconds: number): Promise<void> {
    const table = `${this.users}_token_sessions`;
    return this.pastTriggers(table, `SET ${AGED} WHERE id = $1`, [sessionId, seconds]);
  }

  protected async query(sql: string, ...values: unknown[]): Promise<Record<string, unknown>> {
    const { rows } = await this.pool.query<Record<string, unknown>>(sql, values);
    return rows[0] ?? {};
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

  private async pastTriggers(table: string, assignment: string, values: unknown[]): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      await client.query(`UPDATE ${table} ${assignment}`, values);
      await client.query(enableTriggers(table));
      await client.query('COMMIT');
    } finally {
      client.release();
    }
  }
}

/** The harness, for cases that are collected before there is a database. */
export function laterHarness<User, Transaction>(
  harness: () => SqlHarness<User, Transaction>,
): TokenStateStoreHarness<User, Transaction> {
  return new Proxy({} as TokenStateStoreHarness<User, Transaction>, {
    get:
      (_, name) =>
      (...values: unknown[]): unknown =>
        (Reflect.get(harness(), name) as (...values: unknown[]) => unknown).apply(
          harness(),
          values,
        ),
  });
}

/** All parts of the schema, as a migration names them. */
export const ALL_PARTS = { core: 2, sessions: 1, revoked_tokens: 1 } as const;
