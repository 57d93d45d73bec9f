import type { InjectionToken } from '@nestjs/common';
import { isFunction, isInjectionToken } from '../options/checks.js';
import { type OptionRow, problemsOf } from '../options/option-table.js';
import type { ColumnNames } from '../postgres/bind-columns.js';
import type { PgPool } from '../postgres/pg-pool.js';
import { PostgresTokenStateStore } from '../postgres/postgres-token-state.store.js';
import { stateNameRows, stateNames } from '../postgres/state-names.js';
import {
  POSTGRES_STORE_ROWS,
  type PostgresStoreOptions,
  storeSettings,
} from '../postgres/store-options.js';
import { splitTable, tableRow } from '../postgres/table-name.js';
import type { TokenStateStoreDefinition } from '../state/token-state.store.js';
import type { PgTransaction } from './join-transaction.js';
import { PgLayer } from './pg-layer.js';
import type { PgUser } from './row-loader.js';

/** What `pgStore()` takes. Names as they are in the database, not quoted. */
export interface PgStoreOptions extends PostgresStoreOptions {
  /** The pool of pg to the primary, or its injection token. */
  pool: object | InjectionToken;
  /** The users table, with its schema where it isn't on the `search_path`: `'users'`, `'auth.users'`. */
  table: string;
  /** The primary key. Default: `'id'`. */
  id?: string | undefined;
  /** Holds the password hash; no record has it. Default: the column that was named in the migration. */
  password?: string | undefined;
  /** Raised with each invalidation. Default: `'token_version'`. */
  tokenVersion?: string | undefined;
  /** When the password last changed. Default: `'password_changed_at'`. */
  passwordChangedAt?: string | undefined;
  /** When the user was last logged out everywhere. Default: `'logout_all_at'`. */
  logoutAllAt?: string | undefined;
  /** Not NULL for a soft-deleted user. Default: users are not soft-deleted. */
  deletedAt?: string | undefined;
}

/** The compiler checks that no option is left out. */
const ROWS = {
  pool: {
    check: (value: unknown) => isPool(value) || isInjectionToken(value),
    problem: 'is neither a Pool of pg nor an injection token.',
  },
  table: tableRow('is missing: name the users table.'),
  ...stateNameRows('is not the name of a column.', {
    id: 'id',
    tokenVersion: 'token_version',
    passwordChangedAt: 'password_changed_at',
    logoutAllAt: 'logout_all_at',
  }),
  ...POSTGRES_STORE_ROWS,
} satisfies Record<keyof PgStoreOptions, OptionRow>;

/**
 * The token state in the application's users table, through plain pg. A user is the row by the names of its columns,
 * without the password's. Writes join a transaction that is given as the client on which BEGIN ran.
 *
 * What is wrong with the options comes out at boot, with everything else.
 *
 * @example
 * ```ts
 * TokenInvalidationModule.forRoot({ store: pgStore({ pool, table: 'users' }), secret })
 * ```
 */
export function pgStore(options: PgStoreOptions): TokenStateStoreDefinition<PgUser, PgTransaction> {
  // Without types, anything may be given, also nothing.
  const given: Partial<PgStoreOptions> = options ?? {};
  const { pool } = given;
  const described = { names: namesOf(given), problems: problemsOf(ROWS, given, 'pgStore: ') };
  const make = (source: PgPool | undefined) =>
    new PostgresTokenStateStore(new PgLayer({ pool: source, ...described }), storeSettings(given));
  return isInjectionToken(pool)
    ? { inject: [{ token: pool as InjectionToken, optional: true }], useFactory: make }
    : { inject: [], useFactory: () => make(pool as PgPool | undefined) };
}

function namesOf(given: Partial<PgStoreOptions>): ColumnNames {
  // Boot names a table that cannot be used before anything is read from it.
  return { ...(splitTable(given.table) ?? { table: '' }), ...stateNames(ROWS, given) };
}

function isPool(value: unknown): value is PgPool {
  const pool = value as Partial<PgPool> | null | undefined;
  return isFunction(pool?.connect) && typeof pool?.options === 'object' && !isFunction(value);
}
