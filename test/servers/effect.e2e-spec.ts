import type { QueryRunner } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { rowOf, versionOf } from '../support/faults/outages.js';
import type { User } from '../support/user.entity.js';
import { createUser } from '../support/users.js';

let database: TestDatabase;
let app: TestApp;

async function everyoneVersion(): Promise<number> {
  const sql = 'SELECT everyone_version::int AS version FROM users_token_invalidation';
  return (await rowOf<{ version: number }>(database.url, sql)).version;
}

interface Login {
  readonly user: User;
  readonly token: string;
  /** What changes the password. */
  readonly replacement: { readonly currentHash: string; readonly newHash: string };
}

/** A user whose token is accepted. */
async function login(): Promise<Login> {
  const user = await createUser(app.dataSource);
  const token = app.issuer.issue(user);
  expect(await app.ask(token)).toBe(200);
  const sql = 'SELECT password_hash AS hash FROM users WHERE id = $1';
  const { hash } = await rowOf<{ hash: string }>(database.url, sql, [user.id]);
  return { user, token, replacement: { currentHash: hash, newHash: 'another' } };
}

describe('an application that hands its only connection back', () => {
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database?.drop());

  /** What an application's code leaves behind on a connection of its pool. */
  const LEFT_BEHIND: [string, (runner: QueryRunner) => Promise<unknown>][] = [
    [
      'inside a transaction',
      async (runner) => {
        await runner.startTransaction();
        await runner.query('SELECT 1');
      },
    ],
    ['after a plain BEGIN', (runner) => runner.query('BEGIN')],
    [
      'inside a transaction that failed',
      async (runner) => {
        await runner.query('BEGIN');
        await runner.query('SELECT 1/0').catch(() => undefined);
      },
    ],
    [
      'with temporary tables of the same names',
      async (runner) => {
        for (const table of ['users', 'users_token_invalidation']) {
          await runner.query(`DROP TABLE IF EXISTS pg_temp.${table}`);
          await runner.query(`CREATE TEMPORARY TABLE ${table} (LIKE ${table} INCLUDING ALL)`);
          await runner.query(`INSERT INTO ${table} SELECT * FROM public.${table}`);
        }
      },
    ],
    ['read-only', (runner) => runner.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')],
    ['with another search_path', (runner) => runner.query('SET search_path TO pg_catalog')],
  ];

  describe.each(LEFT_BEHIND)('%s', (_, leave) => {
    /** The users whose connection is left so; they exist before. */
    let first: Login;
    let second: Login;

    beforeAll(async () => {
      app = await createApp({
        url: database.url,
        typeorm: { poolSize: 1 },
        store: { writeTimeout: 5 },
      });
      first = await login();
      second = await login();
    });
    beforeEach(async () => {
      const runner = app.dataSource.createQueryRunner();
      await runner.query('ROLLBACK');
      await leave(runner);
      await runner.release();
    });
    afterAll(() => app?.close());

    it('is logged out by what reports success', async () => {
      const { version } = await app.invalidator.logoutEverywhere(first.user.id);
      expect(await versionOf(database.url, first.user.id)).toBe(version);
      expect(await app.ask(first.token)).toBe('401 logged_out_everywhere');
    });

    it('is logged out by a changed password', async () => {
      await app.invalidator.changePassword(second.user.id, second.replacement);
      expect(await versionOf(database.url, second.user.id)).toBe(1);
      expect(await app.ask(second.token)).toBe('401 password_changed');
    });

    it('is logged out with everyone', async () => {
      const before = await everyoneVersion();
      await app.invalidator.invalidateEveryone();
      expect(await everyoneVersion()).toBe(before + 1);
    });
  });
});

async function undo(table: string, name: string, body: string): Promise<void> {
  await app.dataSource.query(
    `CREATE OR REPLACE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`,
  );
  await app.dataSource.query(
    `CREATE TRIGGER ${name} BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION undo()`,
  );
}

