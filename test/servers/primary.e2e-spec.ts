import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';
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
import {
  type RunningPostgres,
  startPostgres,
} from '../../tools/embedded-postgres/embedded-postgres.js';
import { createApp, type TestApp } from '../support/create-app.js';
import { migrateTemplate } from '../support/database.js';
import {
  expectNothingUnhandled,
  expectRecovery,
  rowOf,
  UNAVAILABLE,
} from '../support/faults/outages.js';
import { type Standby, startStandby } from '../support/faults/standby.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { HookedUser } from '../support/hooked-user.entity.js';
import { until } from '../support/until.js';
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

const RESUME = 'SELECT pg_wal_replay_resume()';

let primary: RunningPostgres;
let standby: Standby;
/** What the name of the database leads to. */
let proxy: TcpProxy;
let node: TestApp;

expectNothingUnhandled();

async function start(): Promise<void> {
  primary = await startPostgres();
  await migrateTemplate(primary.url);
  standby = await startStandby(primary.url);
  proxy = await TcpProxy.open(primary.url);
}

async function stop(): Promise<void> {
  await node?.close();
  await proxy?.close();
  await standby?.stop();
  await primary?.stop();
}

async function makeReadOnly(how: 'on' | 'off'): Promise<void> {
  await rowOf(primary.url, `ALTER SYSTEM SET default_transaction_read_only TO ${how}`);
  await rowOf(primary.url, 'SELECT pg_reload_conf()');
  const sql = "SELECT current_setting('default_transaction_read_only') AS is";
  await until('the setting is loaded', async () => {
    return (await rowOf<{ is: string }>(primary.url, sql)).is === how;
  });
}

describe('an old primary that was made read-only and stays reachable', () => {
  let other: TestApp;

  beforeEach(async () => {
    await start();
    node = await createApp({ url: proxy.url });
  });
  afterEach(async () => {
    await other?.close();
    await stop();
  });

  async function failOver(): Promise<void> {
    await standby.catchUpWith(primary.url);
    await makeReadOnly('on');
    await standby.promote();
    proxy.redirect(standby.url);
    other = await createApp({ url: standby.url });
  }

  it('accepts no token that was invalidated on the new one', async () => {
    const user = await createUser(node.dataSource);
    const token = node.issuer.issue(user);
    expect(await Promise.all([node.ask(token), node.ask(token)])).toEqual([200, 200]);
    await failOver();
    await other.invalidator.logoutEverywhere(user.id);

    expect(await node.ask(token)).not.toBe(200);
    let answer: unknown = UNAVAILABLE;
    await until('the node answers', async () => (answer = await node.ask(token)) !== UNAVAILABLE);
    expect(answer).toBe('401 logged_out_everywhere');
  });

  it('fails no logout', async () => {
    const user = await createUser(node.dataSource);
    const token = node.issuer.issue(user);
    await node.invalidator.logoutEverywhere((await createUser(node.dataSource)).id);
    await failOver();

    expect(await node.post('/auth/logout-everywhere', token)).toMatchObject({ status: 204 });
    expect(await node.ask(token)).toBe('401 logged_out_everywhere');
    expect(await other.ask(token)).toBe('401 logged_out_everywhere');
  });
});

