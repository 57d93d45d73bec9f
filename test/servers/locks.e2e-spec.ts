import { Client } from 'pg';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  expectNothingUnhandled,
  expectRecovery,
  rowOf,
  UNAVAILABLE,
  versionOf,
} from '../support/faults/outages.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { until } from '../support/until.js';
import { createUser } from '../support/users.js';

/** Two connections for reads and four for writes. */
const OURS = 6;
const WAITING = `SELECT count(*)::int AS count FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'`;

let database: TestDatabase;
let proxy: TcpProxy;
let app: TestApp;
/** Another program, which holds a lock. */
let holder: Client;

expectNothingUnhandled();

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database?.drop());

beforeEach(async () => {
  proxy = await TcpProxy.open(database.url);
  app = await createApp({
    url: proxy.url,
    // A busy machine boots within it.
    module: { readTimeout: 1 },
    store: { writeTimeout: 1 },
  });
  holder = new Client(database.url);
  await holder.connect();
  await holder.query('BEGIN');
});
afterEach(async () => {
  await holder?.end();
  await app?.close();
  await proxy?.close();
});

async function waiting(): Promise<number> {
  return (await rowOf<{ count: number }>(database.url, WAITING)).count;
}

function untilNobodyWaits(): Promise<void> {
  return until('nobody waits', async () => (await waiting()) === 0);
}

describe('while the users table is locked', () => {
  it('no more backends wait than there are connections, and none for what was given up', async () => {
    const user = await createUser(app.dataSource);
    const token = app.issuer.issue(user);
    await expectRecovery(app, token);
    await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');

    for (let round = 0; round < 8; round++) {
      const logout = app.invalidator.logoutEverywhere(user.id);
      await expect(logout).rejects.toMatchObject({ name: 'TokenStateUnavailableError' });
      expect(await app.ask(token)).toBe(UNAVAILABLE);
      expect(await waiting()).toBeLessThanOrEqual(OURS);
    }
    await untilNobodyWaits();

    await holder.query('ROLLBACK');
    await expectRecovery(app, token);
    expect(await versionOf(database.url, user.id)).toBe(0);
  });

  it('a process that vanished leaves nobody waiting', async () => {
    // Even a busy machine sees its check wait.
    const patient = await createApp({ url: proxy.url, module: { readTimeout: 5 } });
    onTestFinished(() => patient.close());
    const token = patient.issuer.issue(await createUser(app.dataSource));
    await expectRecovery(patient, token);
    await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const asking = patient.ask(token);
    await until('the check waits', async () => (await waiting()) > 0);
    proxy.halfOpen();
    expect(await asking).toBe(UNAVAILABLE);
    await untilNobodyWaits();
    await proxy.heal();
  });
});

describe('while a user’s row is locked', () => {
  it('no more backends wait than there are connections for writes, and others are logged out', async () => {
    const [user, other] = [await createUser(app.dataSource), await createUser(app.dataSource)];
    await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [user.id]);

    for (let round = 0; round < 8; round++) {
      const logout = app.invalidator.logoutEverywhere(user.id);
      await expect(logout).rejects.toMatchObject({ name: 'TokenStateUnavailableError' });
      expect(await waiting()).toBeLessThanOrEqual(4);
    }
    await untilNobodyWaits();
    expect(await app.invalidator.logoutEverywhere(other.id)).toMatchObject({ version: 1 });
    expect(await versionOf(database.url, user.id)).toBe(0);
  });

  it('a check does not wait', async () => {
    const user = await createUser(app.dataSource);
    const token = app.issuer.issue(user);
    await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [user.id]);
    await expectRecovery(app, token);
    expect(await waiting()).toBe(0);
  });
});

describe('an open insert that refers to the user', () => {
  it('holds up no invalidation, and no changed password', async () => {
    const create = 'CREATE TABLE logins (user_id uuid NOT NULL REFERENCES users (id))';
    await rowOf(database.url, create);
    // Limits that only what waits for the insert reaches.
    const limits = { module: { readTimeout: 20 }, store: { writeTimeout: 20 } };
    const patient = await createApp({ url: database.url, ...limits });
    onTestFinished(() => patient.close());
    const user = await createUser(patient.dataSource);
    const token = patient.issuer.issue(user);
    await holder.query('INSERT INTO logins VALUES ($1)', [user.id]);
    expect(await patient.invalidator.logoutEverywhere(user.id)).toMatchObject({ version: 1 });
    expect(await patient.ask(token)).toBe('401 logged_out_everywhere');
    const sql = 'SELECT password_hash AS hash FROM users WHERE id = $1';
    const { hash } = await rowOf<{ hash: string }>(database.url, sql, [user.id]);
    const replacement = { currentHash: hash, newHash: 'another' };
    expect(await patient.invalidator.changePassword(user.id, replacement)).toMatchObject({
      version: 2,
    });
  });
});
