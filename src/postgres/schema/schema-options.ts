import { durationRow } from '../../options/checks.js';
import { type Duration, requireSeconds } from '../../options/duration.js';
import { type OptionRow, problemsOf, valueOf } from '../../options/option-table.js';
import { everyoneTableOf } from '../sql.js';
import { nameRow, splitTable, tableRow } from '../table-name.js';
import { FIRST_PUBLISHED, type Parts, partsRow } from './parts.js';
import type { SqlNames } from './schema-version.js';

/** Where the schema puts what. Names as they are in the database, not quoted. */
export interface SchemaOptions {
  /** The users table, with its schema where it isn't on the `search_path`: `'users'`, `'auth.users'`. */
  table: string;
  /** The column that holds the password hash; `null` when there is none (passwords are elsewhere). */
  password: string | null;
  /** The primary key. Default: `'id'`. */
  id?: string;
  /** Column that is raised with each invalidation. Default: `'token_version'`. */
  tokenVersion?: string;
  /** Column for when the password last changed. Default: `'password_changed_at'`. */
  passwordChangedAt?: string;
  /** Column for when the user was last logged out everywhere. Default: `'logout_all_at'`. */
  logoutAllAt?: string;
  /** Table for what concerns everyone. Default: the users table's name with `_token_invalidation`. */
  everyoneTable?: string;
  /**
   * How long to wait for the lock on the users table, before the migration fails and changes nothing. Requests queue
   * behind it for that long. Seconds, or text with a unit; `0`: without a limit. Default: `'5s'`.
   */
  lockTimeout?: Duration;
  /** The parts of the schema that are there, each with its version. Default: `{}`, none. */
  from?: Parts;
  /**
   * The parts and versions that the migration brings: `sessions` and `revoked_tokens`, both of version 1, need `core` before
   * them or with them. Default: `{ core: 2 }`. The default will never change, and neither
   * will the SQL of a version: a migration that has run stays what it was. A later release with another version says so
   * at boot, and a second migration goes there `from` this one.
   */
  to?: Parts;
}

/** The names that the SQL works with: not quoted, completed. */
export interface SchemaNames extends Omit<SqlNames, 'schema'> {
  /** Absent: the first on the `search_path` that has the users table. */
  readonly schema?: string | undefined;
}

const LONGEST_SUFFIX = '_token_invalidation_leave_id';

const NAME_ROW = nameRow();

const ROWS = {
  table: tableRow('is missing: give the name that it has in the database.', LONGEST_SUFFIX),
  password: {
    ...NAME_ROW,
    check: (value) => value === null || NAME_ROW.check(value),
    missing:
      'is missing: name the column that holds the hash, or give null when the table has none.',
  },
  id: nameRow('id'),
  tokenVersion: nameRow('token_version'),
  passwordChangedAt: nameRow('password_changed_at'),
  logoutAllAt: nameRow('logout_all_at'),
  everyoneTable: NAME_ROW,
  lockTimeout: durationRow('5s', { least: 0, most: 86_400 }),
  from: partsRow({}),
  to: partsRow(FIRST_PUBLISHED),
} satisfies Record<keyof SchemaOptions, OptionRow>;

/** What a migration works with, every default filled in. */
export interface ResolvedSchema {
  readonly names: SchemaNames;
  readonly lockTimeoutMs: number;
  readonly from: Parts;
  readonly to: Parts;
}

/**
 * @param caller - what the messages begin with
 * @throws TypeError with everything that is wrong with the options
 */
export function resolveSchema(given: SchemaOptions, caller: string): ResolvedSchema {
  // Without types, anything may be given, also nothing.
  const options: Partial<SchemaOptions> = given ?? {};
  const problems = problemsOf(ROWS, options, `${caller}: `);
  if (problems.length > 0) throw new TypeError(problems.join('\n'));
  const seconds = requireSeconds(valueOf(ROWS.lockTimeout, options.lockTimeout), 'lockTimeout');
  return {
    names: namesOf(options),
    lockTimeoutMs: Math.ceil(seconds * 1000),
    from: valueOf(ROWS.from, options.from),
    to: valueOf(ROWS.to, options.to),
  };
}

function namesOf(options: Partial<SchemaOptions>): SchemaNames {
  const { schema, table } = splitTable(options.table)!;
  const name = (option: 'id' | 'tokenVersion' | 'passwordChangedAt' | 'logoutAllAt') =>
    valueOf(ROWS[option], options[option]);
  return {
    schema,
    users: table,
    everyone: options.everyoneTable ?? everyoneTableOf(table),
    id: name('id'),
    password: options.password!,
    tokenVersion: name('tokenVersion'),
    passwordChangedAt: name('passwordChangedAt'),
    logoutAllAt: name('logoutAllAt'),
  };
}
