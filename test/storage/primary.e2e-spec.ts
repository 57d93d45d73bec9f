import { Client, type ClientConfig } from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PgPool } from '../../src/postgres/pg-pool.js';
import { Primary } from '../../src/postgres/primary.js';
import { TokenStateUnavailableError } from '../../src/state/token-state-unavailable.error.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';

interface Asked {
  readonly name?: string;
  readonly text: string;
  readonly query_timeout: number;
}

/** What each client was made with, and asked. */
const made: (ClientConfig & Record<string, unknown>)[] = [];
const asked: Asked[] = [];
const clients: Client[] = [];
/** How many listeners a broken connection had when it was asked. */
const listeners: [client: Client, count: number][] = [];
/** How the next statement with a name fails, and how long that takes. */
let fault: { code: string; afterMs: number } | undefined;

class ObservedClient extends Client {
  constructor(config: ClientConfig) {
    super(config);
    made.push(config as ClientConfig & Record<string, unknown>);
    clients.push(this);
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- one of pg's many signatures
  override query(...query: any[]): any {
    const [config] = query as [Asked];
    if (typeof config === 'object' && 'query_timeout' in config) {
      asked.push(config);
      listeners.push([this, this.listenerCount('error')]);
    }
    const failing = config.name === undefined ? undefined : fault;
    if (failing === undefined) {
      return (super.query as (...query: unknown[]) => unknown).apply(this, query);
    }
    const { code, afterMs } = failing;
    fault = undefined;
    const error = Object.assign(new Error('not prepared'), { code });
    return new Promise((_, reject) => {
      setTimeout(() => reject(error), afterMs);
    });
  }
}

const TIMEOUT_MS = 5000;
const statement = (text: string, ...values: unknown[]) => ({ text, values });
const HANGING = statement('SELECT pg_sleep(20)');
const PID = statement('SELECT pg_backend_pid()');

let database: TestDatabase;
let dataSource: DataSource;
let primary: Primary;

async function connect(extra: object = {}): Promise<void> {
  dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    extra: { Client: ObservedClient, ...extra },
  });
  await dataSource.initialize();
  primary = new Primary(poolOf);
}

/** The pool that TypeORM opened to the primary. */
function poolOf(): PgPool {
  const { master } = dataSource.driver as unknown as { master?: PgPool };
  if (master === undefined) throw new Error('The data source is not connected.');
  return master;
}

beforeAll(async () => {
  database = await createEmptyDatabase();
  await connect();
  await dataSource.query('CREATE TABLE secrets (id integer PRIMARY KEY, hash text)');
  await dataSource.query("INSERT INTO secrets VALUES (1, 'a hash')");
  await dataSource.destroy();
});
afterAll(() => database.drop());

beforeEach(async () => {
  await connect();
  for (const list of [made, asked, clients, listeners]) list.length = 0;
});
afterEach(async () => {
  vi.restoreAllMocks();
  fault = undefined;
  await primary.close();
  if (dataSource.isInitialized) await dataSource.destroy();
});

const run = (text: string, ...values: unknown[]) =>
  primary.run(statement(text, ...values), TIMEOUT_MS);
