import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { openHolder } from '../support/faults/holder.js';
import { expectNothingUnhandled, rowOf } from '../support/faults/outages.js';
import { until } from '../support/until.js';
import { createUser } from '../support/users.js';

const role = `tti_role_${randomBytes(8).toString('hex')}`;
let database: TestDatabase;
/** With the role whose connections are few. */
let url: string;
let app: TestApp | undefined;
const lines: unknown[] = [];

expectNothingUnhandled();

beforeAll(async () => {
  database = await createDatabase();
  await rowOf(database.url, `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  await rowOf(database.url, `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
  url = Object.assign(new URL(database.url), { username: role, password: 'secret' }).href;
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(async () => {
  if (database === undefined) return;
  await rowOf(database.url, `DROP OWNED BY ${role}`);
  await rowOf(database.url, `DROP ROLE ${role}`);
  await database.drop();
});

async function connections(): Promise<number> {
  const sql = 'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1';
  return (await rowOf<{ count: number }>(database.url, sql, [role])).count;
}

/** An application whose own pool has one connection, open for good, where so many are free besides. */
async function boot(free: number): Promise<TestApp> {
  // The server counts a connection that was closed until its process has ended.
  await until('nobody is connected', async () => (await connections()) === 0);
  await rowOf(database.url, `ALTER ROLE ${role} CONNECTION LIMIT ${1 + free}`);
  app = await createApp({
    url,
    // A busy machine is no outage.
    module: { readTimeout: 20 },
    store: { writeTimeout: 20 },
    typeorm: { poolSize: 1, extra: { idleTimeoutMillis: 0 } },
  });
  lines.length = 0;
  Logger.overrideLogger({
    log: () => undefined,
    warn: () => undefined,
    error: (line: unknown) => void lines.push(line),
  });
  return app;
}

it('with many free, no more are used than six', async () => {
  const node = await boot(20);
  const users = await Promise.all(Array.from({ length: 20 }, () => createUser(node.dataSource)));
  const tokens = users.map((user) => node.issuer.issue(user));
  await Promise.all([
    ...users.map(({ id }) => node.invalidator.logoutEverywhere(id)),
    ...tokens.map((token) => node.ask(token)),
  ]);
  expect(await connections()).toBeLessThanOrEqual(1 + 6);
});

describe.each([1, 2])('with %i free', (free) => {
  it('every check is answered over what there is, and every logout', async () => {
    const node = await boot(free);
    const user = await createUser(node.dataSource);
    const other = await createUser(node.dataSource);
    const token = node.issuer.issue(user);
    for (let round = 0; round < 10; round++) {
      const checks = Array.from({ length: 20 }, () => node.ask(token));
      const logout = node.invalidator.logoutEverywhere(other.id);
      const [answers] = await Promise.all([
        Promise.all(checks),
        expect(logout).resolves.toMatchObject({ version: round + 1 }),
      ]);
      expect(new Set(answers)).toEqual(new Set([200]));
    }
    await node.invalidator.invalidateEveryone();
    expect(lines).toEqual([]);
  });
});

it('with one free, a logout waits for the connection that a check uses', async () => {
  const node = await boot(1);
  const user = await createUser(node.dataSource);
  const token = node.issuer.issue(user);
  const holder = await openHolder(database.url);
  await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
  const check = node.ask(token);
  await until('the check waits', async () => (await waiting()) === 1);

  const refused = countRefused();
  const logout = node.invalidator.logoutEverywhere(user.id).then(
    ({ version }) => version,
    (error: Error) => error.name,
  );
  await until('the server has refused one for writes', () => refused.count > 0);
  await holder.query('ROLLBACK');
  expect(await Promise.all([check, logout])).toEqual([200, 1]);
});

async function waiting(): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'`;
  return (await rowOf<{ count: number }>(database.url, sql, [role])).count;
}

type Connected = (error?: Error) => void;

/** Counts the connections of pools that a server refuses from now on. */
function countRefused(): { readonly count: number } {
  const refused = { count: 0 };
  // Bound to the client below: pools connect with a callback, and others without one.
  const connect = Reflect.get(Client.prototype, 'connect') as (connected?: Connected) => unknown;
  const spy = vi.spyOn(Client.prototype, 'connect');
  spy.mockImplementation(function (this: Client, connected?: Connected) {
    const noted = (error?: Error) => {
      if (error) refused.count += 1;
      connected!(error);
    };
    return connect.call(this, connected && noted);
  } as never);
  onTestFinished(() => spy.mockRestore());
  return refused;
}

describe('with none free', () => {
  it('boot says so', async () => {
    await expect(boot(0)).rejects.toThrow(/the server has no connection left .* raise/);
  });
});
