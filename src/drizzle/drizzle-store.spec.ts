import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, timestamp, uuid } from 'drizzle-orm/pg-core';
import { Client, Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { drizzleStore, type DrizzleStoreOptions } from './drizzle-store.js';

const pool = new Pool();
const db = drizzle({ client: pool });
const columns = {
  tokenVersion: integer('token_version').notNull(),
  passwordChangedAt: timestamp('password_changed_at', { withTimezone: true }),
  logoutAllAt: timestamp('logout_all_at', { withTimezone: true }),
};
const table = pgTable('users', { id: uuid('id').primaryKey(), ...columns });

const problemsOf = (options: Partial<Record<keyof DrizzleStoreOptions, unknown>>) =>
  drizzleStore(options as unknown as DrizzleStoreOptions)
    .useFactory()
    .checkSetup();

describe('drizzleStore says what is wrong with', () => {
  it.each([
    [{ db }, ['drizzleStore: table is missing: give the users table of the schema.']],
    [
      { db, table, id: 'key', tokenVersion: 'version' },
      [
        `drizzleStore: the table "users" has no property "key": declare the column, or name yours with id: '…'.`,
        `drizzleStore: the table "users" has no property "version": declare the column, or name yours with tokenVersion: '…'.`,
      ],
    ],
    [
      { db, table: pgTable('users', { id: uuid('id'), ...columns }) },
      [
        `drizzleStore: the table "users" has no single primary key: name the property with id: '…'.`,
      ],
    ],
    [
      { db: drizzle({ client: new Client() }), table },
      [
        "drizzleStore: db has no Pool of pg: give one to drizzle() of 'drizzle-orm/node-postgres', as in drizzle({ client: pool }).",
      ],
    ],
    [
      { table },
      [
        'drizzleStore: there is no db: give db what drizzle() returned, or the injection token of it, from a module that exports it.',
      ],
    ],
  ])('%o', async (options, problems) => {
    expect(await problemsOf(options)).toEqual(problems);
  });
});

it('a db by its token is injected', () => {
  const token = Symbol('db');
  expect(drizzleStore({ db: token, table }).inject).toEqual([{ token, optional: true }]);
});
