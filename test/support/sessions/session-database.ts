import { pgStore, tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { Pool, type PoolClient } from 'pg';
import type {
  SessionLimits,
  SessionStart,
  StartedSession,
} from '../../../src/state/session.store.js';
import { createDatabase, migrateTemplate, type TestDatabase } from '../database.js';
import { startPostgres } from '../../../tools/embedded-postgres/embedded-postgres.js';
import { until } from '../until.js';
import { runSql } from '../storage/catalogue.js';
import { newSession } from './new-session.js';
import type { PgTokenStateStore } from '../storage/pg-harness.js';
import { AGED } from '../storage/sql-harness.js';

/** What brings the parts to a database that has core. */
export const SESSION_SQL = tokenInvalidationSql({
  table: 'users',
  password: 'password_hash',
  from: { core: 2 },
  to: { core: 2, sessions: 1, revoked_tokens: 1 },
});

export const LIMITS: SessionLimits = {
  absoluteSeconds: 86_400,
  idleSeconds: 3600,
  atCap: 'evict',
  retentionSeconds: 86_400,
};

export const GRACE = 30;

/** A user's session as a test holds it. */
export interface HeldSession extends StartedSession {
  readonly secretHash: Uint8Array;
}

/** A migrated database with users and sessions, and stores over it, as several nodes have them. */
export class SessionDatabase {
  readonly pool: Pool;
  private readonly stores: PgTokenStateStore[] = [];
  private readonly pools: Pool[] = [];

  private constructor(private readonly database: TestDatabase) {
    this.pool = this.openPool();
  }

  static async open(): Promise<SessionDatabase> {
    return SessionDatabase.in(await createDatabase());
  }

  /** On a server with no other tests: a transaction that one leaves open keeps old rows in every database. */
  static async openAlone(): Promise<SessionDatabase> {
    const server = await startPostgres();
    await migrateTemplate(server.url);
    return SessionDatabase.in({ url: server.url, drop: () => server.stop() });
  }

  private static async in(database: TestDatabase): Promise<SessionDatabase> {
    await runSql(database.url, SESSION_SQL.up);
    return new SessionDatabase(database);
  }

  get url(): string {
    return this.database.url;
  }

  /** The store of another node: with connections of its own. */
  node(): PgTokenStateStore {
    const pool = this.openPool();
    const store = pgStore({ pool, table: 'users' }).useFactory() as PgTokenStateStore;
    this.stores.push(store);
    return store;
  }

  async close(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.onApplicationShutdown()));
    await Promise.all(this.pools.map((pool) => pool.end()));
    await this.database.drop();
  }

  async query(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
    return (await this.pool.query<Record<string, unknown>>(sql, values)).rows;
  }

  async createUser(): Promise<string> {
    const [row] = await this.query(
      "INSERT INTO users (email, password_hash) VALUES (gen_random_uuid()::text, 'hash') RETURNING id::text",
    );
    return row!['id'] as string;
  }

  /** Starts a session of this user, of the version that the user has now. */
  async start(
    store: PgTokenStateStore,
    subject: string,
    { session = newSession(), ...more }: Partial<SessionStart> = {},
  ): Promise<HeldSession> {
    const [user] = await this.query('SELECT token_version FROM users WHERE id = $1', subject);
    const userVersion = user!['token_version'] as number;
    const started = await store.sessions.start({
      subject,
      session,
      userVersion,
      persistent: false,
      limits: LIMITS,
      ...more,
    });
    if (typeof started === 'string') throw new Error(`No session was started: ${started}`);
    return { ...started, secretHash: session.secretHash };
  }

  async row(id: string): Promise<Record<string, unknown>> {
    const [row] = await this.query('SELECT * FROM users_token_sessions WHERE id = $1', id);
    if (row === undefined) throw new Error(`There is no session ${id}`);
    return row;
  }

  /** The session of a user who has one. */
  async sessionOf(email: string): Promise<string> {
    const [row] = await this.query(
      'SELECT s.id FROM users_token_sessions s JOIN users u ON u.id = s.user_id WHERE u.email = $1',
      email,
    );
    return row!['id'] as string;
  }

  /** Lets time pass for one session: all of its instants move back. */
  async age(id: string, seconds: number): Promise<void> {
    await this.pastTrigger(`SET ${AGED} WHERE id = $1`, id, seconds);
  }

  /** An UPDATE of the sessions that the trigger does not see. */
  async pastTrigger(assignment: string, ...values: unknown[]): Promise<void> {
    await this.transaction(async (client) => {
      await client.query('ALTER TABLE users_token_sessions DISABLE TRIGGER USER');
      await client.query(`UPDATE users_token_sessions ${assignment}`, values);
      await client.query(
        'ALTER TABLE users_token_sessions ENABLE ALWAYS TRIGGER zz_token_invalidation',
      );
    });
  }

  /** Counts every row of sessions that is updated from now on: in a sequence, which no rollback takes back. */
  async countUpdates(): Promise<void> {
    await this.query('CREATE SEQUENCE IF NOT EXISTS session_updates');
    await this.query(
      "CREATE OR REPLACE FUNCTION count_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('session_updates'); RETURN NULL; END $$",
    );
    await this.query('DROP TRIGGER IF EXISTS count_updates ON users_token_sessions');
    await this.query(
      'CREATE TRIGGER count_updates AFTER UPDATE ON users_token_sessions FOR EACH ROW EXECUTE FUNCTION count_update()',
    );
    // What moves the instants back has disabled it.
    await this.query('ALTER TABLE users_token_sessions ENABLE ALWAYS TRIGGER count_updates');
  }

  /** How many there were. */
  async updates(): Promise<number> {
    const sql =
      'SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS n FROM session_updates';
    return (await this.query(sql))[0]!['n'] as number;
  }

  /** Until so many connections wait for a lock. */
  async untilBlocked(count: number): Promise<void> {
    const waiting = `SELECT count(*)::int AS blocked FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await until('they wait for a lock', async () => {
      return Number((await this.query(waiting))[0]!['blocked']) >= count;
    });
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

  private openPool(): Pool {
    const pool = new Pool({ connectionString: this.database.url });
    // The database may be dropped before the last connection has closed.
    pool.on('error', () => {});
    this.pools.push(pool);
    return pool;
  }
}
