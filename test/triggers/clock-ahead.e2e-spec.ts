import type { TokenState } from 'nestjs-token-invalidation';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createApp } from '../support/create-app.js';
import type { StorageDatabase, TypeOrmStore } from '../support/storage/database.js';
import { useUsers } from '../support/storage/use-users.js';
import { insertUser, isBlocking, type Session, userRow } from '../support/storage/users.js';
import { until } from '../support/until.js';
import { User } from '../support/user.entity.js';
import { enableTriggers } from '../support/enable-triggers.js';

const EVERYONE = 'users_token_invalidation';
const TOMORROW = "date_trunc('milliseconds', clock_timestamp()) + interval '1 day'";

let database: StorageDatabase;
let store: TypeOrmStore<User>;
let session: Session;
let id: string;

useUsers((users) => ({ database, store, session } = users));
beforeEach(async () => {
  ({ id } = await insertUser(database));
});

/** What a clock that was a day ahead for a moment has left. */
async function force(table: string, assignment: string): Promise<void> {
  await session.query(
    `BEGIN; ALTER TABLE ${table} DISABLE TRIGGER USER; UPDATE ${table} SET ${assignment};
     ${enableTriggers(table)}; COMMIT`,
  );
}

const lockedOut = () =>
  force('users', `password_changed_at = ${TOMORROW}, logout_all_at = ${TOMORROW}`);
const allLockedOut = () => force(EVERYONE, `everyone_logged_out_at = ${TOMORROW}`);
const everyone = async () => {
  const [row] = await database.query<{ everyone_logged_out_at: Date; everyone_version: string }>(
    `SELECT * FROM ${EVERYONE}`,
  );
  return row!;
};

describe("a user's cutoff that lies ahead of the database's clock", () => {
  it.each<[string, (subject: string) => Promise<unknown>]>([
    ['a logout', (subject) => store.invalidate({ subject }, 'logout')],
    ['an invalidation by password', (subject) => store.invalidate({ subject }, 'password')],
    [
      'a changed password',
      (subject) => store.changePassword(subject, { currentHash: 'old', newHash: 'new' }),
    ],
    [
      'a password that SQL changes',
      (subject) => session.query("UPDATE users SET password_hash = 'new' WHERE id = $1", [subject]),
    ],
    [
      'a version that SQL raises',
      (subject) =>
        session.query('UPDATE users SET token_version = token_version + 1 WHERE id = $1', [
          subject,
        ]),
    ],
  ])('returns to the clock with %s, and so does the other one', async (_, write) => {
    await lockedOut();
    const before = await userRow(database, id);
    const earliest = await database.clock();

    await write(id);

    const after = await userRow(database, id);
    const latest = await database.clock();
    expect(after.token_version).toBe(before.token_version + 1);
    for (const cutoff of [after.password_changed_at!, after.logout_all_at!]) {
      expect(cutoff.getTime()).toBeGreaterThanOrEqual(earliest.getTime());
      expect(cutoff.getTime()).toBeLessThanOrEqual(latest.getTime());
    }
  });

  it.each([
    'logout_all_at = clock_timestamp()',
    'logout_all_at = NULL, password_changed_at = NULL',
    "role = 'admin'",
    'token_version = 0',
  ])('stays where the version does: %s', async (assignment) => {
    await lockedOut();
    const before = await userRow(database, id);
    await session.query(`UPDATE users SET ${assignment} WHERE id = $1`, [id]);
    const { token_version, logout_all_at, password_changed_at } = await userRow(database, id);
    expect({ token_version, logout_all_at, password_changed_at }).toEqual({
      token_version: before.token_version,
      logout_all_at: before.logout_all_at,
      password_changed_at: before.password_changed_at,
    });
  });
});

