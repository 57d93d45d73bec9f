import {
  bigint,
  integer,
  type PgColumnBuilderBase,
  pgTable,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { tokenStateStoreContract } from '../../src/testing/index.js';
import type { TestDatabase } from '../support/database.js';
import {
  BIGINT_USERS,
  type ContractTable,
  createContractDatabase,
  INTEGER_USERS,
  UUID_USERS,
  VARCHAR_USERS,
} from '../support/storage/contract-tables.js';
import { DrizzleHarness, type UsersTable } from '../support/storage/drizzle-harness.js';
import { laterHarness } from '../support/storage/sql-harness.js';

interface Variant extends ContractTable {
  readonly table: UsersTable;
}

const withTable = (contractTable: ContractTable, id: PgColumnBuilderBase): Variant => ({
  ...contractTable,
  table: pgTable(contractTable.users, {
    id,
    passwordHash: text('password_hash').notNull(),
    deletedAt: timestamp('deleted_at', { withTimezone: true }),
    tokenVersion: integer('token_version').notNull().default(0),
    passwordChangedAt: timestamp('password_changed_at', { withTimezone: true, precision: 3 }),
    logoutAllAt: timestamp('logout_all_at', { withTimezone: true, precision: 3 }),
  }),
});

const VARIANTS: readonly Variant[] = [
  withTable(UUID_USERS, uuid('id').primaryKey().defaultRandom()),
  withTable(INTEGER_USERS, integer('id').primaryKey()),
  withTable(BIGINT_USERS, bigint('id', { mode: 'bigint' }).primaryKey()),
  withTable(VARCHAR_USERS, varchar('id', { length: 40 }).primaryKey()),
];

let database: TestDatabase;

beforeAll(async () => {
  database = await createContractDatabase(VARIANTS);
});
afterAll(() => database?.drop());

describe.each(VARIANTS)('a store of Drizzle over $users', ({ table, ...contractTable }) => {
  let harness: DrizzleHarness;

  beforeAll(() => {
    harness = new DrizzleHarness(table, { url: database.url, ...contractTable });
  });
  afterAll(() => harness?.close());

  tokenStateStoreContract(
    { describe, it },
    laterHarness(() => harness),
  );
});
