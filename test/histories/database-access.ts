import { Pool, type PoolClient, type QueryResult } from 'pg';
import { hashPassword } from '../support/passwords.js';
import type { Observation, Receipt } from './operation.js';

const CLOCK_MS = `(extract(epoch FROM date_trunc('milliseconds', clock_timestamp())) * 1000)::float8`;
const milliseconds = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

export interface SqlPasswordChange {
  readonly id: string;
  readonly next: string;
  /** How long the transaction has been open when the password is changed. */
  readonly openMs: number;
}

/** What the clients do to the database without asking any server, and what the operator does. */
export class DatabaseAccess {
  /** The latest time that the database's clock is known to have passed. */
  time = 0;
  private pool: Pool;
  private readonly underWay = new Set<Promise<unknown>>();
  private moving: Promise<void> | undefined;

  constructor(url: string) {
    this.pool = openPool(url);
  }

  /** Lets what is under way come to its end, and everything else wait for the move to another server. */
  async moveAfter(promote: () => Promise<string>): Promise<void> {
    this.moving = this.move(promote);
    await this.moving;
    this.moving = undefined;
  }

  private async move(promote: () => Promise<string>): Promise<void> {
    await Promise.allSettled(this.underWay);
    const url = await promote();
    await this.pool.end();
    this.pool = openPool(url);
  }

  /** Uses the primary. */
  async use<Result>(action: (pool: Pool) => Promise<Result>): Promise<Result> {
    while (this.moving !== undefined) await this.moving;
    const using = action(this.pool);
    this.underWay.add(using);
    try {
      return await using;
    } finally {
      this.underWay.delete(using);
    }
  }

  query<Row extends object>(sql: string, values: unknown[] = []): Promise<QueryResult<Row>> {
    const ask = () => this.use((pool) => pool.query<Row>(sql, values));
    // On a busy machine a connection may break as it opens. Nothing that is asked so does harm when it is asked twice.
    return ask().catch((error: unknown) => {
      if (!isBroken(error)) throw error;
      return ask();
    });
  }

  async createUser(password: string): Promise<string> {
    const { rows } = await this.query<{ id: string }>(
      `INSERT INTO users (email, password_hash) VALUES (gen_random_uuid(), $1) RETURNING id`,
      [await hashPassword(password)],
    );
    return rows[0]!.id;
  }

  async observe(id: string): Promise<Observation> {
    const { rows } = await this.query<Observation>(
      `SELECT ${CLOCK_MS} AS "databaseTime", token_version AS version,
        ${milliseconds('password_changed_at')} AS "passwordChangedAt",
        ${milliseconds('logout_all_at')} AS "logoutAllAt",
        everyone_version::int AS "everyoneVersion",
        ${milliseconds('everyone_logged_out_at')} AS "everyoneLoggedOutAt"
      FROM users, users_token_invalidation WHERE id = $1`,
      [id],
    );
    this.time = Math.max(this.time, rows[0]!.databaseTime);
    return rows[0]!;
  }

  /** The receipt, and what the clock showed in the transaction, just before the change. */
  async changePassword({ id, next, openMs }: SqlPasswordChange) {
    const hash = await hashPassword(next);
    return this.inTransaction(async (client) => {
      await client.query('SELECT pg_sleep($1)', [openMs / 1000]);
      const before = await client.query<{ at: number }>(`SELECT ${CLOCK_MS} AS at`);
      const { rows } = await client.query<{ version: number; effectiveAt: number | null }>(
        `UPDATE users SET password_hash = $2 WHERE id = $1
        RETURNING token_version AS version, ${milliseconds('password_changed_at')} AS "effectiveAt"`,
        [id, hash],
      );
      const [{ version, effectiveAt }] = rows as [(typeof rows)[0]];
      const receipt = { version, effectiveAt: effectiveAt ?? 0 };
      return { receipt, databaseBefore: before.rows[0]!.at };
    });
  }

  /** Writes back what was read before, as a tool does that knows nothing of tokens. */
  async writeBack(id: string, old: Observation): Promise<void> {
    await this.query(
      `UPDATE users SET token_version = $2, password_changed_at = to_timestamp($3::float8 / 1000),
        logout_all_at = to_timestamp($4::float8 / 1000) WHERE id = $1`,
      [id, old.version, old.passwordChangedAt, old.logoutAllAt],
    );
  }

  /** What the latest invalidation of everyone left behind; version 0: there was none. */
  async readEveryone(): Promise<Receipt> {
    const { rows } = await this.query<Receipt>(
      `SELECT everyone_version::int AS version,
        coalesce(${milliseconds('everyone_logged_out_at')}, 0) AS "effectiveAt" FROM users_token_invalidation`,
    );
    return rows[0]!;
  }

  /** Cuts so many connections of these servers, whatever they are doing. */
  async cut(applicationNames: readonly string[], count: number): Promise<number> {
    const { rowCount } = await this.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = ANY($1) ORDER BY md5(pid::text) LIMIT $2`,
      [applicationNames, count],
    );
    return rowCount ?? 0;
  }

  /** Cuts all connections of one server and waits until they are gone: what it sent before has happened, or never will. */
  async cutAll(applicationName: string): Promise<void> {
    await this.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1`,
      [applicationName],
    );
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  /** Locks the rows of these users for a while, as a report or a migration of the application's does. */
  async lock(ids: readonly string[], forMs: number): Promise<void> {
    await this.inTransaction(async (client) => {
      await client.query('SELECT FROM users WHERE id = ANY($1) ORDER BY id FOR UPDATE', [ids]);
      await client.query('SELECT pg_sleep($1)', [forMs / 1000]);
    });
  }

  inTransaction<Result>(action: (client: PoolClient) => Promise<Result>): Promise<Result> {
    return this.use(async (pool) => {
      const client = await pool.connect();
      let broken = true;
      try {
        await client.query('BEGIN');
        const result = await action(client);
        await client.query('COMMIT');
        broken = false;
        return result;
      } finally {
        client.release(broken);
      }
    });
  }
}

/** The connection is gone, and so nobody knows what the server did. */
export function isBroken(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return code === 'ECONNRESET' || message.startsWith('Connection terminated');
}

function openPool(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: 8, application_name: 'histories-driver' });
  pool.on('error', () => {});
  return pool;
}
