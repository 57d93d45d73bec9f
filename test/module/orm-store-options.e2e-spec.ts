import { Logger } from '@nestjs/common';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgSchema, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { drizzleStore, type DrizzleStoreOptions } from 'nestjs-token-invalidation/drizzle';
import { prismaStore, type PrismaStoreOptions } from 'nestjs-token-invalidation/prisma';
import { afterAll, beforeAll, expect } from 'vitest';
import { openPool, openPrisma, type Pool, type PrismaClient } from '../prisma/client.js';
import { REALM } from '../support/forge.js';
import {
  describeOptions,
  expectName,
  expectToken,
  type Row,
  type Store,
  useOptionChecks,
} from '../support/storage/option-checks.js';
import { GONE, STAFF } from '../support/storage/staff.js';

Logger.overrideLogger(false);

const checks = useOptionChecks();

/** What the fields and properties of the staff are called, in both schemas. */
const NAMES = {
  id: 'key',
  password: 'secretHash',
  tokenVersion: 'version',
  passwordChangedAt: 'changedAt',
  logoutAllAt: 'outAt',
  deletedAt: 'goneAt',
} as const;

/** A test for each name; without it the store looks for `missing`, followed by the default. */
const namesOf = (storeWith: (options: object) => Store, missing: string) =>
  ({
    tokenVersion: [
      'is the version',
      () => expectName(checks, storeWith, 'tokenVersion', `${missing} "tokenVersion"`),
    ],
    passwordChangedAt: [
      'is the cutoff of passwords',
      () => expectName(checks, storeWith, 'passwordChangedAt', `${missing} "passwordChangedAt"`),
    ],
    logoutAllAt: [
      'is the cutoff of logouts',
      () => expectName(checks, storeWith, 'logoutAllAt', `${missing} "logoutAllAt"`),
    ],
    password: [
      'is the hash, which no record has; without it the column that was named in the migration',
      async () => {
        const found = await checks.propertiesOfUser(storeWith({}));
        expect(found).toEqual(expect.arrayContaining(['key', 'note']));
        for (const [password, hidden] of [
          ['secretHash', 'secretHash'],
          [undefined, 'secretHash'],
          ['note', 'note'],
        ]) {
          const store = storeWith({ password, checkSchema: false });
          expect(await checks.propertiesOfUser(store)).not.toContain(hidden);
        }
      },
    ],
    deletedAt: [
      'says which users are gone',
      async () => {
        const known = await checks.answer(storeWith({}), { id: GONE });
        const unknown = await checks.answer(storeWith({ deletedAt: undefined }), { id: GONE });
        expect([known, unknown]).toEqual(['401 user_inactive', 200]);
      },
    ],
  }) satisfies Record<string, Row>;

let pools: Pool[];
let clients: PrismaClient[];
let staffClient: PrismaClient;

beforeAll(async () => {
  pools = checks.urls.map((url) => openPool(url));
  clients = pools.map((pool) => openPrisma(pool));
  staffClient = openPrisma(pools[0]!, 'staff');
  // The first query of a client compiles WebAssembly, which can take longer than a request waits.
  for (const client of clients) await client.user.count();
  await staffClient.employee.count();
});
afterAll(async () => {
  await Promise.all([...(clients ?? []), staffClient].map((client) => client?.$disconnect()));
  await Promise.all((pools ?? []).map((pool) => pool.end()));
});

const employeeStore = (options: Partial<PrismaStoreOptions> = {}) =>
  prismaStore({
    client: staffClient,
    pool: pools[0]!,
    model: 'employee',
    schema: 'staff',
    ...NAMES,
    everyoneTable: STAFF.everyoneTable,
    realm: REALM,
    ...options,
  });

const userStore = (options: Partial<PrismaStoreOptions> = {}) =>
  prismaStore({ client: clients[0]!, pool: pools[0]!, model: 'user', ...options });

/** The one that goes with what `expectToken` gives under a token. */
const of = <Item>(token: string, [ours, theirs]: readonly Item[]): Item =>
  (token === 'OURS' ? ours : theirs)!;

