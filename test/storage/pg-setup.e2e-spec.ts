import { Test } from '@nestjs/testing';
import {
  type StateRecord,
  TokenInvalidationConfigError,
  TokenInvalidationModule,
  TokenStateUnavailableError,
} from 'nestjs-token-invalidation';
import { pgStore, type PgUser, tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import type { PgTokenStateStore } from '../support/storage/pg-harness.js';
import { shown } from '../support/storage/shown.js';

const TABLE = `CREATE TABLE people (nr integer PRIMARY KEY, hash text, name text, settings jsonb, gone timestamptz,
  v bigint NOT NULL DEFAULT 0, changed timestamptz(3), out timestamptz(3), price numeric)`;
const NAMES = {
  table: 'people',
  id: 'nr',
  tokenVersion: 'v',
  passwordChangedAt: 'changed',
  logoutAllAt: 'out',
  everyoneTable: 'all people',
};

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createEmptyDatabase();
  pool = new Pool({ connectionString: database.url });
  // The database may be dropped before the last connection has closed.
  pool.on('error', () => {});
  await pool.query(TABLE);
  await pool.query(tokenInvalidationSql({ ...NAMES, password: 'hash' }).up);
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

/** The store as the module would make it, which is closed with the test. */
function storeOf(options: object, given: Pool | undefined = pool): PgTokenStateStore {
  const definition = pgStore({ pool, ...options } as never);
  const store = definition.useFactory(...(definition.inject.length > 0 ? [given] : []));
  onTestFinished(() => (store as PgTokenStateStore).onApplicationShutdown());
  return store as PgTokenStateStore;
}

const problemsOf = (options: object, given?: Pool) => storeOf(options, given).checkSetup();
const read = async (store: PgTokenStateStore, subject: string) =>
  (await store.read([{ subject }], { timeoutMs: 10_000 })).records[0];

it('a column that is dropped while the application runs fails no check', async () => {
  await pool.query('CREATE TABLE shrinking (id integer PRIMARY KEY, name text, old text)');
  await pool.query(tokenInvalidationSql({ table: 'shrinking', password: null }).up);
  await pool.query("INSERT INTO shrinking VALUES (1, 'Ann', 'x')");
  const store = storeOf({ table: 'shrinking' });
  expect(await read(store, '1')).toMatchObject({ user: { name: 'Ann', old: 'x' } });
  await pool.query('ALTER TABLE shrinking DROP COLUMN old');
  const { user } = (await read(store, '1')) as StateRecord<PgUser>;
  expect(Object.keys(user)).toEqual(['id', 'name']);
  expect(await read(store, '1')).toMatchObject({ user: { name: 'Ann' } });
});

describe('a table with other names', () => {
  it('is read, changed and invalidated, and its users are rows without the password', async () => {
    const store = storeOf({ ...NAMES, deletedAt: 'gone' });
    expect(await store.checkSetup()).toEqual([]);
    await pool.query(
      `INSERT INTO people (nr, hash, name, settings) VALUES (7, 'old', 'Ann', '{"a": [1]}')`,
    );
    const change = { currentHash: 'old', newHash: 'new' };
    const { effectiveAt } = (await store.changePassword('7', change)) as { effectiveAt: Date };

    const record = await read(store, '7');

    const state = { tokenVersion: 1, passwordChangedAt: effectiveAt, logoutAllAt: null };
    const user = {
      nr: 7,
      name: 'Ann',
      settings: { a: [1] },
      gone: null,
      v: '1',
      changed: effectiveAt,
      out: null,
      price: null,
    };
    const { user: found, ...rest } = record as StateRecord<PgUser>;
    expect({ ...rest, user: shown(found) }).toEqual({ active: true, state, user });
    expect(store.describe(user)).toEqual({ subject: '7', state });
  });

  it('keeps a hash out of the record that another column is named for', async () => {
    const store = storeOf({ ...NAMES, password: 'hash' });
    expect(await store.checkSetup()).toEqual([]);
    await pool.query("INSERT INTO people (nr, hash) VALUES (8, 'old')");
    expect(await read(store, '8')).toMatchObject({
      user: expect.not.objectContaining({ hash: 'old' }),
    });
  });

  it('is described also where pg leaves instants and versions as text', () => {
    const store = storeOf(NAMES);
    const row = { nr: '8', v: '3', changed: '2026-01-02 03:04:05.006+00', out: null };
    expect(store.describe(row)).toEqual({
      subject: '8',
      state: {
        tokenVersion: 3,
        passwordChangedAt: new Date('2026-01-02T03:04:05.006Z'),
        logoutAllAt: null,
      },
    });
  });

  it.each([
    ['nr', null],
    ['v', '3.5'],
    ['v', ''],
    ['changed', 'infinity'],
    ['out', undefined],
  ])('is not described with a %s of %j', (column, value) => {
    const row = { nr: '8', v: '3', changed: null, out: null, [column]: value };
    expect(() => storeOf(NAMES).describe(row)).toThrow(
      new TypeError(
        `The row of people has no ${column}: load the whole row. A token can only be issued from the row's own id and token state, which a copy such as { ...user } does not have.`,
      ),
    );
  });
});

describe('a wrong option', () => {
  it('of any kind is named at boot', async () => {
    const options = {
      pool: 5,
      table: 'a.b.c',
      id: '',
      entity: 'User',
      password: null,
      checkSchema: 1,
      writeTimeout: 0,
    };
    expect(await problemsOf(options)).toEqual([
      'pgStore: entity is not an option: choose from pool, table, id, password, tokenVersion, passwordChangedAt, logoutAllAt, deletedAt, everyoneTable, realm, checkSchema, seesAllRows, writeTimeout.',
      'pgStore: pool is neither a Pool of pg nor an injection token.',
      'pgStore: table is not a name or schema.name: give the one that the table has in the database.',
      'pgStore: id is not the name of a column.',
      'pgStore: password is not the name of a column.',
      'pgStore: checkSchema is not true or false.',
      expect.stringContaining('pgStore: writeTimeout is 0: '),
    ]);
  });

  it('is that nothing is given', async () => {
    const store = pgStore(undefined as never).useFactory();
    expect(await store.checkSetup()).toEqual([
      'pgStore: table is missing: name the users table.',
      expect.stringMatching(/^pgStore: there is no pool: give pool an instance of pg\.Pool/),
    ]);
  });

  it('is an injection token of nothing', async () => {
    expect(
      await pgStore({ pool: 'POOL', table: 'people' }).useFactory(undefined).checkSetup(),
    ).toEqual([expect.stringMatching(/^pgStore: there is no pool/)]);
  });

  it('is a table that is not there', async () => {
    expect(await problemsOf({ table: 'auth.people' })).toEqual([
      'database: there is no table "auth"."people": run the migration made with npx nestjs-token-invalidation generate sql, and name the table with its schema where that is not on the search_path.',
    ]);
  });

  it('is a column that is not there', async () => {
    const names = { ...NAMES, id: 'no', password: 'word', deletedAt: 'done' };
    expect(await problemsOf(names)).toEqual(
      ['no', 'word', 'done'].map(
        (name) => `database: "people" has no column "${name}": name the right one.`,
      ),
    );
    expect(await problemsOf({ ...NAMES, logoutAllAt: 'away' })).toEqual([
      'database: "people" has no column "away": run the migration made with npx nestjs-token-invalidation generate sql, or set checkSchema: false when something else keeps it.',
    ]);
  });

  it('is a migration that has never run: one line says so', async () => {
    await pool.query('CREATE TABLE untouched (id integer PRIMARY KEY)');
    expect(await problemsOf({ table: 'untouched' })).toEqual([
      'database: "untouched" has nothing of what the migration makes: run the migration made with npx nestjs-token-invalidation generate sql, or set checkSchema: false when something else keeps it.',
    ]);
    await pool.query('ALTER TABLE untouched ADD token_version integer');
    expect(await problemsOf({ table: 'untouched' })).toHaveLength(4);
  });

  it('is an id of many spellings', async () => {
    expect(await problemsOf({ ...NAMES, id: 'price' })).toEqual([
      'database: the column "price" of "people" is of type numeric: it must be of type uuid, smallint, integer, bigint, text, character varying, citext.',
    ]);
  });

  it('is a password column that the trigger does not watch', async () => {
    expect(await problemsOf({ ...NAMES, password: 'name' })).toEqual([
      `database: the trigger "zz_token_invalidation" watches the column "hash" and the password is in "name": make the migration with password: 'name', or name the other one with password: '…'.`,
    ]);
  });

  it('does not stand in the way for good: a table that comes later is found', async () => {
    const store = storeOf({ table: 'latecomers' });
    await expect(store.read([{ subject: '1' }], { timeoutMs: 1000 })).rejects.toThrow('no table');
    await pool.query('CREATE TABLE latecomers (id integer PRIMARY KEY)');
    await pool.query(tokenInvalidationSql({ table: 'latecomers', password: null }).up);
    expect(await store.checkSetup()).toEqual([]);
    const change = store.changePassword('1', { currentHash: 'a', newHash: 'b' });
    await expect(change).rejects.toThrow(
      new TypeError("The store knows no password column: name it with password: '…'."),
    );
  });
});

it('a database that is not there is an outage', async () => {
  const nowhere = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nowhere' });
  onTestFinished(() => nowhere.end());
  await expect(storeOf({ ...NAMES, pool: nowhere }).checkSetup()).rejects.toThrow(
    TokenStateUnavailableError,
  );
});

it('boot says that the database cannot be reached, and why', async () => {
  const nowhere = new Pool({ connectionString: 'postgres://nobody:hidden@127.0.0.1:1/nowhere' });
  onTestFinished(() => nowhere.end());
  const store = pgStore({ ...NAMES, pool: nowhere });
  const imports = [TokenInvalidationModule.forRoot({ store, secret: 'x'.repeat(48) })];
  const boot = Test.createTestingModule({ imports }).compile();
  await expect(boot).rejects.toThrow(
    new TokenInvalidationConfigError([
      'database: it cannot be reached: connect ECONNREFUSED 127.0.0.1:1: check the connection of the store, and that the server is up.',
    ]),
  );
});

it('the pool may be an injection token', async () => {
  const POOL = Symbol('pool');
  const definition = pgStore({ pool: POOL, ...NAMES });
  const module = await Test.createTestingModule({
    providers: [
      { provide: POOL, useValue: pool },
      { provide: 'store', ...definition },
    ],
  }).compile();
  const store = module.get<PgTokenStateStore>('store');
  onTestFinished(() => store.onApplicationShutdown());
  expect(await store.checkSetup()).toEqual([]);
});
