import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApp, PLATFORMS, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  expectNothingUnhandled,
  expectRecovery,
  expectUnavailable,
  soon,
  versionOf,
} from '../support/faults/outages.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { until } from '../support/until.js';
import { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

const LIMIT_MS = 300;

interface Fault {
  readonly name: string;
  readonly strike: (proxy: TcpProxy) => Promise<void> | void;
  /** What is sent arrives, and only the answer is missing: an invalidation may have happened. */
  readonly arrives?: boolean;
}

const FAULTS: readonly Fault[] = [
  { name: 'refuses', strike: (proxy) => proxy.refuse() },
  { name: 'accepts and is silent', strike: (proxy) => proxy.silence() },
  { name: 'answers one byte a second', strike: (proxy) => proxy.drip(), arrives: true },
  {
    name: 'answers new connections one byte a second',
    strike: (proxy) => {
      proxy.resetAll();
      proxy.drip();
    },
  },
  { name: 'is half-open', strike: (proxy) => proxy.halfOpen() },
  { name: 'resets before it answers', strike: (proxy) => proxy.cutAfter(0), arrives: true },
  { name: 'resets amid an answer', strike: (proxy) => proxy.cutAfter(50), arrives: true },
];

describe.each(PLATFORMS)('on %s, when the way to the database', (platform) => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let app: TestApp;
  /** Around the proxy: the application's own pool may not have noticed yet that a connection of it was reset. */
  let direct: DataSource;

  beforeAll(async () => {
    database = await createDatabase();
    direct = new DataSource({ type: 'postgres', url: database.url, entities: [User] });
    await direct.initialize();
    proxy = await TcpProxy.open(database.url);
    const limit = LIMIT_MS / 1000;
    const module = { readTimeout: limit, retryAfter: '7s' };
    // Boot keeps to it too, and a busy machine boots within it.
    const store = { writeTimeout: 1 };
    // Without a limit, TypeORM's pool waits for ever for a connection that is accepted and silent.
    const typeorm = { connectTimeoutMS: 1000 };
    app = await createApp({ url: proxy.url, platform, module, store, typeorm });
    // Code that has never run is slow, and time is measured.
    const token = app.issuer.issue(await createUser(direct));
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 10 }, () => app.ask(token)));
    }
  });

  afterAll(async () => {
    await app?.close();
    await proxy?.close();
    await direct?.destroy();
    await database?.drop();
  });

  // Also after a test that failed, which is not to fail the others. The application's own pool would wait for ever for
  // the connections that it has lost.
  afterEach(async () => {
    await proxy?.heal();
    proxy?.resetAll();
  });

  expectNothingUnhandled();

  it.each(FAULTS)(
    '$name, every check is 503 in time, no invalidation claims success, and all is well soon after',
    async ({ strike, arrives }) => {
      const asking = app.issuer.issue(await createUser(direct));
      const leaving = await createUser(direct);
      const leavingToken = app.issuer.issue(leaving);
      // Which a busy machine may not manage within the limit at once.
      for (const token of [asking, leavingToken]) await expectRecovery(app, token);
      await strike(proxy);

      for (let round = 0; round < 2; round++) await expectUnavailable(app, asking, LIMIT_MS);
      expect(await app.ask('not.a.token')).toBe('401 token_invalid');
      await expectNoSuccess(app, leaving.id, leavingToken);

      await proxy.heal();
      await expectRecovery(app, asking);
      const version = await versionOf(database.url, leaving.id);
      expect(version === 0 || arrives).toBe(true);
      // What can be done again is done, whether it had happened or not.
      let done = 0;
      await soon(async () => {
        const outcome = app.invalidator.logoutEverywhere(leaving.id);
        done = await outcome.then((receipt) => receipt.version).catch(() => 0);
        return done > 0;
      });
      expect(done).toBeGreaterThan(version);
      expect(await versionOf(database.url, leaving.id)).toBe(done);
    },
  );

  it('has forgotten all connections without a word, one check pays for all of them', async () => {
    const token = app.issuer.issue(await createUser(direct));
    // Many at once, so that the reads have all the connections that they can.
    await Promise.all(Array.from({ length: 30 }, () => app.ask(token)));
    proxy.forget();
    expect(await app.ask(token)).toBe('503 token_state_unavailable');
    await expectRecovery(app, token);
    // The other connection for reads goes with the one that did not answer, and one of the application's may stay.
    await until('both are gone', async () => {
      await app.ask(token);
      return proxy.forgotten <= 1;
    });
  });
});

/** The endpoint, a route of the application's own, and the service: none of them can know that it has happened. */
async function expectNoSuccess(app: TestApp, userId: string, token: string): Promise<void> {
  const { invalidator } = app;
  const [endpoint, own, ...calls] = await Promise.all([
    app.post('/auth/logout-everywhere', token),
    app.post(`/auth/open/logout/${userId}`),
    failureOf(invalidator.logoutEverywhere(userId)),
    failureOf(invalidator.invalidateAfterPasswordChange(userId)),
    failureOf(invalidator.invalidate(userId)),
  ]);
  for (const answer of [endpoint, own]) {
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('7');
  }
  expect(new Set(calls)).toEqual(new Set(['TokenStateUnavailableError']));
}

function failureOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'success',
    (error: Error) => error.name,
  );
}