describe('a trigger of the application’s that undoes the UPDATE', () => {
  const NOTHING = /nobody was logged in or out/;
  const PART = /wrote only a part of the change/;

  beforeAll(async () => {
    database = await createDatabase();
    app = await createApp({ url: database.url });
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });
  afterEach(async () => {
    for (const table of ['users', 'users_token_invalidation']) {
      await app?.dataSource.query(`DROP TRIGGER IF EXISTS zzz_undo ON ${table}`);
      await app?.dataSource.query(`DROP TRIGGER IF EXISTS aaa_undo ON ${table}`);
    }
  });

  const UNDONE = [
    ['returns OLD', 'zzz_undo', 'RETURN OLD;'],
    ['returns OLD before ours', 'aaa_undo', 'RETURN OLD;'],
    ['returns NULL', 'zzz_undo', 'RETURN NULL;'],
    [
      'restores the columns',
      'zzz_undo',
      'NEW.token_version := OLD.token_version; NEW.logout_all_at := OLD.logout_all_at; RETURN NEW;',
    ],
    ['restores the hash', 'aaa_undo', 'NEW.password_hash := OLD.password_hash; RETURN OLD;'],
  ] as const;

  it.each(UNDONE)('that %s: no success', async (_, name, body) => {
    const { user, token } = await login();
    await undo('users', name, body);
    const logout = app.invalidator.logoutEverywhere(user.id);
    await expect(logout).rejects.toThrow(NOTHING);
    const ifVersion = app.invalidator.logoutEverywhere(user.id, { ifVersion: 0 });
    await expect(ifVersion).rejects.toThrow(NOTHING);
    expect(await app.post('/auth/logout-everywhere', token)).toMatchObject({ status: 500 });
    expect(await versionOf(database.url, user.id)).toBe(0);
  });

  it.each(UNDONE)('that %s: no changed password', async (what, name, body) => {
    const { user, replacement } = await login();
    await undo('users', name, body);
    // The hash is no column of the state.
    const written = what === 'restores the columns' ? PART : NOTHING;
    await expect(app.invalidator.changePassword(user.id, replacement)).rejects.toThrow(written);
  });

  it.each(UNDONE)('that %s: no success in a transaction', async (_, name, body) => {
    const { user } = await login();
    await undo('users', name, body);
    const logout = app.dataSource.transaction((transaction) =>
      app.invalidator.logoutEverywhere(user.id, { transaction }),
    );
    await expect(logout).rejects.toThrow(NOTHING);
  });

  it('that returns OLD: no re-hash', async () => {
    const { user, replacement } = await login();
    await undo('users', 'zzz_undo', 'RETURN OLD;');
    await expect(app.invalidator.rehashPassword(user.id, replacement)).rejects.toThrow(NOTHING);
  });

  it('that sets back the version alone: the error does not deny the cutoff', async () => {
    const { user } = await login();
    await undo('users', 'zzz_undo', 'NEW.token_version := OLD.token_version; RETURN NEW;');
    await expect(app.invalidator.logoutEverywhere(user.id)).rejects.toThrow(PART);
    const sql = 'SELECT logout_all_at IS NOT NULL AS moved FROM users WHERE id = $1';
    expect(await rowOf(database.url, sql, [user.id])).toEqual({ moved: true });
  });

  it('that sets back the hash alone: the error does not deny the logout', async () => {
    const { user, replacement, token } = await login();
    await undo('users', 'zzz_undo', 'NEW.password_hash := OLD.password_hash; RETURN NEW;');
    await expect(app.invalidator.changePassword(user.id, replacement)).rejects.toThrow(PART);
    expect(await app.ask(token)).toBe('401 password_changed');
  });

  it.each(['RETURN OLD;', 'RETURN NULL;'])('%s on the row for everyone', async (body) => {
    await undo('users_token_invalidation', 'zzz_undo', body);
    await expect(app.invalidator.invalidateEveryone()).rejects.toThrow(NOTHING);
  });

  it('that changes something else: success', async () => {
    const { user, token } = await login();
    await undo('users', 'zzz_undo', "NEW.email := NEW.email || '.'; RETURN NEW;");
    expect(await app.invalidator.logoutEverywhere(user.id)).toMatchObject({ version: 1 });
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
  });

  it('a condition that is not met is still a conflict', async () => {
    const { user } = await login();
    const later = app.invalidator.logoutEverywhere(user.id, { ifVersion: 7 });
    await expect(later).rejects.toMatchObject({ name: 'VersionConflictError' });
    const replacement = { currentHash: 'not this', newHash: 'another' };
    const change = app.invalidator.changePassword(user.id, replacement);
    await expect(change).rejects.toMatchObject({ name: 'PasswordConflictError' });
  });

  it('that sets back the version of everyone alone: the same', async () => {
    // The last one: it moves the cutoff of everyone.
    const body = 'NEW.everyone_version := OLD.everyone_version; RETURN NEW;';
    await undo('users_token_invalidation', 'zzz_undo', body);
    await expect(app.invalidator.invalidateEveryone()).rejects.toThrow(PART);
  });
});

describe.each(['repeatable read', 'serializable'])('under a default isolation of %s', (level) => {
  beforeAll(async () => {
    database = await createDatabase();
    const name = new URL(database.url).pathname.slice(1);
    await rowOf(
      database.url,
      `ALTER DATABASE ${name} SET default_transaction_isolation TO '${level}'`,
    );
    // A busy machine is no outage.
    app = await createApp({ url: database.url, store: { writeTimeout: 60 } });
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  it('20 of 20 parallel logouts of one user succeed', async () => {
    const { user, token } = await login();
    const logouts = Array.from({ length: 20 }, () => app.invalidator.logoutEverywhere(user.id));
    const versions = (await Promise.all(logouts)).map(({ version }) => version);
    expect(versions.toSorted((a, b) => a - b)).toEqual(versions.map((_, index) => index + 1));
    expect(await app.ask(token)).toBe('401 logged_out_everywhere');
  });

  it('20 of 20 parallel logouts of everyone succeed', async () => {
    const before = await everyoneVersion();
    await Promise.all(Array.from({ length: 20 }, () => app.invalidator.invalidateEveryone()));
    expect(await everyoneVersion()).toBe(before + 20);
  });

  it('one of 20 conditional logouts succeeds, and the others are conflicts', async () => {
    const user = await createUser(app.dataSource);
    const logouts = Array.from({ length: 20 }, () =>
      app.invalidator.logoutEverywhere(user.id, { ifVersion: 0 }).then(
        ({ version }) => version,
        (error: Error) => error.name,
      ),
    );
    const outcomes = await Promise.all(logouts);
    expect(outcomes.filter((outcome) => outcome === 1)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'VersionConflictError')).toHaveLength(19);
  });
});
