import { randomUUID } from 'node:crypto';
import { tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openUsers, type StorageDatabase, type TypeOrmStore } from '../support/storage/database.js';
import { insertUser, userRow } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

const EVERYONE = 'users_token_invalidation';
const HIGHEST = 2_147_483_647;

let database: StorageDatabase;
let store: TypeOrmStore<User>;

beforeAll(async () => {
  database = await openUsers();
  store = database.store(User);
});
afterAll(() => database?.close());

const newUser = (version: number) =>
  database
    .query<{
      id: string;
    }>(
      `INSERT INTO users (email, password_hash, token_version) VALUES ($1, 'old', $2) RETURNING id`,
      [randomUUID(), version],
    )
    .then(([row]) => row!.id);
const versionOf = async (id: string) => (await userRow(database, id)).token_version;

/** By how much an invalidation raises the version. */
async function raise(id: string): Promise<number> {
  const before = await versionOf(id);
  await store.invalidate({ subject: id }, 'logout');
  return (await versionOf(id)) - before;
}

describe('a version that SQL sets as high as the column allows', () => {
  it('in an INSERT leaves room for invalidations', async () => {
    expect(await raise(await newUser(HIGHEST))).toBe(1);
  });

  it('in an UPDATE leaves room for invalidations', async () => {
    const { id } = await insertUser(database);
    await database.query('UPDATE users SET token_version = $2 WHERE id = $1', [id, HIGHEST]);
    expect(await raise(id)).toBe(1);
    await database.query('UPDATE users SET token_version = $2 WHERE id = $1', [id, HIGHEST]);
    expect(await raise(id)).toBe(1);
  });

  it('stands in the way of no INSERT after the row was deleted', async () => {
    const id = await newUser(HIGHEST);
    await database.query('DELETE FROM users WHERE id = $1', [id]);
    expect(await raise((await insertUser(database)).id)).toBe(1);
  });

  it('as retired_version stands in the way of no INSERT', async () => {
    await database.query(`UPDATE ${EVERYONE} SET retired_version = 9223372036854775807`);
    expect(await raise((await insertUser(database)).id)).toBe(1);
  });

  it('as everyone_version leaves room for invalidations of everyone', async () => {
    await database.query(`UPDATE ${EVERYONE} SET everyone_version = 9223372036854775807`);
    const [before] = await database.query<{ everyone_version: string }>(
      `SELECT * FROM ${EVERYONE}`,
    );
    const { version } = await store.invalidateEveryone();
    expect(version).toBe(Number(before!.everyone_version) + 1);
    expect(Number.isSafeInteger(version)).toBe(true);
  });

  it.each([
    ['smallint', '32767'],
    ['bigint', '9223372036854775807'],
  ])('of a column of type %s leaves room too', async (type, highest) => {
    await database.query(
      `CREATE TABLE ${type}s (id integer, token_version ${type} NOT NULL DEFAULT 0)`,
    );
    await database.query(tokenInvalidationSql({ table: `${type}s`, password: null }).up);
    await database.query(`INSERT INTO ${type}s VALUES (1, ${highest})`);
    await database.query(`UPDATE ${type}s SET token_version = token_version + 1`);
    await database.query(`UPDATE ${type}s SET token_version = ${highest}`);
    await database.query(`UPDATE ${type}s SET token_version = token_version + 1`);
    await database.query(`DELETE FROM ${type}s`);
    await database.query(`INSERT INTO ${type}s VALUES (1)`);
    await database.query(`UPDATE ${type}s SET token_version = token_version + 1`);
    const [row] = await database.query<{ token_version: string }>(`SELECT * FROM ${type}s`);
    expect(Number.isSafeInteger(Number(row!.token_version))).toBe(true);
  });
});

describe('a version that no token can carry', () => {
  it('in an INSERT is brought up to 0', async () => {
    const id = await newUser(-5);
    expect(await versionOf(id)).toBeGreaterThanOrEqual(0);
  });
});

describe('the body of a request that is saved as it comes', () => {
  it('sets no version and no cutoff of a new user', async () => {
    const body = {
      email: randomUUID(),
      passwordHash: 'old',
      tokenVersion: HIGHEST,
      passwordChangedAt: new Date('2020-01-01'),
      logoutAllAt: new Date('2020-01-01'),
    };
    const [retired] = await database.query<{ retired_version: string }>(
      `SELECT * FROM ${EVERYONE}`,
    );

    const { id } = await database.dataSource.getRepository(User).save({ ...body });

    expect(await userRow(database, id)).toMatchObject({
      token_version: Number(retired!.retired_version),
      password_changed_at: null,
      logout_all_at: null,
    });
    expect(await raise(id)).toBe(1);
  });
});