describe("the cutoff of everyone that lies ahead of the database's clock", () => {
  it.each<[string, () => Promise<unknown>]>([
    ['an invalidation of everyone', () => store.invalidateEveryone()],
    [
      'a version that SQL raises',
      () => session.query(`UPDATE ${EVERYONE} SET everyone_version = everyone_version + 1`),
    ],
  ])('returns to the clock with %s', async (_, write) => {
    await allLockedOut();
    const before = await everyone();
    const earliest = await database.clock();

    await write();

    const after = await everyone();
    const latest = await database.clock();
    expect(Number(after.everyone_version)).toBe(Number(before.everyone_version) + 1);
    expect(Number(after.everyone_logged_out_at)).toBeGreaterThanOrEqual(earliest.getTime());
    expect(Number(after.everyone_logged_out_at)).toBeLessThanOrEqual(latest.getTime());
  });

  it('stays where the version does', async () => {
    await allLockedOut();
    const before = await everyone();
    await session.query(`UPDATE ${EVERYONE} SET retired_version = retired_version + 1`);
    await session.query(`UPDATE ${EVERYONE} SET everyone_logged_out_at = clock_timestamp()`);
    expect(await everyone()).toEqual({ ...before, retired_version: expect.any(String) });
    await store.invalidateEveryone();
  });
});

const read = async (subject = id) => {
  const { everyone: all, records } = await store.read([{ subject }], { timeoutMs: 10_000 });
  return { everyone: all, record: records[0] as { state: TokenState } };
};

// A read begins no repair while another one runs, so every wait below reads again, as traffic does.

describe('a user whose cutoff lies a day ahead', () => {
  it('gets in at the next login after one that was refused, and so does everyone', async () => {
    const app = await createApp({ url: database.url });
    onTestFinished(() => app.close());
    // The specs before may have logged everyone out in this very second, and this clock stands still.
    app.clock.advance(60);
    const login = async () => app.issuer.issue(await app.users.findOneByOrFail({ id }));
    await lockedOut();
    expect(await app.ask(await login())).toMatch(/^401 (logged_out_everywhere|password_changed)$/);
    await until('a login is accepted', async () => (await app.ask(await login())) === 200);

    await allLockedOut();
    expect(await app.ask(await login())).toBe('401 everyone_logged_out');
    await until('the cutoff of everyone returns to the clock', async () => {
      await app.ask(await login());
      return (await everyone()).everyone_logged_out_at <= (await database.clock());
    });
    app.clock.advance(60);
    expect(await app.ask(await login())).toBe(200);
  });
});

describe('a strict read that sees a cutoff far ahead', () => {
  it('has the user repaired, once, off its own way', async () => {
    await lockedOut();
    const before = await userRow(database, id);

    const readings = await Promise.all(Array.from({ length: 20 }, () => read()));
    const found = readings.map(({ record }) => record.state.logoutAllAt);
    expect(found).toContainEqual(before.logout_all_at);

    await until('the user is repaired', async () => {
      return (await read()).record.state.tokenVersion > before.token_version;
    });
    await read();
    const after = await userRow(database, id);
    expect(after.token_version).toBe(before.token_version + 1);
    expect(after.logout_all_at!.getTime()).toBeLessThanOrEqual((await database.clock()).getTime());
  });

  it('has everyone repaired, once', async () => {
    await allLockedOut();
    const { everyone_version } = await everyone();

    await Promise.all(Array.from({ length: 20 }, () => read()));

    await until('everyone is repaired', async () => {
      return (await read()).everyone.version > Number(everyone_version);
    });
    await read();
    const after = await everyone();
    expect(Number(after.everyone_version)).toBe(Number(everyone_version) + 1);
    expect(Number(after.everyone_logged_out_at)).toBeLessThanOrEqual(
      (await database.clock()).getTime(),
    );
  });

  it('is answered while the repair waits for the row', async () => {
    await lockedOut();
    await session.query('BEGIN');
    await session.query('SELECT * FROM users WHERE id = $1 FOR UPDATE', [id]);
    const blocker = await session.processId();
    await until('the repair waits for the row', async () => {
      expect((await read()).record).toBeDefined();
      return isBlocking(database, blocker);
    });
    expect((await read()).record).toBeDefined();
    await session.query('ROLLBACK');
  });

  it('leaves a cutoff as it is that nodes with other clocks may see ahead', async () => {
    await force('users', "logout_all_at = clock_timestamp() + interval '4 minutes'");
    const before = await userRow(database, id);
    await read();
    await read();
    expect(await userRow(database, id)).toEqual(before);
  });
});
