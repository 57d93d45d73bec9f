import { Injectable, Module, type Type } from '@nestjs/common';
import { LogoutTransaction, type LogoutWithin, type TokenClaims } from 'nestjs-token-invalidation';
import { pgStore } from 'nestjs-token-invalidation/pg';
import { Pool, type PoolClient } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createMemoryApp } from '../support/memory-app.js';
import type { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

/** What happens in the transaction, as each test has it. */
let within: (manager: EntityManager) => Promise<unknown>;

const deleteSessions = (manager: EntityManager, id: string) =>
  manager.query('DELETE FROM sessions WHERE user_id = $1', [id]);

@Injectable()
class EndSessions extends LogoutTransaction<EntityManager> {
  constructor(private readonly db: DataSource) {
    super();
  }

  run(logout: LogoutWithin<EntityManager>, { sub }: TokenClaims): Promise<void> {
    return this.db.transaction(async (manager) => {
      await logout(manager);
      await deleteSessions(manager, sub);
      await within(manager);
    });
  }
}

@Injectable()
class ForgetsLogout extends LogoutTransaction<EntityManager> {
  constructor(private readonly db: DataSource) {
    super();
  }

  run(_logout: LogoutWithin<EntityManager>, { sub }: TokenClaims): Promise<unknown> {
    return deleteSessions(this.db.manager, sub);
  }
}

@Injectable()
class GivesNone extends LogoutTransaction<EntityManager | undefined> {
  run(logout: LogoutWithin<EntityManager | undefined>): Promise<unknown> {
    return logout(undefined);
  }
}

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  const pool = new Pool({ connectionString: database.url });
  await pool.query('CREATE TABLE sessions (user_id uuid NOT NULL)');
  await pool.end();
});
afterAll(() => database?.drop());
beforeEach(() => {
  within = async () => {};
});

const endpoints = (logoutTransaction: Type<LogoutTransaction>) => ({
  path: 'auth',
  logoutEverywhere: true,
  logoutTransaction,
});

async function login(app: TestApp): Promise<{ user: User; token: string }> {
  const user = await createUser(app.dataSource);
  await app.dataSource.query('INSERT INTO sessions VALUES ($1)', [user.id]);
  return { user, token: app.issuer.issue(user) };
}

async function sessionsOf(app: TestApp, { id }: User): Promise<number> {
  const rows: unknown[] = await app.dataSource.query('SELECT FROM sessions WHERE user_id = $1', [
    id,
  ]);
  return rows.length;
}

const LOGOUT = '/auth/logout-everywhere';

describe('what is done in the transaction of the endpoint’s logout', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await createApp({ url: database.url, module: { endpoints: endpoints(EndSessions) } });
  });
  afterAll(() => app?.close());

  it('is done with it', async () => {
    const { user, token } = await login(app);
    expect(await app.post(LOGOUT, token)).toMatchObject({ status: 204 });
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
    expect(await sessionsOf(app, user)).toBe(0);
  });

  it('leaves the device logged in that asked to be', async () => {
    const { token } = await login(app);
    const { status, body } = await app.post(LOGOUT, token, { keepThisDevice: true });
    expect(status).toBe(200);
    expect(await app.ask(body['access_token'] as string)).toBe(200);
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
  });

  it('is undone with it when it fails, and the answer is no success', async () => {
    const { user, token } = await login(app);
    within = (manager) => manager.query('SELECT * FROM no_such_table');
    expect(await app.post(LOGOUT, token, { keepThisDevice: true })).toMatchObject({ status: 500 });
    expect(await app.ask(token)).toBe(200);
    expect(await sessionsOf(app, user)).toBe(1);
  });

  it('is undone where another invalidation came in between', async () => {
    const { user, token } = await login(app);
    const { invalidator } = app;
    const logout = invalidator.logoutEverywhere.bind(invalidator);
    const spy = vi
      .spyOn(invalidator, 'logoutEverywhere')
      .mockImplementationOnce(async (...args) => {
        await logout(user.id);
        return logout(...args);
      });
    const { status, body } = await app.post(LOGOUT, token);
    spy.mockRestore();
    expect([status, body['errorCode']]).toEqual([401, 'version_stale']);
    expect(await sessionsOf(app, user)).toBe(1);
  });
});

describe.each([
  ['forgets to log out', ForgetsLogout],
  ['gives no transaction', GivesNone],
])('one that %s', (_, hook) => {
  it('is an error, and no success', async () => {
    const app = await createApp({ url: database.url, module: { endpoints: endpoints(hook) } });
    const { token } = await login(app);
    expect(await app.post(LOGOUT, token)).toMatchObject({ status: 500 });
    expect(await app.ask(token)).toBe(200);
    await app.close();
  });
});

describe('one of another data layer', () => {
  const POOL = Symbol('pool');

  @Injectable()
  class InPg extends LogoutTransaction<PoolClient> {
    async run(logout: LogoutWithin<PoolClient>, { sub }: TokenClaims): Promise<void> {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await logout(client);
        await client.query('DELETE FROM sessions WHERE user_id = $1', [sub]);
        await client.query('COMMIT');
      } finally {
        client.release();
      }
    }
  }

  let pool: Pool;

  it('joins its transaction too', async () => {
    pool = new Pool({ connectionString: database.url });
    // The database may be dropped before the last connection has closed.
    pool.on('error', () => {});
    @Module({ providers: [{ provide: POOL, useValue: pool }], exports: [POOL] })
    class PoolModule {}
    const app = await createApp({
      url: database.url,
      module: {
        store: pgStore({ pool: POOL, table: 'users' }),
        imports: [PoolModule],
        endpoints: endpoints(InPg),
      },
    });
    const user = await createUser(app.dataSource);
    await pool.query('INSERT INTO sessions VALUES ($1)', [user.id]);
    const { rows } = await pool.query('SELECT * FROM users WHERE id = $1', [user.id]);
    const token = app.issuer.issue(rows[0] as User);
    expect(await app.post(LOGOUT, token)).toMatchObject({ status: 204 });
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
    expect(await sessionsOf(app, user)).toBe(0);
    await app.close();
    await pool.end();
  });
});

describe('what is no LogoutTransaction', () => {
  it('stops the boot', async () => {
    const module = { endpoints: endpoints(Date as never) };
    await expect(createMemoryApp({ module })).rejects.toThrow(
      /endpoints\.logoutTransaction .*extends LogoutTransaction/,
    );
  });
});
