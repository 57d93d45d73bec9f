import { Socket } from 'node:net';
import * as pg from 'pg';
import { Client, type PoolConfig } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type Front, SocketFront, TlsFront } from '../support/faults/fronts.js';
import { openHolder } from '../support/faults/holder.js';
import { expectNothingUnhandled, rowOf } from '../support/faults/outages.js';
import { until } from '../support/until.js';
import { OpenedStores, partsOf, versionsOf } from '../support/storage/opened-stores.js';

let database: TestDatabase;
let tls: TlsFront;
let socket: SocketFront;
const stores = new OpenedStores();

expectNothingUnhandled();

beforeAll(async () => {
  database = await createDatabase();
  tls = await TlsFront.open(database.url);
  socket = await SocketFront.open(database.url);
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await socket?.close();
  await tls?.close();
  await database?.drop();
});

/** The forms need the url, which is there only when the tests run. */
type Form<Config> = [name: string, config: () => Config];

const parts = () => partsOf(database.url);
const encrypted = () => ({ ...parts(), port: tls.port, ssl: { ca: tls.ca } });

function partsOfSocket() {
  const { user, password, database: name } = parts();
  return { host: socket.folder, user, password, database: name };
}

/** Leads to the database, wherever it is asked to go. */
class Tunnel extends Socket {
  override connect(): this {
    return super.connect(parts().port, parts().host);
  }
}

/** The variables of libpq. */
function environment<Config>(config: Config): Config {
  const { host, port, user, password, database: name } = parts();
  const variables = { HOST: host, PORT: `${port}`, USER: user, PASSWORD: password, DATABASE: name };
  for (const [variable, value] of Object.entries(variables)) vi.stubEnv(`PG${variable}`, value);
  return config;
}

function urlOf(parameters: Record<string, string>): string {
  const url = new URL(database.url);
  for (const parameter of Object.entries(parameters)) url.searchParams.set(...parameter);
  return url.href;
}

const POOLS: Form<PoolConfig>[] = [
  ['a connection string', () => ({ connectionString: database.url })],
  [
    'a connection string with options',
    () => ({
      connectionString: urlOf({
        application_name: 'forms',
        sslmode: 'disable',
        options: '-c search_path=public',
        client_encoding: 'UTF8',
      }),
    }),
  ],
  ['host, port, user, password, database', () => ({ ...parts() })],
  ['the environment', () => environment({})],
  ['a password as a function', () => ({ ...parts(), password: () => parts().password })],
  [
    'a password as an async function',
    () => ({ ...parts(), password: async () => parts().password }),
  ],
  ['a socket of the file system', partsOfSocket],
  [
    'a socket in a connection string',
    () => {
      const { host, user, password, database: name } = partsOfSocket();
      return { connectionString: `postgres://${user}:${password}@/${name}?host=${host}` };
    },
  ],
  [
    'a url of a socket',
    () => {
      const { host, user, password, database: name } = partsOfSocket();
      return { connectionString: `socket://${user}:${password}@${host}?db=${name}` };
    },
  ],
  ['ssl off', () => ({ ...parts(), ssl: false })],
  ['ssl', encrypted],
  ['ssl that trusts anyone', () => ({ ...encrypted(), ssl: { rejectUnauthorized: false } })],
  [
    'ssl in a connection string',
    () => ({
      connectionString: urlOf({ sslmode: 'no-verify' }).replace(
        `:${parts().port}/`,
        `:${tls.port}/`,
      ),
    }),
  ],
  ['ssl from the first byte', () => ({ ...encrypted(), sslnegotiation: 'direct' })],
  [
    'a stream of its own',
    () => ({ ...parts(), host: 'nowhere.invalid', stream: () => new Tunnel() }),
  ],
  [
    'limits of its own',
    () => ({
      ...parts(),
      statement_timeout: 5000,
      query_timeout: 5000,
      lock_timeout: 5000,
      idle_in_transaction_session_timeout: 5000,
      connectionTimeoutMillis: 5000,
      idleTimeoutMillis: 1,
      maxLifetimeSeconds: 60,
      maxUses: 1,
      max: 1,
      min: 1,
    }),
  ],
  [
    'names, keep-alive and encoding',
    () => ({
      ...parts(),
      application_name: 'forms',
      fallback_application_name: 'forms of a test',
      keepAlive: false,
      keepAliveInitialDelayMillis: 1000,
      client_encoding: 'UTF8',
      options: '-c search_path=public',
      allowExitOnIdle: false,
      log: () => undefined,
    }),
  ],
  ['binary', () => ({ ...parts(), binary: true })],
  ['pipelined', () => ({ ...parts(), pipeline: true })],
  ['no parsers', () => ({ ...parts(), types: { getTypeParser: () => (value: unknown) => value } })],
  ['promises of its own', () => ({ ...parts(), Promise: class extends Promise<unknown> {} })],
  ['a class for clients', () => ({ ...parts(), Client: class extends Client {} })],
  ['a prepared connection', () => ({ ...parts(), verify: (_client, done) => done() })],
];

