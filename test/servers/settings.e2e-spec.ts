import { randomBytes } from 'node:crypto';
import { callbackify } from 'node:util';
import { tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { Client, type Pool, type PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenStateStore } from '../../src/state/token-state.store.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { expectNothingUnhandled, rowOf } from '../support/faults/outages.js';
import { Account, OpenedStores, partsOf, versionsOf } from '../support/storage/opened-stores.js';

const TABLE = 'tenant.accounts';
const role = `tti_role_${randomBytes(8).toString('hex')}`;
let database: TestDatabase;
const stores = new OpenedStores();

expectNothingUnhandled();

beforeAll(async () => {
  database = await createDatabase();
  await rowOf(database.url, `CREATE ROLE ${role} NOLOGIN`);
});
afterAll(async () => {
  if (database === undefined) return;
  await rowOf(database.url, `DROP OWNED BY ${role}`);
  await rowOf(database.url, `DROP ROLE ${role}`);
  await database.drop();
});

describe('what the application sets on its connections', () => {
  beforeAll(async () => {
    // A users table that only a search_path finds.
    const { up } = tokenInvalidationSql({ table: 'tenant.accounts', password: 'password_hash' });
    for (const sql of [
      'CREATE SCHEMA tenant',
      'CREATE TABLE tenant.accounts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), password_hash text)',
    ]) {
      await rowOf(database.url, sql);
    }
    const client = new Client(database.url);
    await client.connect();
    await client.query(up);
    await client.end();
    await rowOf(database.url, `GRANT ALL ON SCHEMA tenant TO ${role}`);
    await rowOf(database.url, `GRANT ALL ON ALL TABLES IN SCHEMA tenant TO ${role}`);
  });

  const SET = 'SET search_path TO tenant, public';
  const IN_TENANT = { table: 'accounts' };
  type Listener = (client: PoolClient) => unknown;

  function listening(listener: Listener, writeTimeout = 10): TokenStateStore {
    const prepare = (pool: Pool) => void pool.on('connect', listener);
    return stores.onPool(partsOf(database.url), { ...IN_TENANT, writeTimeout, prepare });
  }

  const LISTENERS: [string, Listener][] = [
    ['a listener that waits for nothing', (client) => void client.query(SET)],
    ['an async listener', async (client) => await client.query(SET)],
    [
      'an async listener of two statements',
      async (client) => {
        await client.query('SELECT 1');
        await client.query(SET);
      },
    ],
  ];

  it.each(LISTENERS)('by %s holds for pgStore', async (_, listener) => {
    const store = listening(listener);
    expect(await versionsOf(store, database.url, TABLE)).toEqual([1, 1]);
  });

  it.each(LISTENERS)('by %s holds for typeOrmStore', async (_, listener) => {
    // TypeORM has opened a connection by now, to which nobody listened.
    const prepare = (pool: Pool) => void pool.on('connect', listener);
    expect(
      await versionsOf(
        await stores.onDataSource({ url: database.url }, Account, prepare),
        database.url,
        TABLE,
      ),
    ).toEqual([1, 1]);
  });

  it('by a connection string holds', async () => {
    const connectionString = `${database.url}?options=-c%20search_path%3Dtenant`;
    expect(
      await versionsOf(stores.onPool({ connectionString }, IN_TENANT), database.url, TABLE),
    ).toEqual([1, 1]);
  });

  const HOOKS: [string, object][] = [
    ['onConnect', { onConnect: (client: PoolClient) => client.query(SET) }],
    [
      'verify',
      { verify: callbackify((client: PoolClient) => client.query(SET).then(() => undefined)) },
    ],
  ];

  it.each(HOOKS)('by %s holds', async (_, hook) => {
    const store = stores.onPool({ ...partsOf(database.url), ...hook }, IN_TENANT);
    expect(await versionsOf(store, database.url, TABLE)).toEqual([1, 1]);
  });

  it('runs once for each connection, of reads and writes', async () => {
    const prepared: PoolClient[] = [];
    const store = listening(async (client) => {
      prepared.push(client);
      await client.query(SET);
    });
    expect(await versionsOf(store, database.url, TABLE)).toEqual([1, 1]);
    await store.read([{ subject: crypto.randomUUID() }], { timeoutMs: 2000 });
    expect(new Set(prepared).size).toBe(prepared.length);
    // One for reads, one for writes; on a busy machine a second one, as these are closed when they are idle.
    expect(prepared.length).toBeGreaterThanOrEqual(2);
  });

  it('that fails lets the connection not be used, and is said', async () => {
    const store = listening((client) => client.query('SET ROLE nobody_has_this_name'));
    await expect(store.checkSetup()).rejects.toThrow('nobody_has_this_name');
  });

  it('that never ends fails in time', async () => {
    const store = listening(() => new Promise(() => {}), 0.2);
    await expect(store.checkSetup()).rejects.toMatchObject({ name: 'TokenStateUnavailableError' });
  });

  it('of a role holds', async () => {
    const roles: unknown[] = [];
    const store = listening(async (client) => {
      await client.query(`${SET}; SET ROLE ${role}`);
      roles.push((await client.query('SELECT current_user AS is')).rows[0]!.is);
    });
    expect(await versionsOf(store, database.url, TABLE)).toEqual([1, 1]);
    expect(new Set(roles)).toEqual(new Set([role]));
  });
});
