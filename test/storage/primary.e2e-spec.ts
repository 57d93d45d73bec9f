import { isDeepStrictEqual } from 'node:util';
import { Client, type ClientConfig, Pool } from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PgPool } from '../../src/postgres/pg-pool.js';
import { Primary } from '../../src/postgres/primary.js';
import { ifWritable } from '../../src/postgres/writable.js';
import { TokenStateUnavailableError } from '../../src/state/token-state-unavailable.error.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { hangs, strikeAt } from '../support/faults/strike.js';
import { until } from '../support/until.js';

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
/** How the next statement of ours fails, and how long that takes. */
let fault: { code: string; afterMs: number } | undefined;
/** What a client waits for before it connects. */
let network: Promise<void> = Promise.resolve();
/** Whether there is a pooler in between that takes no `statement_timeout`. */
let isPooled = false;

class ObservedClient extends Client {
  constructor(private readonly config: ClientConfig) {
    super(config);
    made.push(config as ClientConfig & Record<string, unknown>);
    clients.push(this);
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- with a callback, or without
  override connect(...args: any[]): any {
    const { statement_timeout: limit } = this.config;
    return network.then(() => {
      if (isPooled && limit) return (args as [(error: Error) => void])[0](new Error(REFUSED));
      return (super.connect as (...args: unknown[]) => unknown).apply(this, args);
    });
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- one of pg's many signatures
  override query(...query: any[]): any {
    const [config] = query as [Asked];
    if (typeof config === 'object' && 'query_timeout' in config) {
      asked.push(config);
      listeners.push([this, this.listenerCount('error')]);
    }
    const failing = asked.at(-1) === config ? fault : undefined;
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

const REFUSED = 'unsupported startup parameter: statement_timeout';
const TIMEOUT_MS = 5000;
/** There are six connections. */
const MORE_THAN_ALL = 7;
const statement = (text: string, ...values: unknown[]) => ({ text, values });
const HANGING = statement(`SELECT ${ifWritable("'yes'")}, pg_sleep(20)`);
const PID = statement('SELECT pg_backend_pid()');
const READ_PID = statement(`SELECT ${ifWritable("'yes'")}, pg_backend_pid()`);

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
afterAll(() => database?.drop());

beforeEach(async () => {
  await connect();
  for (const list of [made, asked, clients, listeners]) list.length = 0;
});
afterEach(async () => {
  vi.restoreAllMocks();
  fault = undefined;
  isPooled = false;
  await primary?.close();
  if (dataSource?.isInitialized) await dataSource?.destroy();
});

const run = (text: string, ...values: unknown[]) =>
  primary.run(statement(text, ...values), TIMEOUT_MS);
/** The process that answers a read, as the only row of a result. */
async function read(timeoutMs = TIMEOUT_MS): Promise<unknown[][]> {
  const rows = await primary.read({ ...READ_PID, name: 'pid' }, timeoutMs);
  return rows.map(([isWritable, ...rest]) => {
    expect(isWritable).toBe('yes');
    return rest;
  });
}
const bothConnections = async () => (await Promise.all([read(), read()])).flat(2);
const allConnections = async () => [
  ...(await bothConnections()),
  ...(await primary.run(PID, TIMEOUT_MS)).flat(),
];
const failureOf = (running: Promise<unknown>) =>
  running.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('a statement', () => {
  it('gives its rows as arrays of values, within the time limit', async () => {
    const began = performance.now();
    expect(await run('SELECT 1 AS one, $1::text AS one', 'two')).toEqual([[1, 'two']]);
    const tookMs = performance.now() - began;
    expect(asked).toHaveLength(1);
    expect(asked[0]!.query_timeout).toBeGreaterThanOrEqual(TIMEOUT_MS - tookMs);
    expect(asked[0]!.query_timeout).toBeLessThanOrEqual(TIMEOUT_MS);
    expect(asked[0]!.name).toBeUndefined();
  });

  it('keeps its connection when it worked, and closes it when it failed', async () => {
    const first = await primary.run(PID, TIMEOUT_MS);
    expect(await primary.run(PID, TIMEOUT_MS)).toEqual(first);
    await failureOf(run('SELECT 1/0'));
    expect(await primary.run(PID, TIMEOUT_MS)).not.toEqual(first);
  });

  it('loses no connection by failing', async () => {
    for (let round = 0; round < MORE_THAN_ALL; round += 1) await failureOf(run('SELECT 1/0'));
    await expect(run('SELECT 1')).resolves.toEqual([[1]]);
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
    await dataSource.destroy();
    await connect({ application_name: 'shop', options: '-c geqo=off' });
    made.length = 0;
    const settings = ['application_name', 'geqo'].map((name) => `current_setting('${name}')`);
    const asking = statement(`SELECT ${ifWritable("'yes'")}, ${settings.join()}`);
    const answers = await Promise.all([1, 2, 3].map(() => primary.read(asking, TIMEOUT_MS)));
    expect(answers).toEqual([1, 2, 3].map(() => [['yes', 'shop', 'off']]));
    expect(made).toHaveLength(2);
    for (const each of made) {
      expect(each).toMatchObject({
        connectionTimeoutMillis: TIMEOUT_MS,
        idleTimeoutMillis: 0,
        max: 2,
        min: 0,
        allowExitOnIdle: true,
        keepAlive: true,
        statement_timeout: TIMEOUT_MS,
      });
    }
  });

  it.each([
    [undefined, undefined, 300, 10_000],
    [60, 5000, 60, 5000],
    [3600, 60_000, 300, 10_000],
    [0, 0, 300, 10_000],
  ])(
    'have a lifetime and a keep-alive, given %s and %s',
    async (maxLifetimeSeconds, keepAliveInitialDelayMillis, lifetime, delay) => {
      await dataSource.destroy();
      await connect({ maxLifetimeSeconds, keepAliveInitialDelayMillis });
      made.length = 0;
      await read();
      expect(made).toMatchObject([
        { maxLifetimeSeconds: lifetime, keepAliveInitialDelayMillis: delay },
      ]);
    },
  );

  it('leave a connection that has lived for so long', async () => {
    await dataSource.destroy();
    await connect({ maxLifetimeSeconds: 0.05 });
    made.length = 0;
    const first = await read();
    await until('another connection answers', async () => {
      return !isDeepStrictEqual(await read(), first);
    });
    expect(made).toHaveLength(2);
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

  it('keep the connection whose statement was given up, once it has ended at the server', async () => {
    // The server's own limit is that of the read which opens the connection.
    const both = new Set((await Promise.all([read(15_000), read(15_000)])).flat(2));
    // A busy machine has a quarter of it to end the statement.
    await Promise.all([1, 2].map(() => failureOf(primary.read(HANGING, 12_000))));
    expect((await bothConnections()).filter((pid) => !both.has(pid))).toEqual([]);
  });

  it('lose no connection by failing', async () => {
    const failing = statement('SELECT 1/0');
    for (let round = 0; round < MORE_THAN_ALL; round += 1) {
      await failureOf(primary.read(failing, TIMEOUT_MS));
    }
    await expect(read()).resolves.toHaveLength(1);
  });

  it('end what is loaded by their connections when it takes too long, and lose none', async () => {
    await bothConnections();
    const loading = [1, 2].map(() =>
      failureOf(
        primary.readWith(READ_PID, 1000, (_, client) =>
          (client as unknown as Client).query('SELECT pg_sleep(60)'),
        ),
      ),
    );
    const error = expect.any(Error) as Error;
    expect(await Promise.all(loading)).toEqual([error, error]);
    await expect(read()).resolves.toHaveLength(1);
  });

  it('use a connection that came too late for the read that asked for it', async () => {
    let release!: () => void;
    let mend!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const other = primary.readWith(READ_PID, 60_000, () => released);
    await until('the only connection is in use', () => asked.length === 1);
    network = new Promise((resolve) => (mend = resolve));
    expect(await failureOf(read(50))).toMatchObject({
      message: expect.stringMatching(/no connection within/) as string,
    });
    mend();
    await expect(read()).resolves.toHaveLength(1);
    expect(made).toHaveLength(2);
    release();
    await other;
  });

  it('trust none of the connections, nor one of the writes, that were open when one broke', async () => {
    const old = new Set(await allConnections());
    fault = { code: '57P01', afterMs: 0 };
    await read();
    expect((await allConnections()).filter((pid) => old.has(pid))).toEqual([]);
  });

  it('may have a second connection after one that did not come in time', async () => {
    await read();
    const disarm = strikeAt(Pool.prototype, 'connect', { strike: hangs });
    expect(await failureOf(read(5))).toBeInstanceOf(Error);
    disarm();
    expect(new Set(await bothConnections()).size).toBe(2);
  });

  it('do not count where a server that is read-only answers', async () => {
    await dataSource.destroy();
    await connect({ options: '-c default_transaction_read_only=on' });
    expect(await failureOf(read())).toMatchObject({ name: 'NotPrimaryError' });
  });

  it('leave the other connection when one broke, and lose neither', async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    await bothConnections();
    fault = { code: '57P01', afterMs: 0 };
    await read();
    const other = primary.readWith(READ_PID, 60_000, () => released);
    await until('one connection is in use', () => asked.length === 5);
    await expect(read()).resolves.toHaveLength(1);
    release();
    await other;
  });

  it('stay on the other connection when one only failed', async () => {
    const both = await bothConnections();
    await failureOf(primary.read(statement('SELECT 1/0'), TIMEOUT_MS));
    const [[pid]] = (await read()) as [[number]];
    expect(both).toContain(pid);
  });

  it('fail with the cause also when they are closed meanwhile', async () => {
    // A busy machine takes a part of it to open the connection.
    const hanging = failureOf(primary.read(HANGING, 3000));
    const closed = primary.close();
    expect(await hanging).toMatchObject({ message: expect.stringMatching(/timeout/) });
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
    await primary.close();
    primary = new Primary(poolOf);
    asked.length = 0;
    fault = { code: '26000', afterMs: 100 };
    await failureOf(read(50));
    expect(asked.slice(1).map(({ query_timeout }) => query_timeout)).toEqual(
      asked.slice(1).map(() => 1),
    );
  });
});

describe('a pool that the application has used up', () => {
  it('holds up neither a read nor a write', async () => {
    await dataSource.destroy();
    await connect({ max: 1 });
    const holder = dataSource.createQueryRunner();
    await holder.connect();
    expect(await read()).toHaveLength(1);
    expect(await primary.run(PID, TIMEOUT_MS)).toHaveLength(1);
    await holder.release();
  });
});

describe('when the time is over', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['write', () => run("INSERT INTO secrets VALUES (2, 'another')")],
    ['read', () => read()],
  ])('no %s is sent on a connection that comes after all', async (_, ask) => {
    let mend!: () => void;
    network = new Promise((resolve) => (mend = resolve));
    const failing = failureOf(ask());
    // The timer that gives up the wait has not run yet.
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + TIMEOUT_MS);
    mend();
    expect(await failing).toBeInstanceOf(Error);
    expect(asked).toEqual([]);
  });
});

describe('a pooler that takes no limit at the server', () => {
  beforeEach(() => void (isPooled = true));

  it('fails none of the first reads, many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => failureOf(read())));
    expect(new Set(answers)).toEqual(new Set(['no failure']));
  });

  it('fails none of the first writes, many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => failureOf(run('SELECT 1'))));
    expect(new Set(answers)).toEqual(new Set(['no failure']));
  });