const read = (timeoutMs = TIMEOUT_MS) => primary.read({ ...PID, name: 'pid' }, timeoutMs);
const bothConnections = async () => (await Promise.all([read(), read()])).flat(2);
const failureOf = (running: Promise<unknown>) =>
  running.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('a statement', () => {
  it('gives its rows as arrays of values, within the time limit', async () => {
    expect(await run('SELECT 1 AS one, $1::text AS one', 'two')).toEqual([[1, 'two']]);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.query_timeout).toBeGreaterThan(TIMEOUT_MS - 2000);
    expect(asked[0]!.query_timeout).toBeLessThanOrEqual(TIMEOUT_MS);
    expect(asked[0]!.name).toBeUndefined();
  });

  it('keeps its connection when it worked, and closes it when it failed', async () => {
    const first = await primary.run(PID, TIMEOUT_MS);
    expect(await primary.run(PID, TIMEOUT_MS)).toEqual(first);
    await failureOf(run('SELECT 1/0'));
    expect(await primary.run(PID, TIMEOUT_MS)).not.toEqual(first);
  });

  it('hears of a connection that breaks, and leaves no listener behind on it', async () => {
    await run('SELECT 1');
    const [[client, count]] = listeners as [[Client, number]];
    expect(count).toBe(1);
    const idle = client.listenerCount('error');
    await run('SELECT 1');
    expect(listeners[1]).toEqual([client, 1]);
    expect(client.listenerCount('error')).toBe(idle);
  });

  it.each([
    ['22012', 'SELECT 1/0'],
    ['23505', "INSERT INTO secrets VALUES (1, 'a hash')"],
    ['42P01', 'SELECT FROM nowhere'],
    ['P0001', "DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'a hash'; END $$"],
  ])('that PostgreSQL refuses with %s fails as it is, without the values', async (code, text) => {
    const error = await failureOf(run(text));
    expect(error).toMatchObject({ code });
    expect(error).not.toBeInstanceOf(TokenStateUnavailableError);
    expect(JSON.stringify(error)).not.toContain('a hash');
    expect(error).not.toHaveProperty('parameters');
  });

  it.each([
    ['57014', 'SET statement_timeout = 1; SELECT pg_sleep(10)'],
    ['0A000', "DO $$ BEGIN RAISE SQLSTATE '0A000'; END $$"],
  ])('that fails with %s says that the database is to blame', async (code, text) => {
    const error = await failureOf(run(text));
    expect(error).toBeInstanceOf(TokenStateUnavailableError);
    expect(error).toMatchObject({ cause: { code } });
  });

  it('fails when the data source is not connected', async () => {
    await dataSource.destroy();
    const notConnected = { cause: { message: 'The data source is not connected.' } };
    await expect(run('SELECT 1')).rejects.toMatchObject(notConnected);
    await expect(primary.read(PID, TIMEOUT_MS)).rejects.toMatchObject(notConnected.cause);
  });
});