const PRISMA: Record<keyof PrismaStoreOptions, Row> = {
  client: [
    'is the client, or its injection token',
    async () => {
      const storeWith = (client: string) => userStore({ client, pool: of(client, pools) });
      await expectToken(checks, storeWith, [clients[0]!, clients[1]!]);
      expect(await checks.answer(userStore())).toBe(200);
      const without = await checks.answer(userStore({ client: undefined! }));
      expect(without).toContain('prismaStore: there is no client');
    },
  ],
  pool: [
    'is the pool of the adapter, or its injection token',
    async () => {
      const storeWith = (pool: string) => userStore({ pool, client: of(pool, clients) });
      await expectToken(checks, storeWith, [pools[0]!, pools[1]!]);
      const without = await checks.answer(userStore({ pool: undefined! }));
      expect(without).toContain('prismaStore: there is no pool');
    },
  ],
  model: [
    'is the users model',
    async () => {
      await expectName(checks, employeeStore, 'model', 'prismaStore: model is missing');
      expect(await checks.answer(userStore(), { id: GONE })).toBe('401 user_unknown');
    },
  ],
  schema: [
    'is the schema of PostgreSQL',
    () => expectName(checks, employeeStore, 'schema', 'there is no table "people"'),
  ],
  id: ['is the id', () => expectName(checks, employeeStore, 'id', 'has no field "id"')],
  ...namesOf(employeeStore, 'has no field'),
  ...checks.sharedBy(employeeStore, async (url) => {
    const pool = openPool(url);
    const client = openPrisma(pool, 'staff');
    await client.employee.count();
    return {
      options: { pool, client },
      close: () => client.$disconnect().then(() => pool.end()),
    };
  }),
};

const columns = {
  secretHash: text('hash').notNull(),
  note: text('note'),
  goneAt: timestamp('gone_at', { withTimezone: true }),
  version: integer('ver').notNull(),
  changedAt: timestamp('pw_at', { withTimezone: true, precision: 3 }),
  outAt: timestamp('out_at', { withTimezone: true, precision: 3 }),
};
const people = pgSchema('staff').table('people', { key: uuid('key').primaryKey(), ...columns });
/** The same, with two columns that may be the key and neither of which is declared to be. */
const keyless = pgSchema('staff').table('people', { key: uuid('key'), ...columns });
const users = pgTable('users', {
  id: uuid('id').primaryKey(),
  tokenVersion: integer('token_version').notNull(),
  passwordChangedAt: timestamp('password_changed_at', { withTimezone: true, precision: 3 }),
  logoutAllAt: timestamp('logout_all_at', { withTimezone: true, precision: 3 }),
});

const peopleStore = (options: object = {}) =>
  drizzleStore({
    db: drizzle({ client: checks.pool }),
    table: people,
    ...NAMES,
    everyoneTable: STAFF.everyoneTable,
    realm: REALM,
    ...options,
  });

const usersOf = (db: object | string) => drizzleStore({ db, table: users });

const DRIZZLE: Record<keyof DrizzleStoreOptions, Row> = {
  db: [
    'is the database, or its injection token',
    async () => {
      const [ours, theirs] = [checks.pool, checks.otherPool].map((client) => drizzle({ client }));
      expect(await checks.answer(usersOf(ours!))).toBe(200);
      await expectToken(checks, usersOf, [ours!, theirs!]);
      expect(await checks.answer(usersOf(undefined!))).toContain('drizzleStore: there is no db');
    },
  ],
  table: [
    'is the users table',
    async () => {
      await expectName(checks, peopleStore, 'table', 'drizzleStore: table is missing');
      const db = drizzle({ client: checks.pool });
      expect(await checks.answer(usersOf(db), { id: GONE })).toBe('401 user_unknown');
    },
  ],
  id: [
    'is the id; without it the primary key',
    async () => {
      expect(await checks.answer(peopleStore({ id: undefined }))).toBe(200);
      const store = (options: object) => peopleStore({ table: keyless, ...options });
      await expectName(checks, store, 'id', 'has no single primary key');
    },
  ],
  ...namesOf(peopleStore, 'has no property'),
  ...checks.sharedBy(peopleStore, async (url) => {
    const client = openPool(url);
    return { options: { db: drizzle({ client }) }, close: () => client.end() };
  }),
};

const nothing: object = { nothing: true };

describeOptions(checks, [
  { path: 'prismaStore: ', tests: PRISMA, withNothing: () => employeeStore(nothing) },
  { path: 'drizzleStore: ', tests: DRIZZLE, withNothing: () => peopleStore(nothing) },
]);