  it('refuses the limit that the application itself sets', async () => {
    await dataSource.destroy();
    isPooled = false;
    await connect({ statement_timeout: 1000 });
    isPooled = true;
    await expect(read()).rejects.toThrow(REFUSED);
  });
});

describe('a write on a connection that was used before', () => {
  it.each([
    ['25006', 2],
    ['57P05', 2],
    ['40001', 1],
    ['40P01', 1],
  ])('is repeated after %s, by connection %i', async (code, connections) => {
    await run('SELECT 1');
    fault = { code, afterMs: 0 };
    expect(await failureOf(run('SELECT 2'))).toBe('no failure');
    expect(asked).toHaveLength(3);
    expect(made).toHaveLength(connections);
  });

  // The server may have done it.
  it.each(['57P01', '08006', 'ECONNRESET', 'EPIPE'])('is not repeated after %s', async (code) => {
    await run('SELECT 1');
    fault = { code, afterMs: 0 };
    await expect(run('SELECT 2')).rejects.toMatchObject({ cause: { code } });
    expect(asked).toHaveLength(2);
  });
});

describe('a write on a new connection', () => {
  it.each(['25006', '57P05'])('is not repeated after %s', async (code) => {
    fault = { code, afterMs: 0 };
    await expect(run('SELECT 2')).rejects.toMatchObject({ cause: { code } });
    expect(asked).toHaveLength(1);
  });
});

describe('a read on a new connection', () => {
  it.each(['40001', '40P01'])('is tried once more after %s', async (code) => {
    fault = { code, afterMs: 0 };
    expect(await read()).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  it.each(['57P01', '57P05', '08006', 'ECONNRESET', 'EPIPE'])(
    'is not tried again after %s',
    async (code) => {
      fault = { code, afterMs: 0 };
      await expect(read()).rejects.toMatchObject({ code });
      expect(asked).toHaveLength(1);
    },
  );
});

describe('a read on a connection that was used before', () => {
  it.each(['57P01', '57P05', '08006', 'ECONNRESET', 'EPIPE', '40001'])(
    'is tried once more after %s',
    async (code) => {
      await read();
      fault = { code, afterMs: 0 };
      expect(await read()).toHaveLength(1);
      expect(asked).toHaveLength(3);
    },
  );

  it.each(['42P01', '57014'])('is not tried again after %s', async (code) => {
    await read();
    fault = { code, afterMs: 0 };
    await expect(read()).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(2);
  });
});
