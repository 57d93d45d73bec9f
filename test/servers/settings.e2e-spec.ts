import { randomBytes } from 'node:crypto';
import { callbackify } from 'node:util';
import { pgStore, tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { RevocableUser, typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type {
  StateChange,
  StateRecord,
  TokenStateStore,
} from '../../src/state/token-state.store.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { expectNothingUnhandled, rowOf } from '../support/faults/outages.js';
import { User } from '../support/user.entity.js';

@Entity('accounts')
class Account extends RevocableUser {
  @PrimaryColumn({ type: 'uuid' }) id!: string;

  @Column({ name: 'password_hash', type: 'text', select: false }) passwordHash!: string;
}

const role = `tti_role_${randomBytes(8).toString('hex')}`;
let database: TestDatabase;
let url: URL;
const closing: (() => Promise<unknown>)[] = [];

expectNothingUnhandled();

beforeAll(async () => {
  database = await createDatabase();
  url = new URL(database.url);
  await rowOf(database.url, `CREATE ROLE ${role} NOLOGIN`);
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(async () => {
  await rowOf(database.url, `DROP OWNED BY ${role}`);
  await rowOf(database.url, `DROP ROLE ${role}`);
  await database?.drop();
});

/** The forms need the url, which is there only when the tests run. */
type Form<Config> = [name: string, config: () => Config];

const parts = () => ({
  host: url.hostname,
  port: Number(url.port),
  user: url.username,
  password: decodeURIComponent(url.password),
  database: url.pathname.slice(1),
});

interface Chosen {
  table?: string;
  writeTimeout?: number;
  prepare?: (pool: Pool) => void;
}

function poolStore(config: PoolConfig, { prepare, table = 'users', ...rest }: Chosen = {}) {
  const pool = new Pool(config);
  prepare?.(pool);
  return opened(pgStore({ pool, table, ...rest }).useFactory(), () => pool.end());
}

async function typeOrmStoreOf(
  options: Partial<DataSourceOptions>,
  entity: typeof User | typeof Account = User,
  prepare: (pool: Pool) => void = () => {},
) {
  const dataSource = new DataSource({
    type: 'postgres',
    entities: [entity],
    ...options,
  } as DataSourceOptions);
  await dataSource.initialize();
  prepare((dataSource.driver as unknown as { master: Pool }).master);
  const store = typeOrmStore<User | Account>({ entity, dataSource }).useFactory();
  return opened(store, () => dataSource.destroy());
}

function opened(store: unknown, close: () => Promise<unknown>): TokenStateStore {
  closing.push(close);
  closing.push(() => (store as { onApplicationShutdown(): Promise<void> }).onApplicationShutdown());
  return store as TokenStateStore;
}

/** Boots, then logs a user out; the version that was written, and the one that is read. */
async function versionsOf(store: TokenStateStore, table = 'users'): Promise<unknown[]> {
  expect(await store.checkSetup()).toEqual([]);
  const columns = table === 'users' ? '(email, password_hash)' : '(id, password_hash)';
  const id = crypto.randomUUID();
  const sql = `INSERT INTO ${table} ${columns} VALUES ($1, 'x') RETURNING id`;
  const { id: subject } = await rowOf<{ id: string }>(database.url, sql, [id]);
  const written = await store.invalidate({ subject }, 'logout');
  const { records } = await store.read([{ subject }], { timeoutMs: 2000 });
  const [record] = records as StateRecord<unknown>[];
  return [(written as StateChange).version, record!.state.tokenVersion];
}

const POOLS: Form<PoolConfig>[] = [
  ['a connection string', () => ({ connectionString: database.url })],
  [
    'a connection string with options',
    () => ({
      connectionString: `${database.url}?application_name=forms&sslmode=disable&options=-c%20search_path%3Dpublic`,
    }),
  ],
  ['host, port, user, password, database', () => ({ ...parts() })],
  ['a password as a function', () => ({ ...parts(), password: () => parts().password })],
  [
    'a password as an async function',
    () => ({ ...parts(), password: async () => parts().password }),
  ],
  ['ssl off', () => ({ ...parts(), ssl: false })],
  [
    'limits of its own',
    () => ({ ...parts(), statement_timeout: 5000, maxUses: 1, max: 1, min: 1 }),
  ],
  ['a class for clients', () => ({ ...parts(), Client: class extends Client {} })],
  ['a prepared connection', () => ({ ...parts(), verify: (_client, done) => done() })],
];

describe.each(POOLS)('pg: %s', (_, config) => {
  it('works', async () => expect(await versionsOf(poolStore(config()))).toEqual([1, 1]));
});

const SOURCES: Form<Partial<DataSourceOptions>>[] = [
  ['url', () => ({ url: database.url })],
  [
    'host, port, username, password, database',
    () => {
      const { user, ...rest } = parts();
      return { ...rest, username: user };
    },
  ],
  [
    'a password as a function',
    () => {
      const { user, password, ...rest } = parts();
      return {
        ...rest,
        username: user,
        password: async () => password,
      };
    },
  ],
  ['what is in extra', () => ({ extra: { ...parts(), application_name: 'forms' } })],
  ['ssl off', () => ({ url: database.url, ssl: false })],
  [
    'replication',
    () => ({
      replication: { master: { url: database.url }, slaves: [{ url: database.url }] },
    }),
  ],
  [
    'applicationName, poolSize, connectTimeoutMS',
    () => ({ url: database.url, applicationName: 'forms', poolSize: 1, connectTimeoutMS: 3000 }),
  ],
];

describe.each(SOURCES)('TypeORM: %s', (_, options) => {
  it('works', async () =>
    expect(await versionsOf(await typeOrmStoreOf(options()))).toEqual([1, 1]));
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
    return poolStore(parts(), { ...IN_TENANT, writeTimeout, prepare });
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
    expect(await versionsOf(store, 'tenant.accounts')).toEqual([1, 1]);
  });

  it.each(LISTENERS)('by %s holds for typeOrmStore', async (_, listener) => {
    // TypeORM has opened a connection by now, to which nobody listened.
    const prepare = (pool: Pool) => void pool.on('connect', listener);
    expect(
      await versionsOf(
        await typeOrmStoreOf({ url: database.url }, Account, prepare),
        'tenant.accounts',
      ),
    ).toEqual([1, 1]);
  });

  it('by a connection string holds', async () => {
    const connectionString = `${database.url}?options=-c%20search_path%3Dtenant`;
    expect(await versionsOf(poolStore({ connectionString }, IN_TENANT), 'tenant.accounts')).toEqual(
      [1, 1],
    );
  });

  const HOOKS: [string, object][] = [
    ['onConnect', { onConnect: (client: PoolClient) => client.query(SET) }],
    [
      'verify',
      { verify: callbackify((client: PoolClient) => client.query(SET).then(() => undefined)) },
    ],
  ];

  it.each(HOOKS)('by %s holds', async (_, hook) => {
    const store = poolStore({ ...parts(), ...hook }, IN_TENANT);
    expect(await versionsOf(store, 'tenant.accounts')).toEqual([1, 1]);
  });

  it('runs once for each connection, of reads and writes', async () => {
    const prepared: PoolClient[] = [];
    const store = listening(async (client) => {
      prepared.push(client);
      await client.query(SET);
    });
    expect(await versionsOf(store, 'tenant.accounts')).toEqual([1, 1]);
    await store.read([{ subject: crypto.randomUUID() }], { timeoutMs: 2000 });
    expect(new Set(prepared).size).toBe(prepared.length);
    expect(prepared).toHaveLength(2);
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
    expect(await versionsOf(store, 'tenant.accounts')).toEqual([1, 1]);
    expect(new Set(roles)).toEqual(new Set([role]));
  });
});
