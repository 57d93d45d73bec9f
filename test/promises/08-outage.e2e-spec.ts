import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunningPostgres,
  startPostgres,
} from '../../tools/embedded-postgres/embedded-postgres.js';
import { createApp, PLATFORMS, type TestApp } from '../support/create-app.js';
import { createDatabase, migrateTemplate, type TestDatabase } from '../support/database.js';
import { expectRecovery, GRACE_MS, limitAsKept, timed } from '../support/faults/outages.js';
import { createUser, PASSWORD } from '../support/users.js';

describe.each(PLATFORMS)(
  'promise 8: on %s, a state that cannot be read is 503 with Retry-After',
  (platform) => {
    let server: RunningPostgres;
    let app: TestApp;

    beforeAll(async () => {
      server = await startPostgres();
      await migrateTemplate(server.url);
      app = await createApp({ url: server.url, platform, module: { retryAfter: '7s' } });
    });

    afterAll(async () => {
      await app?.close();
      await server?.stop();
    });

    it('while the database is gone: nobody is let in, nobody loses the login, nothing claims success', async () => {
      const user = await createUser(app.dataSource);
      const token = await app.login(user.email, PASSWORD);
      await server.takeDown();

      const answers = await Promise.all(
        Array.from({ length: 20 }, () => app.get('/auth/me', token)),
      );
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([503]));
      expect(answers[0]).toMatchObject({ body: { errorCode: 'token_state_unavailable' } });
      expect(answers[0]!.headers.get('retry-after')).toBe('7');
      expect(answers[0]!.headers.get('www-authenticate')).toBeNull();

      // A route of the application's own that calls the invalidator without a thought of outages.
      const own = await app.post(`/auth/open/logout/${user.id}`);
      for (const answer of [own, await app.post('/auth/logout-everywhere', token)]) {
        expect(answer).toMatchObject({
          status: 503,
          body: { errorCode: 'token_state_unavailable' },
        });
        expect(answer.headers.get('retry-after')).toBe('7');
      }
      for (const end of [
        'logoutEverywhere',
        'invalidateAfterPasswordChange',
        'invalidate',
      ] as const) {
        await expect(app.invalidator[end](user.id)).rejects.toMatchObject({ statusCode: 503 });
      }
      await expect(app.invalidator.invalidateEveryone()).rejects.toMatchObject({ statusCode: 503 });

      await server.bringBack();
      await expectRecovery(app, token);
      expect(await app.users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 0 });
    });

    it('a token that can be refused without the database is refused without it', async () => {
      const user = await createUser(app.dataSource);
      const expired = app.issuer.issue(user, { expiresIn: '1s' });
      await server.takeDown();
      app.clock.advance(1);
      expect(await app.ask(expired)).toBe('401 token_expired');
      expect(await app.ask('not.a.token')).toBe('401 token_invalid');
      await server.bringBack();
    });
  },
);

describe('promise 8: a read that does not come back in time', () => {
  // What is expected once the database is back a busy machine does within it.
  const LIMIT_MS = 2000;
  let database: TestDatabase;
  let wire: Wire;
  let app: TestApp;

  beforeEach(async () => {
    database = await createDatabase();
    wire = await openWire(database.url);
    app = await createApp({
      url: wire.url,
      module: { readTimeout: LIMIT_MS / 1000 },
      // Boot keeps to it too, and a busy machine boots within it.
      store: { writeTimeout: 4 },
    });
  });

  afterEach(async () => {
    wire?.pass();
    await app?.close();
    await wire?.close();
    await database?.drop();
  });

  it('is 503 within the limit while the table is locked, and goes on when the lock is gone', async () => {
    const user = await createUser(app.dataSource);
    const token = await app.login(user.email, PASSWORD);
    const runner = app.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');

    expect(await app.get('/auth/me', token)).toMatchObject({ status: 503 });

    await runner.rollbackTransaction();
    await runner.release();
    await expectRecovery(app, token);
  });

  it('is 503 within the limit while the network swallows everything, and goes on when it is back', async () => {
    const user = await createUser(app.dataSource);
    const token = await app.login(user.email, PASSWORD);
    wire.swallow();

    const [most, ...answers] = await Promise.all([
      limitAsKept(app, LIMIT_MS),
      ...Array.from({ length: 20 }, () => timed(app.get('/auth/me', token))),
    ]);
    for (const { status, tookMs } of answers) {
      expect(status).toBe(503);
      expect(tookMs).toBeLessThan(most + GRACE_MS);
    }
    await expect(app.invalidator.logoutEverywhere(user.id)).rejects.toMatchObject({
      name: 'TokenStateUnavailableError',
    });

    wire.pass();
    await expectRecovery(app, token);
    expect(await app.users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 0 });
  });
});

/** A connection to the database that can be made to swallow what is sent. */
interface Wire {
  readonly url: string;
  swallow(): void;
  pass(): void;
  close(): Promise<void>;
}

async function openWire(databaseUrl: string): Promise<Wire> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let swallowing = false;
  const forward = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (data) => swallowing || to.write(data));
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  };
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    forward(client, upstream);
    forward(upstream, client);
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    swallow: () => {
      swallowing = true;
    },
    pass: () => {
      swallowing = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => {
        server.close(closed);
      });
    },
  };
}
