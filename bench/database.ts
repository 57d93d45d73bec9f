import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import {
  type DatabaseServer,
  databaseServer,
} from '../tools/embedded-postgres/embedded-postgres.js';
import { type BackendCpu, backendCpu } from './database-cpu.js';
import { fillSessions } from './session-rows.js';

/** How many users the load speaks for. */
const CALLERS = 200;

/** The file that exports the migration of the library as it is now. */
const SCHEMA = join(import.meta.dirname, 'library/current.js');

interface SchemaModule {
  readonly RevocableTokens1760000000001: new () => MigrationInterface;
}

/** What a database is made with. */
export interface DatabaseContent {
  readonly users: number;
  /** The file that exports a library's migration. Absent: that of the library as it is now, without sessions. */
  readonly schema?: string | undefined;
  /** Rows of the sessions' table. */
  readonly sessionRows?: number | undefined;
}

/** A database with a users table of some size. */
export interface UsersDatabase extends DatabaseContent {
  readonly url: string;
  /** Spread evenly over the table. */
  readonly userIds: readonly string[];
  readonly revokedUserId: string;
}

/** The databases of one run, on the embedded server or on the one that `DATABASE_URL` names. */
export class BenchDatabases {
  private readonly names: string[] = [];
  private readonly made = new Map<string, Promise<UsersDatabase>>();

  private constructor(private readonly server: DatabaseServer) {}

  static async start(): Promise<BenchDatabases> {
    return new BenchDatabases(await databaseServer());
  }

  /** The same one for the same content. */
  with(content: DatabaseContent): Promise<UsersDatabase> {
    const key = `${content.users} ${content.schema} ${content.sessionRows}`;
    const known = this.made.get(key) ?? this.create(content);
    this.made.set(key, known);
    return known;
  }

  async version(): Promise<string> {
    const rows = await runSql(this.server.url, ['SHOW server_version']);
    return String(rows[0]?.['server_version']);
  }

  async remove(): Promise<void> {
    for (const name of this.names) {
      await runSql(this.server.url, [`DROP DATABASE ${name} WITH (FORCE)`]);
    }
    await this.server.stop();
  }

  private async create(content: DatabaseContent): Promise<UsersDatabase> {
    const { users, schema = SCHEMA, sessionRows } = content;
    const name = `token_invalidation_bench_${randomBytes(4).toString('hex')}`;
    await runSql(this.server.url, [`CREATE DATABASE ${name}`]);
    this.names.push(name);
    const url = new URL(this.server.url);
    url.pathname = `/${name}`;
    await runSql(url.href, [CREATE_USERS, insertUsers(users)]);
    await migrate(url.href, schema);
    await runSql(url.href, ['VACUUM ANALYZE users']);
    if (sessionRows !== undefined) await runSql(url.href, fillSessions({ users, sessionRows }));
    const [revokedUserId, ...userIds] = await callers(url.href, users);
    return { ...content, url: url.href, userIds, revokedUserId: revokedUserId! };
  }
}

const CREATE_USERS = `
  CREATE TABLE users (
    id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    display_name text NOT NULL,
    role text NOT NULL DEFAULT 'member',
    active boolean NOT NULL DEFAULT true,
    locale text NOT NULL DEFAULT 'en',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`;

function insertUsers(users: number): string {
  return `
    INSERT INTO users (email, password_hash, display_name)
    SELECT 'user-' || n || '@example.com',
           '$argon2id$v=19$m=19456,t=2,p=1$' || md5(n::text) || '$' || md5('hash' || n),
           'User number ' || n
    FROM generate_series(1, ${users}) AS n`;
}

async function migrate(url: string, schema: string): Promise<void> {
  const module = (await import(pathToFileURL(schema).href)) as SchemaModule;
  const migrations = [module.RevocableTokens1760000000001];
  const dataSource = new DataSource({ type: 'postgres', url, migrations });
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
  } finally {
    await dataSource.destroy();
  }
}

/** What the backends that serve this database have used so far. */
export async function databaseCpu({ url }: UsersDatabase): Promise<BackendCpu | undefined> {
  const rows = await runSql(url, [
    'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  ]);
  return backendCpu(rows.map((row) => Number(row['pid'])));
}

/** One to be revoked, and those who call. */
async function callers(url: string, users: number): Promise<string[]> {
  const step = Math.floor(users / (CALLERS + 1));
  const emails = Array.from(
    { length: CALLERS + 1 },
    (_, n) => `'user-${n * step + 1}@example.com'`,
  );
  const rows = await runSql(url, [`SELECT id FROM users WHERE email IN (${emails.join(', ')})`]);
  return rows.map((row) => String(row['id']));
}

/** Runs them on a connection of their own. Returns the rows of the last one. */
export async function runSql(
  url: string,
  statements: readonly string[],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) {
      rows = (await client.query<Record<string, unknown>>(statement)).rows;
    }
    return rows;
  } finally {
    await client.end();
  }
}
