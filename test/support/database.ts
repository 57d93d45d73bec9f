import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { CreateUsers1760000000000 } from '../../migrations/1760000000000-create-users.js';
import { RevocableTokens1760000000001 } from '../../migrations/1760000000001-revocable-tokens.js';
import { until } from './until.js';

/** The reference migrations, in their order. */
export const MIGRATIONS = [CreateUsers1760000000000, RevocableTokens1760000000001];

/** SQLSTATE object_in_use. */
const OBJECT_IN_USE = '55006';

/** A database of one test file. */
export interface TestDatabase {
  readonly url: string;
  /** Removes the database, and ends the connections to it. */
  drop(): Promise<void>;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this test run; its role may create databases. */
    databaseUrl: string;
    /** The migrated database that `createDatabase()` copies. */
    databaseTemplate: string;
    /** As PostgreSQL counts: 180004 is 18.4. */
    serverVersion: number;
  }
}

/** A separate migrated database for a test file. */
export function createDatabase(): Promise<TestDatabase> {
  return copy(inject('databaseTemplate'));
}

/** A database without a single table. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  // Not `template1`, which lets people in: while anyone is connected to a database it can not be copied.
  return copy('template0');
}

/** Brings an empty database to the schema of the reference migrations. */
export async function migrateTemplate(url: string): Promise<void> {
  const dataSource = new DataSource({ type: 'postgres', url, migrations: MIGRATIONS });
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
  } finally {
    await dataSource.destroy();
  }
}

/** Creates and migrates the database that all others are copied from, and closes it to everyone. Returns its name. */
export async function createTemplate(serverUrl: string): Promise<string> {
  const name = `tti_template_${randomName()}`;
  await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE template0`);
  try {
    await migrateTemplate(databaseUrl(serverUrl, name));
  } catch (error) {
    await dropDatabase(serverUrl, name);
    throw error;
  }
  // A copy fails with "source database is being accessed by other users" while anyone is connected to it: let no one in
  // any more, and wait until the connection of the migrations is gone, which ends a little after its client has closed.
  await onServer(serverUrl, `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
  await untilEmpty(serverUrl, name);
  return name;
}

/**
 * Connections that were closed a moment ago may still be there, and a client whose connection PostgreSQL ends then throws where
 * nobody listens. So PostgreSQL waits for them, which it does for 5 s, before it ends what is left.
 */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  const drop = `DROP DATABASE IF EXISTS ${name}`;
  try {
    await onServer(serverUrl, drop);
  } catch (error) {
    if ((error as { code?: unknown }).code !== OBJECT_IN_USE) throw error;
    await onServer(serverUrl, `${drop} WITH (FORCE)`);
  }
}

async function copy(template: string): Promise<TestDatabase> {
  const serverUrl = inject('databaseUrl');
  const name = `tti_test_${randomName()}`;
  await onServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return { url: databaseUrl(serverUrl, name), drop: () => dropDatabase(serverUrl, name) };
}

/** Ends the connections to a database, until there is none. */
async function untilEmpty(serverUrl: string, name: string): Promise<void> {
  const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`;
  await until(`nobody is connected to ${name}`, async () => (await onServer(serverUrl, sql)) === 0);
}

/** @returns how many rows there are */
async function onServer(serverUrl: string, statement: string): Promise<number> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    return (await client.query(statement)).rows.length;
  } finally {
    await client.end();
  }
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function randomName(): string {
  return randomBytes(8).toString('hex');
}
