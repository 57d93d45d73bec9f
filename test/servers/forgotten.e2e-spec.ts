import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
  vi,
} from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { openHolder } from '../support/faults/holder.js';
import {
  expectNothingUnhandled,
  isInTime,
  rowOf,
  timed,
  versionOf,
} from '../support/faults/outages.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { until } from '../support/until.js';
import type { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

/** Of which a busy machine needs a part. */
const LIMIT_MS = 6000;
/** At the least as long as a busy machine takes from opening a connection to the first statement. */
const SERVER_IDLE_MS = 1000;
/** The statements that wait for a lock, each with a name. */
const WAITING = `SELECT coalesce(array_agg(pid || ' since ' || query_start), '{}') AS statements FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'`;
const HAS_IDLE_TIMEOUT = inject('serverVersion') >= 140_000;

let database: TestDatabase;
let proxy: TcpProxy;
let app: TestApp;
/** Of one user of each kind, made before any connection of the application is broken. */
let token: string;
let leaving: User;
/** By how much time seems to have passed. */
let passedMs = 0;

expectNothingUnhandled();

beforeAll(async () => {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);
  database = await createDatabase();
  proxy = await TcpProxy.open(database.url);
  app = await createApp({ url: proxy.url, module: { readTimeout: LIMIT_MS / 1000 } });
  token = app.issuer.issue(await createUser(app.dataSource));
  leaving = await createUser(app.dataSource);
});
afterEach(async () => {
  await proxy?.heal();
  proxy?.resetAll();
});
afterAll(async () => {
  await app?.close();
  await proxy?.close();
  await database?.drop();
  vi.restoreAllMocks();
});

/** Both read connections are open, and nothing was asked for a minute. */
async function idle(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.ask(token)));
    expect(new Set(answers)).toEqual(new Set([200]));
  }
  passedMs += 60_000;
}

describe('connections that a firewall forgot while they were idle', () => {
  it('cost a check a part of its time limit, and no 503', async () => {
    await idle();
    proxy.forget();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => timed(app.get('/auth/me', token))),
    );
    for (const { status, tookMs } of answers) {
      expect(status).toBe(200);
      expect(await isInTime(app, { tookMs, limitMs: LIMIT_MS })).toBe(true);
    }
    expect(await app.ask(token)).toBe(200);
  });

  it('that are reset when a check comes cost no 503', async () => {
    await idle();
    proxy.resetOldAt('token_state_');
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.ask(token)));
    expect(new Set(answers)).toEqual(new Set([200]));
  });

  it('that are reset when a check comes amid traffic cost no 503', async () => {
    expect(await app.ask(token)).toBe(200);
    proxy.resetOldAt('token_state_');
    expect(await app.ask(token)).toBe(200);
  });

  it('that the server ends when a check comes cost no 503', async () => {
    for (let round = 0; round < 20; round++) {
      expect(await app.ask(token)).toBe(200);
      const [, ...answers] = await Promise.all([
        rowOf(
          database.url,
          `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '% AS asked %'`,
        ),
        ...Array.from({ length: 5 }, () => app.ask(token)),
      ]);
      expect(new Set(answers)).toEqual(new Set([200]));
    }
  });

  it.runIf(HAS_IDLE_TIMEOUT)(
    'that the server ends when they are idle, in step with the traffic, cost no 503',
    async () => {
      const options = `-c idle_session_timeout=${SERVER_IDLE_MS}`;
      const extra = { application_name: 'impatient', options };
      const node = await createApp({ url: database.url, typeorm: { extra } });
      onTestFinished(() => node.close());
      // By a pool whose connections the server leaves alone.
      const [user, other] = [await createUser(app.dataSource), await createUser(app.dataSource)];
      const ofUser = node.issuer.issue(user);
      const open = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'impatient'`;
      const isGone = async () => (await rowOf<{ count: number }>(database.url, open)).count === 0;
      for (let round = 0; round < 6; round += 1) {
        const answers = await Promise.all(Array.from({ length: 5 }, () => node.ask(ofUser)));
        expect(new Set(answers)).toEqual(new Set([200]));
        expect(await node.invalidator.logoutEverywhere(other.id)).toMatchObject({
          version: round + 1,
        });
        if (round % 2 === 0) await until('the server has ended them', isGone);
      }
    },
  );

  it('that only were slow answer in time', async () => {
    await idle();
    const holder = await openHolder(database.url);
    await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const asking = timed(app.get('/auth/me', token));
    // After a part of its time limit the check takes the answer for lost.
    const asked = new Set<string>();
    await until('it asks once more', async () => {
      const { statements } = await rowOf<{ statements: string[] }>(database.url, WAITING);
      for (const statement of statements) asked.add(statement);
      return asked.size > 1;
    });
    await holder.query('ROLLBACK');
    const { status, tookMs } = await asking;
    expect(status).toBe(200);
    expect(await isInTime(app, { tookMs, limitMs: LIMIT_MS })).toBe(true);
  });

  it('fail no logout that comes after a while', async () => {
    await idle();
    proxy.forget();
    const { version } = await app.invalidator.logoutEverywhere(leaving.id);
    expect(version).toBe(await versionOf(database.url, leaving.id));
    expect(await app.ask(app.issuer.issue(leaving))).toBe('401 logged_out_everywhere');
  });
});
