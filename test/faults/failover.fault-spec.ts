import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunningPostgres,
  startPostgres,
} from '../../tools/embedded-postgres/embedded-postgres.js';
import { createApp, PLATFORMS, type TestApp } from '../support/create-app.js';
import { migrateTemplate } from '../support/database.js';
import {
  expectNothingUnhandled,
  expectRecovery,
  UNAVAILABLE,
  versionOf,
} from '../support/faults/outages.js';
import { type Standby, startStandby } from '../support/faults/standby.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { createUser, PASSWORD } from '../support/users.js';

let primary: RunningPostgres;

expectNothingUnhandled();

beforeAll(async () => {
  primary = await startPostgres();
  await migrateTemplate(primary.url);
});

afterAll(() => primary?.stop());

describe.each(PLATFORMS)('on %s, when PostgreSQL is restarted', (platform) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createApp({ url: primary.url, platform });
  });

  afterAll(() => app?.close());

  it('amid requests, each is accepted or 503, and all are accepted soon after', async () => {
    const token = app.issuer.issue(await createUser(app.dataSource));
    const answers = new Set<unknown>();
    const over = new AbortController();
    const asking = Array.from({ length: 10 }, async () => {
      while (!over.signal.aborted) answers.add(await app.ask(token));
    });
    const restart = async () => {
      try {
        await primary.takeDown();
        await primary.bringBack();
        await expectRecovery(app, token);
      } finally {
        over.abort();
      }
    };
    await Promise.all([...asking, restart()]);
    answers.delete(200);
    expect(answers).toEqual(new Set([UNAVAILABLE]));
  });
});

describe('when a standby takes over that lacks the last commits', () => {
  let replication: TcpProxy;
  let standby: Standby;
  let proxy: TcpProxy;
  let app: TestApp;

  beforeEach(async () => {
    replication = await TcpProxy.open(primary.url);
    standby = await startStandby(replication.url);
    proxy = await TcpProxy.open(primary.url);
    app = await createApp({ url: proxy.url });
  });

  afterEach(async () => {
    await app?.close();
    await proxy?.close();
    await standby?.stop();
    await replication?.close();
  });

  it('tokens of lost versions are ahead; what only a lost invalidation ended lives until it is done again', async () => {
    const user = await createUser(app.dataSource);
    const untouched = app.issuer.issue(await createUser(app.dataSource));
    const dead = app.issuer.issue(user);
    await app.invalidator.logoutEverywhere(user.id);
    const kept = await app.login(user.email, PASSWORD);
    await standby.catchUpWith(primary.url);

    replication.halfOpen();
    await app.invalidator.logoutEverywhere(user.id);
    const lost = await app.login(user.email, PASSWORD);
    expect([await app.ask(lost), await app.ask(kept)]).toEqual([200, '401 logged_out_everywhere']);

    await standby.promote();
    proxy.switchTo(standby.url);
    await expectRecovery(app, untouched);
    expect(await versionOf(standby.url, user.id)).toBe(1);
    expect(await app.ask(lost)).toBe('401 version_ahead');
    expect(await app.ask(dead)).toBe('401 logged_out_everywhere');

    expect(await app.ask(kept)).toBe(200);
    await app.invalidator.logoutEverywhere(user.id);
    expect(await app.ask(kept)).toBe('401 logged_out_everywhere');
    expect(await app.ask(await app.login(user.email, PASSWORD))).toBe(200);
  });
});
