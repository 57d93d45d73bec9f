import { AsyncLocalStorage } from 'node:async_hooks';
import { eq } from 'drizzle-orm';
import { Cache } from 'drizzle-orm/cache/core';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import {
  bigint,
  boolean,
  customType,
  date,
  doublePrecision,
  integer,
  interval,
  json,
  jsonb,
  numeric,
  pgTable,
  point,
  text,
  time,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import { drizzleStore } from 'nestjs-token-invalidation/drizzle';
import { tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { Client, Pool, types } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PostgresTokenStateStore } from '../../src/postgres/postgres-token-state.store.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { StatementCounter } from '../support/statement-counter.js';

const state = {
  tokenVersion: integer('token_version').notNull().default(0),
  passwordChangedAt: timestamp('password_changed_at', { withTimezone: true, precision: 3 }),
  logoutAllAt: timestamp('logout_all_at', { withTimezone: true, precision: 3 }),
};

/** A column of every type that pg or Drizzle parses in its own way. */
const everything = pgTable('everything', {
  id: integer('id').primaryKey(),
  active: boolean('active'),
  balance: numeric('balance'),
  balanceAsNumber: numeric('balance_as_number', { mode: 'number' }),
  ratio: doublePrecision('ratio'),
  big: bigint('big', { mode: 'bigint' }),
  bigAsNumber: bigint('big_as_number', { mode: 'number' }),
  born: date('born', { mode: 'date' }),
  bornAsText: date('born_as_text'),
  seen: timestamp('seen', { withTimezone: true }),
  seenAsText: timestamp('seen_as_text', { withTimezone: true, mode: 'string' }),
  local: timestamp('local'),
  localAsText: timestamp('local_as_text', { mode: 'string' }),
  wakes: time('wakes'),
  rests: interval('rests'),
  settings: jsonb('settings'),
  history: json('history'),
  home: point('home', { mode: 'xy' }),
  tags: text('tags').array(),
  amounts: numeric('amounts').array(),
  logins: timestamp('logins', { withTimezone: true }).array(),
  token: uuid('token'),
  missing: text('missing'),
  ...state,
});

const VALUES: typeof everything.$inferInsert = {
  id: 1,
  active: true,
  balance: '12345678901234567890.5',
  balanceAsNumber: 1.5,
  ratio: 0.1,
  big: 9007199254740993n,
  bigAsNumber: 7,
  born: new Date('2001-02-03'),
  bornAsText: '2001-02-03',
  seen: new Date('2026-01-02T03:04:05.678Z'),
  seenAsText: '2026-01-02 03:04:05.678901+02',
  local: new Date('2026-01-02T03:04:05.678Z'),
  localAsText: '2026-01-02 03:04:05.678901',
  wakes: '07:08:09',
  rests: '1 day 02:03:04',
  settings: { theme: ['dark', null] },
  history: [1, 'two'],
  home: { x: 1.5, y: -2 },
  tags: ['a', 'b "c"', '{NULL}'],
  amounts: ['1.10', '2.20'],
  logins: [new Date('2026-01-02T03:04:05.678Z')],
  token: '6f1c7d0e-6c6f-4d4b-9b51-3f0f8a1c2d3e',
};

const INT8: number = types.builtins.INT8;

/** What a request is about, as an application keeps it. */
const request = new AsyncLocalStorage<string>();

const secret = customType<{ data: { text: string; request: string | undefined } }>({
  dataType: () => 'text',
  fromDriver: (value) => {
    if (value === 'broken') throw new Error('This value cannot be read.');
    return { text: value as string, request: request.getStore() };
  },
});

const custom = pgTable('custom', {
  id: integer('id').primaryKey(),
  secrets: secret('secrets').array(),
  ...state,
});

const TABLES = [
  `CREATE TABLE everything (id integer PRIMARY KEY, active boolean, balance numeric, balance_as_number numeric,
     ratio double precision, big bigint, big_as_number bigint, born date, born_as_text date, seen timestamptz,
     seen_as_text timestamptz, local timestamp, local_as_text timestamp, wakes time, rests interval, settings jsonb,
     history json, home point, tags text[], amounts numeric[], logins timestamptz[], token uuid,
     missing text)`,
  'CREATE TABLE custom (id integer PRIMARY KEY, secrets text[])',
];

let database: TestDatabase;
let pool: Pool;
let db: NodePgDatabase;

beforeAll(async () => {
  database = await createEmptyDatabase();
  pool = new Pool({ connectionString: database.url });
  pool.on('error', () => {});
  db = drizzle({ client: pool });
  for (const table of TABLES) await pool.query(table);
  for (const table of ['everything', 'custom']) {
    await pool.query(tokenInvalidationSql({ table, password: null }).up);
  }
  await db.insert(everything).values(VALUES);
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

type Store = PostgresTokenStateStore<Record<string, unknown>, unknown>;

function storeOf(of: NodePgDatabase, table: typeof everything | typeof custom): Store {
  const store = drizzleStore({ db: of, table }).useFactory() as unknown as Store;
  onTestFinished(() => store.onApplicationShutdown());
  return store;
}

const read = async (store: Store, ...subjects: string[]) => {
  const queries = subjects.map((subject) => ({ subject }));
  return (await store.read(queries, { timeoutMs: 10_000 })).records;
};

const queryIn = (subject: string, name: string) => ({
  subject,
  inContext: <Result>(code: () => Result): Result => request.run(name, code),
});

/** With the properties that no response shows. */
const whole = (user: object) => Object.getOwnPropertyDescriptors(user);
const valuesOf = (user: object) =>
  Object.entries(whole(user)).map(([name, { value }]) => [name, value as unknown]);

describe('the row of a request over Drizzle', () => {
  it("is what Drizzle's select makes of it, whatever the types", async () => {
    const [record] = await read(storeOf(db, everything), '1');
    const [selected] = await db.select().from(everything).where(eq(everything.id, 1));
    expect(record).toMatchObject({ active: true });
    const { user } = record as { user: object };
    expect(valuesOf(user)).toStrictEqual(valuesOf(selected!));
    expect(user).toMatchObject({ localAsText: VALUES.localAsText, big: VALUES.big, missing: null });
  });

  it('and where the application parses types in its own way', async () => {
    const original = types.getTypeParser(types.builtins.INT4);
    onTestFinished(() => types.setTypeParser(types.builtins.INT4, original));
    const own = new Pool({
      connectionString: database.url,
      types: {
        getTypeParser: (oid: number, format?: 'text') =>
          oid === INT8 ? () => 'own' : types.getTypeParser(oid, format),
      } as never,
    });
    onTestFinished(() => own.end());
    types.setTypeParser(types.builtins.INT4, (value) => Number(value) + 1000);
    const ofOwn = drizzle({ client: own });
    const [record] = await read(storeOf(ofOwn, everything), '1');
    const [selected] = await ofOwn
      .select()
      .from(everything)
      .where(eq(everything.balance, VALUES.balance!));
    expect(valuesOf((record as { user: object }).user)).toStrictEqual(valuesOf(selected!));
    expect(selected).toMatchObject({ id: 1001 });
  });

  it('costs no second query, and no connection of the application', async () => {
    const store = storeOf(db, everything);
    await read(store, '1');
    const held = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
    onTestFinished(() => held.forEach((client) => client.release()));
    const statements = new StatementCounter();
    onTestFinished(() => statements.stop());
    const records = await read(store, '1', '1', '2');
    const { count } = statements;
    expect(records).toMatchObject([{ user: { id: 1 } }, { user: { id: 1 } }, undefined]);
    expect(count).toBe(1);
  });

  it("comes from no cache of Drizzle's", async () => {
    class Stale extends Cache {
      override strategy = () => 'all' as const;
      override get = async () => ({ rows: [] }) as never;
      override put = async () => {};
      override onMutate = async () => {};
    }
    const cached = drizzle({ client: pool, cache: new Stale() });
    expect(await cached.select().from(everything)).toEqual([]);
    expect(await read(storeOf(cached, everything), '1')).toMatchObject([{ user: { id: 1 } }]);
  });

  it("is made in the request's own context where the application's code makes it", async () => {
    await pool.query(
      `INSERT INTO custom VALUES (1, '{one}'), (2, '{broken}') ON CONFLICT DO NOTHING`,
    );
    const store = storeOf(db, custom);
    expect(await store.checkSetup()).toEqual([]);
    const queries = [queryIn('1', 'mine'), queryIn('2', 'hers'), queryIn('1', 'yours')];
    expect((await store.read(queries, { timeoutMs: 10_000 })).records).toMatchObject([
      { user: { secrets: [{ text: 'one', request: 'mine' }] } },
      new Error('This value cannot be read.'),
      { user: { secrets: [{ text: 'one', request: 'yours' }] } },
    ]);
  });
});

describe('a tx of Drizzle', () => {
  it('is asked at the server whether it is over, where pg does not know', async () => {
    const store = storeOf(db, everything);
    const hidden = Client.prototype as { getTransactionStatus?: unknown };
    const original = hidden.getTransactionStatus;
    hidden.getTransactionStatus = undefined;
    onTestFinished(() => {
      hidden.getTransactionStatus = original;
    });
    let over: unknown;
    await db.transaction(async (tx) => {
      over = tx;
      expect(await store.invalidate({ subject: '1' }, 'logout', tx)).toMatchObject({ version: 1 });
    });
    await expect(store.invalidate({ subject: '1' }, 'logout', over)).rejects.toThrow(
      'The transaction is over, or never began: pass the tx',
    );
    expect(await read(store, '1')).toMatchObject([{ state: { tokenVersion: 1 } }]);
  });
});
