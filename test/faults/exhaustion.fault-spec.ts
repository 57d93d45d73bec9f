import { randomBytes } from 'node:crypto';
import type { DataSource, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, PLATFORMS, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { HookedUser } from '../support/hooked-user.entity.js';
import {
  expectNothingUnhandled,
  expectRecovery,
  expectUnavailable,
  rowOf,
  versionOf,
} from '../support/faults/outages.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

/** The usual one. What is expected of an application that is well a busy machine does within it. */
const LIMIT_MS = 2000;
const OPTIONS = { module: { readTimeout: LIMIT_MS / 1000, retryAfter: '7s' as const } };
const POOL_SIZE = 3;

let database: TestDatabase;

expectNothingUnhandled();

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(() => database?.drop());

describe.each(PLATFORMS)('on %s, when the application has used up its pool', (platform) => {
  let app: TestApp;

  beforeAll(async () => {
    const typeorm = { poolSize: POOL_SIZE };
    app = await createApp({ url: database.url, platform, typeorm, ...OPTIONS });
  });

  afterAll(() => app?.close());

  it('checks go on, and so do invalidations', async () => {
    const user = await createUser(app.dataSource);
    const token = app.issuer.issue(user);
    const giveBack = await useUpPool(app.dataSource);

    expect(await app.ask(token)).toBe(200);
    expect(await app.post('/auth/logout-everywhere', token)).toMatchObject({ status: 204 });
    expect(await app.invalidator.logoutEverywhere(user.id)).toMatchObject({ version: 2 });
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
    await giveBack();
  });
});

describe('when the application has used up its pool, and TypeORM loads the user', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createApp({
      url: database.url,
      store: { entity: HookedUser },
      entities: [User, HookedUser],
      typeorm: { poolSize: POOL_SIZE },
    });
  });

  afterAll(() => app?.close());

  it('checks go on', async () => {
    const token = app.issuer.issue(await createUser(app.dataSource));
    const giveBack = await useUpPool(app.dataSource);

    expect(await Promise.all(Array.from({ length: 10 }, () => app.ask(token)))).toEqual(
      Array.from({ length: 10 }, () => 200),
    );
    await giveBack();
  });
});

describe('when PostgreSQL has too many connections', () => {
  const role = `tti_role_${randomBytes(8).toString('hex')}`;
  let proxy: TcpProxy;
  let app: TestApp;

  beforeAll(async () => {
    await rowOf(database.url, `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await rowOf(database.url, `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'secret';
    proxy = await TcpProxy.open(url.href);
    app = await createApp({ url: proxy.url, ...OPTIONS });
  });

  afterAll(async () => {
    await app?.close();
    await proxy?.close();
    if (proxy === undefined) return;
    await rowOf(database.url, `DROP OWNED BY ${role}`);
    await rowOf(database.url, `DROP ROLE ${role}`);
  });

  it('checks go on over the connections that they keep', async () => {
    const token = app.issuer.issue(await createUser(app.dataSource));
    const ask = () => Promise.all(Array.from({ length: 20 }, () => app.ask(token)));
    expect(new Set(await ask())).toEqual(new Set([200]));
    await limitConnections(0);
    expect(new Set(await ask())).toEqual(new Set([200]));
    await limitConnections(-1);
  });

  it('every check is 503 once these are lost, no invalidation succeeds, and all is well soon after', async () => {
    const user = await createUser(app.dataSource);
    const token = app.issuer.issue(user);
    await limitConnections(0);
    proxy.resetAll();

    for (let round = 0; round < 2; round++) await expectUnavailable(app, token, LIMIT_MS);
    await expect(app.invalidator.logoutEverywhere(user.id)).rejects.toMatchObject({
      name: 'TokenStateUnavailableError',
      cause: { code: '53300' },
    });

    await limitConnections(-1);
    await expectRecovery(app, token);
    expect(await versionOf(database.url, user.id)).toBe(0);
  });

  /** -1: as many as the server has. */
  async function limitConnections(limit: number): Promise<void> {
    await rowOf(database.url, `ALTER ROLE ${role} CONNECTION LIMIT ${limit}`);
  }
});

/** Takes every connection of the pool, and returns what gives them back. */
async function useUpPool(dataSource: DataSource): Promise<() => Promise<void>> {
  const runners: QueryRunner[] = [];
  for (let index = 0; index < POOL_SIZE; index++) {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    runners.push(runner);
  }
  return async () => {
    for (const runner of runners) {
      await runner.rollbackTransaction();
      await runner.release();
    }
  };
}
