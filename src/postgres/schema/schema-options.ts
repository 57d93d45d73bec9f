import { type Duration, durationSeconds } from '../../options/duration.js';
import { unknownOption } from '../../options/option-table.js';
import { everyoneTableOf } from '../sql.js';
import { requireName, splitTable } from '../table-name.js';
import type { Parts } from './parts.js';
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

/** The compiler checks that the list is complete. */
const OPTION_NAMES: Readonly<Record<keyof SchemaOptions, true>> = {
  table: true,
  password: true,
  id: true,
  tokenVersion: true,
  passwordChangedAt: true,
  logoutAllAt: true,
  everyoneTable: true,
  lockTimeout: true,
  from: true,
  to: true,
};

const LONGEST_SUFFIX = '_token_invalidation_leave_id';

/**
 * @param caller - what the messages begin with
 * @throws TypeError when an option is unknown, or a name is missing or too long
 */
export function readNames(options: SchemaOptions, caller: string): SchemaNames {
  const unknown = Object.keys(options).find((each) => !Object.hasOwn(OPTION_NAMES, each));
  if (unknown !== undefined) {
    throw new TypeError(`${caller}: ${unknownOption(unknown, Object.keys(OPTION_NAMES))}`);
  }
  const { password } = options;
  if (password === undefined) {
    throw new TypeError(
      `${caller}: password is missing: name the column that holds the hash, or give null when the table has none.`,
    );
  }
  const { schema, table } = splitTable(options.table, `${caller}: table`);
  const name = (option: keyof SchemaOptions, fallback: string): string =>
    requireName(options[option] ?? fallback, `${caller}: ${option}`);
  return {
    schema,
    users: requireName(table, `${caller}: table`, LONGEST_SUFFIX),
    everyone: name('everyoneTable', everyoneTableOf(table)),
    id: name('id', 'id'),
    password: password === null ? null : requireName(password, `${caller}: password`),
    tokenVersion: name('tokenVersion', 'token_version'),
    passwordChangedAt: name('passwordChangedAt', 'password_changed_at'),
    logoutAllAt: name('logoutAllAt', 'logout_all_at'),
  };
}

/** The milliseconds to wait for a lock. @throws TypeError when it is no duration */
export function lockTimeoutMs({ lockTimeout = '5s' }: SchemaOptions, caller: string): number {
  const seconds = durationSeconds(lockTimeout);
  if (seconds !== undefined && seconds <= 86_400) return Math.ceil(seconds * 1000);
  throw new TypeError(
    `${caller}: lockTimeout is not a duration of at most a day: give seconds, or text with a unit such as '5s'.`,
  );
}