describe('a name that leads to a standby for a moment', () => {
  const lines: unknown[] = [];

  beforeAll(async () => {
    await start();
    node = await createApp({ url: proxy.url });
    Logger.overrideLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (line: unknown) => void lines.push(line),
    });
  });
  afterAll(stop);
  afterEach(async () => {
    proxy.switchTo(primary.url);
    lines.length = 0;
  });

  it('accepts nothing while it does, and everything afterwards; one line says so', async () => {
    const token = node.issuer.issue(await createUser(node.dataSource));
    await standby.catchUpWith(primary.url);
    expect(await node.ask(token)).toBe(200);
    proxy.switchTo(standby.url);

    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(Array.from({ length: 5 }, () => node.ask(token)));
      expect(new Set(answers)).toEqual(new Set([UNAVAILABLE]));
    }
    expect(lines).toHaveLength(1);
    proxy.redirect(primary.url);
    await expectRecovery(node, token);
  });

  it('calls no user unknown whom the standby has not got yet', async () => {
    await rowOf(standby.url, 'SELECT pg_wal_replay_pause()');
    onTestFinished(async () => void (await rowOf(standby.url, RESUME)));
    const token = node.issuer.issue(await createUser(node.dataSource));
    proxy.switchTo(standby.url);
    expect(await node.ask(token)).toBe(UNAVAILABLE);
    await rowOf(standby.url, RESUME);
    proxy.redirect(primary.url);
    await expectRecovery(node, token);
  });

  it('logs nobody out by it, and reports no success', async () => {
    const user = await createUser(node.dataSource);
    const token = node.issuer.issue(user);
    await standby.catchUpWith(primary.url);
    proxy.switchTo(standby.url);
    const failure = { name: 'TokenStateUnavailableError' };
    await expect(node.invalidator.logoutEverywhere(user.id)).rejects.toMatchObject(failure);
    await expect(node.invalidator.invalidateEveryone()).rejects.toMatchObject(failure);
    proxy.redirect(primary.url);
    await expectRecovery(node, token);
    expect(await node.invalidator.logoutEverywhere(user.id)).toMatchObject({ version: 1 });
  });

  it('is accepted again by the very connections when the standby is promoted', async () => {
    const user = await createUser(node.dataSource);
    const token = node.issuer.issue(user);
    await standby.catchUpWith(primary.url);
    proxy.switchTo(standby.url);
    expect(await node.ask(token)).toBe(UNAVAILABLE);
    await standby.promote();
    await expectRecovery(node, token);
  });
});

/** A user whose token was accepted, so that the connections for reads are open. */
async function loginAsHooked(): Promise<{ user: User; token: string }> {
  const user = await createUser(node.dataSource);
  const token = node.issuer.issue(
    (await node.dataSource.manager.findOneByOrFail(HookedUser, { id: user.id })) as never,
  );
  expect(await node.ask(token)).toBe(200);
  return { user, token };
}

describe('a record that TypeORM has to load', () => {
  beforeEach(async () => {
    await start();
    node = await createApp({
      url: proxy.url,
      entities: [User, HookedUser],
      store: { entity: HookedUser },
      typeorm: { poolSize: 1 },
    });
  });
  afterEach(stop);

  it('does not come from an old primary that the application’s pool still leads to', async () => {
    const { user, token } = await loginAsHooked();
    await standby.catchUpWith(primary.url);
    await makeReadOnly('on');
    await standby.promote();
    proxy.redirect(standby.url);
    await rowOf(standby.url, 'UPDATE users SET active = false WHERE id = $1', [user.id]);

    let answer: unknown = UNAVAILABLE;
    await until('the node answers', async () => (answer = await node.ask(token)) !== UNAVAILABLE);
    expect(answer).toBe('401 user_inactive');
  });

  it('does not come from a standby that the application’s pool leads to for a moment', async () => {
    const { user, token } = await loginAsHooked();
    await standby.catchUpWith(primary.url);
    await rowOf(standby.url, 'SELECT pg_wal_replay_pause()');
    await rowOf(primary.url, "UPDATE users SET role = 'operator' WHERE id = $1", [user.id]);
    const { master } = node.dataSource.driver as unknown as { master: Pool };
    proxy.redirect(standby.url);
    // What the application does to its own connection: the next one leads to the standby.
    (await master.connect()).release(true);
    expect(await node.dataSource.manager.findOneBy(User, { id: user.id })).toMatchObject({
      role: 'member',
    });

    const { status, body } = await node.get('/auth/me', token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ role: 'operator' });
  });
});

describe('boot', () => {
  beforeAll(start);
  afterAll(stop);

  it('on a standby is refused, with what to do', async () => {
    await standby.catchUpWith(primary.url);
    const booting = createApp({ url: standby.url }).then((app) => app.close());
    await expect(booting).rejects.toThrow(/the server is a standby: connect to the primary/);
  });

  it('on a primary that is read-only is refused, with what to do', async () => {
    await makeReadOnly('on');
    const booting = createApp({ url: primary.url }).then((app) => app.close());
    await expect(booting).rejects.toThrow(/transactions are read-only/);
    await makeReadOnly('off');
  });

  it('by a role that is read-only is refused, with what to do', async () => {
    await rowOf(primary.url, 'ALTER ROLE postgres SET default_transaction_read_only TO on');
    const booting = createApp({ url: primary.url }).then((app) => app.close());
    await expect(booting).rejects.toThrow(/default_transaction_read_only off for its role/);
    const writing = `${primary.url}?options=-c%20default_transaction_read_only%3Doff`;
    await rowOf(writing, 'ALTER ROLE postgres RESET ALL');
  });
});
