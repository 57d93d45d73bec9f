import { textRow } from '../options/checks.js';
import { type OptionRow, valueOf } from '../options/option-table.js';
import type { RecordKeys } from './describe-record.js';

/** Where a user has its id and the token state: columns, or what the data layer has for them. */
export interface StateNames extends RecordKeys {
  readonly password: string | undefined;
  readonly deletedAt: string | undefined;
}

/** The options that name them, in a store whose records have other names than the database. */
export interface StatePropertyOptions<Password extends string = string> {
  /** Holds the password hash; no record has it. Default: the column that was named in the migration. */
  password?: Password | undefined;
  /** Raised with each invalidation. Default: `'tokenVersion'`. */
  tokenVersion?: string | undefined;
  /** When the password last changed. Default: `'passwordChangedAt'`. */
  passwordChangedAt?: string | undefined;
  /** When the user was last logged out everywhere. Default: `'logoutAllAt'`. */
  logoutAllAt?: string | undefined;
  /** Not NULL for a soft-deleted user. Default: users are not soft-deleted. */
  deletedAt?: string | undefined;
}

export const STATE_PROPERTIES = {
  tokenVersion: 'tokenVersion',
  passwordChangedAt: 'passwordChangedAt',
  logoutAllAt: 'logoutAllAt',
};

type NameRows = Readonly<Record<keyof StateNames, OptionRow<string>>>;

/** @param problem - what to say of a value that is no name */
export function stateNameRows(problem: string, defaults: Partial<StateNames>): NameRows {
  const row = (name: keyof StateNames) => textRow(problem, defaults[name]);
  return {
    id: row('id'),
    password: row('password'),
    tokenVersion: row('tokenVersion'),
    passwordChangedAt: row('passwordChangedAt'),
    logoutAllAt: row('logoutAllAt'),
    deletedAt: row('deletedAt'),
  };
}

/** The names that were given, or the defaults of their rows. */
export function stateNames(
  rows: NameRows,
  given: { readonly [Name in keyof StateNames]?: string | undefined },
): StateNames {
  const name = (option: keyof StateNames) => valueOf(rows[option], given[option]);
  return {
    id: name('id'),
    tokenVersion: name('tokenVersion'),
    passwordChangedAt: name('passwordChangedAt'),
    logoutAllAt: name('logoutAllAt'),
    password: given.password,
    deletedAt: given.deletedAt,
  };
}

/** The columns of the names, each of which must have one. */
export function columnsOf(names: StateNames, columnOf: (name: string) => string): StateNames {
  return {
    id: columnOf(names.id),
    tokenVersion: columnOf(names.tokenVersion),
    passwordChangedAt: columnOf(names.passwordChangedAt),
    logoutAllAt: columnOf(names.logoutAllAt),
    password: names.password && columnOf(names.password),
    deletedAt: names.deletedAt && columnOf(names.deletedAt),
  };
}
