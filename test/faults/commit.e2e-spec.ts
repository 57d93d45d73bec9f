import type { EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApp, PLATFORMS, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { expectNothingUnhandled, rowOf, versionOf } from '../support/faults/outages.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { createUser } from '../support/users.js';

let database: TestDatabase;
let proxy: TcpProxy;

beforeAll(async () => {
  database = await createDatabase();
  proxy = await TcpProxy.open(database.url);
});

afterAll(async () => {
  await proxy?.close();
  await database?.drop();
});

// Also after a test that failed, which is not to fail the others.
afterEach(() => proxy?.heal());

expectNothingUnhandled();

/** Part of each statement that invalidates on its own; it commits by itself. */
const UPDATE = 'UPDATE "users"';
/** When the connection breaks, and what has become of the invalidation. */
const BREAKS = [
  ['is reset before the database has it', 'unsent', 0],
  ['is reset when it is committed', 'answered', 1],
] as const;

describe.each(PLATFORMS)('on %s, an invalidation whose connection', (platform) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createApp({ url: proxy.url, platform, module: { retryAfter: '7s' } });
  });

  afterAll(() => app?.close());

  it.each(BREAKS)('%s is 503 and no success', async (_, when, version) => {
    const user = await createUser(app.dataSource);
    const token = app.issuer.issue(user);
    proxy.resetAt(UPDATE, when);
    const answer = await app.post('/auth/logout-everywhere', token, { keepThisDevice: true });
    await proxy.heal();

    expect(answer).toMatchObject({ status: 503, body: { errorCode: 'token_state_unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(answer.body).not.toHaveProperty('access_token');
    expect(await versionOf(database.url, user.id)).toBe(version);
    expect(await app.ask(token)).toBe(version === 0 ? 200 : '401 logged_out_everywhere');
  });
});

describe('what TokenInvalidator says', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createApp({ url: proxy.url });
  });

  afterAll(() => app?.close());

  const CALLS: Record<string, (id: string, transaction?: EntityManager) => Promise<unknown>> = {
    logoutEverywhere: (id, transaction) => app.invalidator.logoutEverywhere(id, { transaction }),
    invalidateAfterPasswordChange: (id, transaction) =>
      app.invalidator.invalidateAfterPasswordChange(id, { transaction }),
    invalidate: (id, transaction) => app.invalidator.invalidate(id, { transaction }),
    changePassword: async (id, transaction) => {
      const replacement = { currentHash: await hashOf(id), newHash: 'new' };
      return app.invalidator.changePassword(id, replacement, { transaction });
    },
  };

  describe.each(Object.keys(CALLS))('%s', (method) => {
    it.each(BREAKS)('does not resolve when the connection %s', async (_, when, version) => {
      const { id } = await createUser(app.dataSource);
      proxy.resetAt(UPDATE, when);
      await expect(CALLS[method]!(id)).rejects.toMatchObject({
        name: 'TokenStateUnavailableError',
      });
      await proxy.heal();
      expect(await versionOf(database.url, id)).toBe(version);
    });

    it.each(BREAKS)(
      'is not done when the connection of its transaction %s, for all that the caller knows',
      async (_, when, version) => {
        const { id } = await createUser(app.dataSource);
        proxy.resetAt('COMMIT', when);
        const transaction = app.dataSource.transaction((manager) => CALLS[method]!(id, manager));
        await expect(transaction).rejects.toThrow(/ECONNRESET|terminated/);
        await proxy.heal();
        expect(await versionOf(database.url, id)).toBe(version);
      },
    );
  });

  it.each([
    ['is reset before the database has it', 'unsent', false],
    ['is reset when it is committed', 'answered', true],
  ] as const)(
    'invalidateEveryone does not resolve when the connection %s',
    async (_, when, done) => {
      proxy.resetAt('INSERT INTO "users_token_invalidation"', when);
      await expect(app.invalidator.invalidateEveryone()).rejects.toMatchObject({
        name: 'TokenStateUnavailableError',
      });
      await proxy.heal();
      const sql = 'SELECT everyone_logged_out_at AS at FROM users_token_invalidation';
      const row = await rowOf<{ at: Date | null }>(database.url, sql);
      expect(Boolean((row as typeof row | undefined)?.at)).toBe(done);
    },
  );
});

async function hashOf(id: string): Promise<string> {
  const sql = 'SELECT password_hash AS hash FROM users WHERE id = $1';
  return (await rowOf<{ hash: string }>(database.url, sql, [id])).hash;
}