describe('reads', () => {
  it('have two connections of their own, with the settings of the application’s', async () => {
    await Promise.all([read(), read(), read()]);
    expect(made).toHaveLength(2);
    const { username, pathname } = new URL(database.url);
    for (const each of made) {
      expect(each).toMatchObject({
        connectionTimeoutMillis: TIMEOUT_MS,
        idleTimeoutMillis: 0,
        max: 2,
        min: 0,
        allowExitOnIdle: true,
        keepAlive: true,
      });
      const { user, database: name, password } = new Client(each);
      expect([user, `/${name}`]).toEqual([username, pathname]);
      expect(password).toBe(new Client(database.url).password);
    }
  });

  it('go on when a connection broke while nobody used it', async () => {
    const [[pid]] = (await read()) as [[number]];
    const ended = new Promise((resolve) => clients[0]!.once('end', resolve));
    await run('SELECT pg_terminate_backend($1)', pid);
    await ended;
    expect(await read()).not.toEqual([[pid]]);
  });

  it('end their connections when they are closed, and open others when they are asked again', async () => {
    const first = await read();
    const ended = new Promise((resolve) => clients[0]!.once('end', resolve));
    await primary.close();
    await ended;
    expect(await read()).not.toEqual(first);
    await primary.close();
    await expect(primary.close()).resolves.toBeUndefined();
  });

  it('follow a data source that was closed and opened again', async () => {
    const [[pid]] = (await read()) as [[number]];
    const ended = new Promise((resolve) => clients[0]!.once('end', resolve));
    await dataSource.destroy();
    await dataSource.initialize();
    const [[other]] = (await read()) as [[number]];
    await ended;
    expect(other).not.toBe(pid);
    expect(await read()).toEqual([[other]]);
  });

  it('leave both connections when one was silent', async () => {
    const both = await bothConnections();
    await failureOf(primary.read(HANGING, 300));
    const [[pid]] = (await read()) as [[number]];
    expect(both).not.toContain(pid);
  });

  it('stay on the other connection when one only failed', async () => {
    const both = await bothConnections();
    await failureOf(primary.read(statement('SELECT 1/0'), TIMEOUT_MS));
    const [[pid]] = (await read()) as [[number]];
    expect(both).toContain(pid);
  });

  it('do not leave those that were opened since', async () => {
    await bothConnections();
    const later = failureOf(primary.read(HANGING, 900));
    await failureOf(primary.read(HANGING, 300));
    const opened = await read();
    await later;
    expect(await read()).toEqual(opened);
  });

  it('fail with the cause also when they are closed meanwhile', async () => {
    const hanging = failureOf(primary.read(HANGING, 300));
    const closed = primary.close();
    expect(await hanging).toMatchObject({ message: 'Query read timeout' });
    await closed;
  });

  it.each(['26000', '42P05'])('go without a name once one fails with %s', async (code) => {
    fault = { code, afterMs: 0 };
    for (const _ of [1, 2, 3]) expect(await read()).toHaveLength(1);
    expect(asked.map(({ name }) => name)).toEqual(['pid', undefined, undefined, undefined]);
  });

  it('keep the name when a plan was outdated, once', async () => {
    fault = { code: '0A000', afterMs: 0 };
    for (const _ of [1, 2]) expect(await read()).toHaveLength(1);
    expect(asked.map(({ name }) => name)).toEqual(['pid', undefined, 'pid']);
  });

  it.each(['57P01', 'ECONNRESET'])('fail with %s without another try', async (code) => {
    fault = { code, afterMs: 0 };
    await expect(read()).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it('have what is left of the time limit for the second try, and never no limit', async () => {
    fault = { code: '26000', afterMs: 100 };
    await read();
    expect(asked[1]!.query_timeout).toBeLessThanOrEqual(TIMEOUT_MS - 99);
    primary = new Primary(poolOf);
    asked.length = 0;
    fault = { code: '26000', afterMs: 100 };
    await failureOf(read(50));
    expect(asked.slice(1).map(({ query_timeout }) => query_timeout)).toEqual(
      asked.slice(1).map(() => 1),
    );
  });
});

describe('a pool that is used up', () => {
  const OURS = 'The database gave no connection within 200 ms';

  it.each([
    ['no own limit', {}, 200, OURS],
    ['a limit of none', { connectionTimeoutMillis: 0 }, 200, OURS],
    ['a longer limit', { connectionTimeoutMillis: 60_000 }, 200, OURS],
    ['the same limit', { connectionTimeoutMillis: 1000 }, 1000, /^timeout exceeded/],
    ['a shorter limit', { connectionTimeoutMillis: 1000 }, 5000, /^timeout exceeded/],
  ])('with %s fails a statement in time', async (_, limit, timeoutMs, message) => {
    await dataSource.destroy();
    await connect({ max: 1, ...limit });
    const holder = dataSource.createQueryRunner();
    await holder.connect();
    const error = await failureOf(primary.run(PID, timeoutMs));
    await holder.release();
    expect(error).toBeInstanceOf(TokenStateUnavailableError);
    expect((error as { cause: Error }).cause.message).toMatch(message);
  });

  const LONG_MS = 100_000;
  // One is pg's for the statement, one the pool's where it has a limit.
  it.each([
    ['no own limit', {}, 2],
    ['a longer limit', { connectionTimeoutMillis: LONG_MS + 1 }, 3],
    ['the same limit', { connectionTimeoutMillis: LONG_MS }, 2],
    ['a shorter limit', { connectionTimeoutMillis: LONG_MS - 1 }, 2],
  ])(
    'with %s costs a statement as few timers as it can, and leaves none',
    async (_, limit, most) => {
      await dataSource.destroy();
      await connect(limit);
      const set = vi.spyOn(globalThis, 'setTimeout');
      const cleared = vi.spyOn(globalThis, 'clearTimeout');
      await primary.run(PID, LONG_MS);
      const timers = set.mock.results.filter(
        (_result, index) => set.mock.calls[index]![1]! > 60_000,
      );
      expect(timers).toHaveLength(most);
      const handles = cleared.mock.calls.map(([handle]) => handle);
      for (const { value } of timers) expect(handles).toContain(value);
    },
  );

  it('gets the connection back that came too late, and sends nothing on it', async () => {
    await dataSource.destroy();
    await connect({ max: 1 });
    const holder = dataSource.createQueryRunner();
    const [row] = (await holder.query(PID.text)) as [{ pg_backend_pid: number }];
    await failureOf(primary.run(statement('SELECT 1'), 50));
    asked.length = 0;
    await holder.release();
    expect(await primary.run(PID, TIMEOUT_MS)).toEqual([[row.pg_backend_pid]]);
    expect(asked).toHaveLength(1);
  });
});