describe.each(POOLS)('pg: %s', (_, config) => {
  it('works', async () => {
    expect(await versionsOf(stores.onPool(config()), database.url)).toEqual([1, 1]);
  });
});

/** As TypeORM names them. */
function credentials<Parts extends { user: string }>({ user, ...rest }: Parts) {
  return { ...rest, username: user };
}

const SOURCES: Form<Partial<DataSourceOptions>>[] = [
  ['url', () => ({ url: database.url })],
  ['host, port, username, password, database', () => credentials(parts())],
  ['the environment', () => environment({})],
  [
    'a password as a function',
    () => ({ ...credentials(parts()), password: () => parts().password }),
  ],
  [
    'a password as an async function',
    () => ({ ...credentials(parts()), password: async () => parts().password }),
  ],
  ['what is in extra', () => ({ extra: { ...parts(), application_name: 'forms' } })],
  ['a socket of the file system', () => credentials(partsOfSocket())],
  ['ssl off', () => ({ url: database.url, ssl: false })],
  ['ssl', () => credentials(encrypted())],
  [
    'ssl in extra',
    () => ({ ...credentials(parts()), port: tls.port, extra: { ssl: { ca: tls.ca } } }),
  ],
  [
    'replication',
    () => ({
      replication: { master: { url: database.url }, slaves: [{ url: database.url }] },
    }),
  ],
  [
    'replication of parts, where reads go to the replica',
    () => ({
      replication: {
        master: credentials(encrypted()),
        slaves: [credentials(parts())],
        defaultMode: 'slave',
      },
    }),
  ],
  [
    'applicationName, poolSize, connectTimeoutMS',
    () => ({ url: database.url, applicationName: 'forms', poolSize: 1, connectTimeoutMS: 3000 }),
  ],
  [
    'a driver of its own, a schema, and what it makes of values',
    () => ({
      url: database.url,
      driver: pg,
      schema: 'public',
      useUTC: true,
      parseInt8: true,
      installExtensions: false,
      logNotifications: true,
      poolErrorHandler: () => undefined,
    }),
  ],
];

describe.each(SOURCES)('TypeORM: %s', (_, options) => {
  it('works', async () => {
    expect(await versionsOf(await stores.onDataSource(options()), database.url)).toEqual([1, 1]);
  });
});

/** Gives up a statement that waits for a lock, and waits for the request that is to end it. */
async function requestOf(front: Front, config: PoolConfig): Promise<{ turnedAway: number }> {
  const store = stores.onPool(config, { writeTimeout: 0.3 });
  const holder = await openHolder(database.url);
  const sql = `INSERT INTO users (email, password_hash) VALUES (gen_random_uuid(), 'x') RETURNING id`;
  const { id } = await rowOf<{ id: string }>(database.url, sql);
  await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]);
  const { cancelRequests } = front;
  const { turnedAway } = tls;
  // On a busy machine the time may be over before the statement is sent.
  await until('a request arrives', async () => {
    const invalidated = store.invalidate({ subject: id }, 'logout');
    await expect(invalidated).rejects.toMatchObject({ name: 'TokenStateUnavailableError' });
    return front.cancelRequests > cancelRequests || tls.turnedAway > turnedAway;
  });
  return { turnedAway: tls.turnedAway - turnedAway };
}

describe('the request that ends a statement that was given up goes', () => {
  const WAYS: [string, () => Front, () => PoolConfig][] = [
    ['ssl', () => tls, encrypted],
    ['ssl from the first byte', () => tls, () => ({ ...encrypted(), sslnegotiation: 'direct' })],
    ['a socket of the file system', () => socket, partsOfSocket],
  ];

  it.each(WAYS)('by %s', async (_, front, config) => {
    expect(await requestOf(front(), config())).toEqual({ turnedAway: 0 });
  });
});
