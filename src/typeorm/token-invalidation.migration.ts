import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTriggers, dropTriggers, type MigrationNames } from './trigger-sql.js';
import { globalTableOf, quoteName, quoteTable, quoteText } from './sql.js';

/** Where the migration puts what. Names as they stand in the database, not quoted. */
export interface TokenInvalidationMigrationOptions {
  /** The users table, with its schema where it isn't on the `search_path`: `'users'`, `'auth.users'`. */
  usersTable: string;
  /** The column that holds the password hash; `null` when there is none (passwords live elsewhere). */
  passwordColumn: string | null;
  /** Default: `'id'`. */
  idColumn?: string;
  /** Default: `'token_version'`. */
  tokenVersionColumn?: string;
  /** Default: `'password_changed_at'`. */
  passwordChangedAtColumn?: string;
  /** Default: `'logout_all_at'`. */
  logoutAllAtColumn?: string;
  /** Table for what concerns all users. Default: the users table's name with `_token_invalidation`. */
  globalTable?: string;
}

/**
 * A migration that adds what makes tokens revocable: three columns, a table of one row for the global cutoff, and
 * the triggers that hold for every writer. Needs PostgreSQL 13 or newer and a role that owns the users table.
 *
 * Adding the columns rewrites nothing; the table is locked for some milliseconds.
 *
 * @throws TypeError when a name is missing or too long
 * @example
 * ```ts
 * export class RevocableTokens1750000000000 extends tokenInvalidationMigration({
 *   usersTable: 'users',
 *   passwordColumn: 'password_hash',
 * }) {}
 * ```
 */
export function tokenInvalidationMigration(
  options: TokenInvalidationMigrationOptions,
): new () => MigrationInterface {
  const namesIn = readNames(options);
  return class TokenInvalidationMigration implements MigrationInterface {
    async up(queryRunner: QueryRunner): Promise<void> {
      const names = namesIn(await currentSchema(queryRunner));
      await requireUsersTable(queryRunner, names);
      for (const statement of [...createColumns(names), ...createTriggers(names)]) {
        await queryRunner.query(statement);
      }
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      const names = namesIn(await currentSchema(queryRunner));
      for (const statement of [...dropTriggers(names), ...dropColumns(names)]) {
        await queryRunner.query(statement);
      }
    }
  };
}

/** PostgreSQL cuts longer names off in silence. */
const MAX_NAME_BYTES = 63;
const LONGEST_SUFFIX = '_token_invalidation_leave_id';

function readNames(options: TokenInvalidationMigrationOptions): (schema: string) => MigrationNames {
  const { usersTable, passwordColumn } = options;
  if (passwordColumn === undefined) {
    throw new TypeError(
      'tokenInvalidationMigration: passwordColumn is missing: name the column that holds the hash, or give null when the table has none.',
    );
  }
  const parts = typeof usersTable === 'string' ? usersTable.split('.') : [];
  const users = parts.at(-1) ?? '';
  const ofSchema = parts.length === 2 ? parts[0] : undefined;
  if (parts.length > 2 || ofSchema === '') {
    throw new TypeError(
      `tokenInvalidationMigration: usersTable ${JSON.stringify(usersTable)} is not a name or schema.name.`,
    );
  }
  const name = (option: keyof TokenInvalidationMigrationOptions, fallback: string): string =>
    requireName(option, options[option] ?? fallback);
  const names = {
    users: requireName('usersTable', users, LONGEST_SUFFIX),
    global: name('globalTable', globalTableOf(users)),
    id: name('idColumn', 'id'),
    password: passwordColumn === null ? null : requireName('passwordColumn', passwordColumn),
    version: name('tokenVersionColumn', 'token_version'),
    passwordChangedAt: name('passwordChangedAtColumn', 'password_changed_at'),
    logoutAllAt: name('logoutAllAtColumn', 'logout_all_at'),
  };
  return (schema) => ({ schema: ofSchema ?? schema, ...names });
}

function requireName(option: string, value: string, suffix = ''): string {
  const problem = (what: string) => new TypeError(`tokenInvalidationMigration: ${option} ${what}`);
  if (value === '') throw problem('is missing: name it as it stands in the database.');
  const most = MAX_NAME_BYTES - suffix.length;
  if (Buffer.byteLength(value) <= most) return value;
  throw problem(`is ${JSON.stringify(value)}: give a name of at most ${most} bytes.`);
}

/** The triggers name their tables in full, so that no `search_path` of a later session leads them elsewhere. */
async function currentSchema(queryRunner: QueryRunner): Promise<string> {
  const [row] = (await queryRunner.query('SELECT current_schema() AS name')) as { name: string }[];
  return row!.name;
}

async function requireUsersTable(queryRunner: QueryRunner, names: MigrationNames): Promise<void> {
  const users = quoteTable(names.schema, names.users);
  const sql = `SELECT to_regclass(${quoteText(users)}) IS NOT NULL AS exists`;
  const [row] = (await queryRunner.query(sql)) as { exists: boolean }[];
  if (row!.exists) return;
  throw new Error(
    `tokenInvalidationMigration: there is no table ${users}: let the migration that creates it run first, and name it as usersTable.`,
  );
}

function createColumns(names: MigrationNames): string[] {
  const users = quoteTable(names.schema, names.users);
  const global = quoteTable(names.schema, names.global);
  return [
    `ALTER TABLE ${users}
      ADD COLUMN ${quoteName(names.version)} integer NOT NULL DEFAULT 0,
      ADD COLUMN ${quoteName(names.passwordChangedAt)} timestamptz(3),
      ADD COLUMN ${quoteName(names.logoutAllAt)} timestamptz(3)`,
    `CREATE TABLE ${global} (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      everyone_logged_out_at timestamptz(3),
      retired_version bigint NOT NULL DEFAULT 0
    )`,
    `INSERT INTO ${global} DEFAULT VALUES`,
  ];
}

function dropColumns(names: MigrationNames): string[] {
  return [
    `DROP TABLE ${quoteTable(names.schema, names.global)}`,
    `ALTER TABLE ${quoteTable(names.schema, names.users)}
      DROP COLUMN ${quoteName(names.version)},
      DROP COLUMN ${quoteName(names.passwordChangedAt)},
      DROP COLUMN ${quoteName(names.logoutAllAt)}`,
  ];
}
