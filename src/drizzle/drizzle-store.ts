import type { InjectionToken } from '@nestjs/common';
import { is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { isInjectionToken } from '../options/checks.js';
import { type OptionRow, problemsOf } from '../options/option-table.js';
import { PostgresTokenStateStore } from '../postgres/postgres-token-state.store.js';
import {
  STATE_PROPERTIES,
  stateNameRows,
  stateNames,
  type StatePropertyOptions,
} from '../postgres/state-names.js';
import {
  POSTGRES_STORE_ROWS,
  type PostgresStoreOptions,
  storeSettings,
} from '../postgres/store-options.js';
import type { TokenStateStoreDefinition } from '../state/token-state.store.js';
import { DrizzleLayer, isDb } from './drizzle-layer.js';
import type { DrizzleTransaction } from './join-transaction.js';

/** What `pgTable()` makes, as far as types are compared: as with `DrizzleTransaction`. */
export interface DrizzleTableLike {
  readonly $inferSelect: object;
}

/** What `drizzleStore()` takes. Columns by the names of the table's properties in Drizzle's schema. */
export interface DrizzleStoreOptions<
  Table extends DrizzleTableLike = DrizzleTableLike,
  Password extends string = string,
>
  extends StatePropertyOptions<Password>, PostgresStoreOptions {
  /** What `drizzle()` of `drizzle-orm/node-postgres` returned for a pool, or `withReplicas()`, or its injection token. */
  db: object | InjectionToken;
  /** The users table of the schema, made with `pgTable()`. */
  table: Table;
  /** The id. Default: the primary key. */
  id?: string | undefined;
}

/** The row of a table by Drizzle's schema, without the password. */
export type DrizzleUser<Table extends DrizzleTableLike, Password extends string> = Omit<
  Table['$inferSelect'],
  Password
>;

/** The compiler checks that no option is left out. */
const ROWS = {
  db: {
    check: (value: unknown) => isDb(value) || isInjectionToken(value),
    problem: 'is neither what drizzle() returned nor an injection token.',
  },
  table: {
    check: (value: unknown) => is(value, PgTable),
    problem: 'is not a table made with pgTable().',
    missing: 'is missing: give the users table of the schema.',
  },
  ...stateNameRows('is not the name of a property of the table.', STATE_PROPERTIES),
  ...POSTGRES_STORE_ROWS,
} satisfies Record<keyof DrizzleStoreOptions, OptionRow>;

/**
 * The token state in the application's users table, through Drizzle over node-postgres. A user is the row by Drizzle's
 * schema, without the password. Writes join a transaction that is given as the `tx` of `db.transaction()`.
 *
 * What is wrong with the options comes out at boot, with everything else.
 *
 * @example
 * ```ts
 * TokenInvalidationModule.forRoot({ store: drizzleStore({ db, table: users }), secret })
 * ```
 */
export function drizzleStore<
  Table extends DrizzleTableLike,
  Password extends string = 'password' | 'passwordHash',
>(
  options: DrizzleStoreOptions<Table, Password>,
): TokenStateStoreDefinition<DrizzleUser<Table, Password>, DrizzleTransaction> {
  // Without types, anything may be given, also nothing.
  const given: Partial<DrizzleStoreOptions<Table, Password>> = options ?? {};
  const { db, table } = given;
  const problems = problemsOf(ROWS, given, 'drizzleStore: ');
  const make = (source: object | undefined) =>
    new PostgresTokenStateStore(
      new DrizzleLayer({
        db: source,
        table: table as unknown as PgTable,
        // The primary key is the id, unless another property is named.
        properties: { ...stateNames(ROWS, given), id: given.id },
        problems,
      }),
      storeSettings(given),
    ) as unknown as PostgresTokenStateStore<DrizzleUser<Table, Password>, DrizzleTransaction>;
  return isInjectionToken(db)
    ? { inject: [{ token: db as InjectionToken, optional: true }], useFactory: make }
    : { inject: [], useFactory: () => make(db as object | undefined) };
}
