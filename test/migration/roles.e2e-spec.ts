import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  makeStore,
  openUsers,
  type StorageDatabase,
  type TypeOrmStore,
} from '../support/storage/database.js';
import { insertUser, Session, userRow } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

/** Roles belong to the whole server: this one may outlive no run, nor meet another run's. */
const ROLE = `tti_role_${process.pid}_${Date.now()}`;
const EVERYONE = 'users_token_invalidation';
const STATE = 'id, token_version, password_changed_at, logout_all_at';
const OF_EVERYONE = 'everyone_logged_out_at, everyone_version';

let database: StorageDatabase;
let session: Session;
let dataSource: DataSource;
let store: TypeOrmStore<User>;

beforeAll(async () => {
  database = await openUsers();
  await database.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD 'role'`);
  const url = new URL(database.url);
  Object.assign(url, { username: ROLE, password: 'role' });
  session = await Session.open(url.href);
  dataSource = new DataSource({ type: 'postgres', url: url.href, entities: [User] });
  await dataSource.initialize();
  store = makeStore(dataSource, { entity: User });
});
afterAll(async () => {
  await store?.onApplicationShutdown();
  await dataSource?.destroy();
  await session?.close();
  await database?.query(`DROP OWNED BY ${ROLE}`);
  await database?.query(`DROP ROLE ${ROLE}`);
  await database?.close();
});
beforeEach(async () => {
  await database.query(`DROP OWNED BY ${ROLE}`);
});

const grant = (...rights: string[]) =>
  database.query(rights.map((right) => `GRANT ${right} TO ${ROLE};`).join(' '));
const read = (subject: string) => store.read([{ subject }], { timeoutMs: 10_000 });

describe('a role with no right on the table of everyone', () => {
  it('can insert, update and delete users, and the triggers do their work', async () => {
    await grant('SELECT, INSERT, UPDATE, DELETE ON users');
    const denied = session.query(`SELECT * FROM ${EVERYONE}`);
    await expect(denied).rejects.toThrow('permission denied');

    const [{ id } = { id: '' }] = await session.query<{ id: string }>(
      "INSERT INTO users (email, password_hash) VALUES ('role@example.com', 'old') RETURNING id",
    );
    await session.query("UPDATE users SET password_hash = 'new' WHERE id = $1", [id]);
    expect((await userRow(database, id)).token_version).toBe(1);
    await session.query('DELETE FROM users WHERE id = $1', [id]);
    const [row] = await database.query(`SELECT retired_version FROM ${EVERYONE}`);
    expect(row).toEqual({ retired_version: '2' });
  });

  it('cannot call the functions of the triggers by itself', async () => {
    for (const name of ['state', 'take_id', 'leave_id', 'everyone']) {
      const call = session.query(`SELECT users_token_invalidation_${name}()`);
      await expect(call).rejects.toThrow(
        /trigger functions can only be called as triggers|does not exist|permission/,
      );
    }
  });
});

describe('the role of the application', () => {
  it('needs to read the columns that it loads, and the table of everyone', async () => {
    const { id } = await insertUser(database);
    await grant(
      'SELECT (id, email, role, active, token_version, password_changed_at, logout_all_at) ON users',
    );
    await expect(read(id)).rejects.toThrow(/permission denied.*users_token_invalidation/);
    await grant(`SELECT (everyone_logged_out_at, everyone_version) ON ${EVERYONE}`);
    expect((await read(id)).records).toMatchObject([{ user: { id } }]);
    const columns = ['token_version', 'password_changed_at', 'logout_all_at'];
    expect(await store.checkSetup()).toEqual(
      columns.map(
        (column) => `database: this role lacks a right: GRANT UPDATE (${column}) ON "users" TO it.`,
      ),
    );
    await grant(`UPDATE (${columns.join(', ')}) ON users`);
    expect(await store.checkSetup()).toEqual([]);
  });

  it('needs to update the three columns to invalidate, and nothing else', async () => {
    const { id, token_version } = await insertUser(database);
    await grant(
      `SELECT (${STATE}) ON users`,
      'UPDATE (token_version, logout_all_at, password_changed_at) ON users',
    );
    await expect(store.invalidate({ subject: id }, 'logout')).rejects.toThrow('permission denied');
    await grant('SELECT (xmin) ON users');
    for (const kind of ['logout', 'password'] as const)
      await store.invalidate({ subject: id }, kind);
    expect((await userRow(database, id)).token_version).toBe(token_version + 2);
  });

  it('needs to update the hash too to change or re-hash a password', async () => {
    const { id, token_version } = await insertUser(database);
    await grant(
      `SELECT (${STATE}, password_hash, xmin) ON users`,
      'UPDATE (token_version, password_changed_at) ON users',
    );
    const change = { currentHash: 'old', newHash: 'new' };
    await expect(store.changePassword(id, change)).rejects.toThrow('permission denied');
    await grant('UPDATE (password_hash) ON users');
    const version = token_version + 1;
    expect(await store.changePassword(id, change)).toMatchObject({ version });
    const rehash = { currentHash: 'new', newHash: 'newer' };
    expect(await store.rehashPassword(id, rehash)).toMatchObject({ version });
  });

  it('needs to insert into and update the table of everyone to log everyone out', async () => {
    await grant(`SELECT (${OF_EVERYONE}, singleton, xmin) ON ${EVERYONE}`);
    await expect(store.invalidateEveryone()).rejects.toThrow('permission denied');
    await grant(`INSERT (${OF_EVERYONE}), UPDATE (${OF_EVERYONE}) ON ${EVERYONE}`);
    expect(await store.invalidateEveryone()).toMatchObject({ version: 1 });
  });
});
