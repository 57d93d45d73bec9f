import type { InjectionToken } from '@nestjs/common';
import { DataSource, type EntityManager, type ObjectLiteral } from 'typeorm';
import { isFunction, isInjectionToken, isPlainObject, textRow } from '../options/checks.js';
import { type OptionRow, problemsOf } from '../options/option-table.js';
import { PostgresTokenStateStore } from '../postgres/postgres-token-state.store.js';
import {
  POSTGRES_STORE_ROWS,
  type PostgresStoreOptions,
  storeSettings,
} from '../postgres/store-options.js';
import type { TokenStateStoreDefinition } from '../state/token-state.store.js';
import { TypeOrmLayer } from './typeorm-layer.js';
import type { UserProperties } from './user-table.js';

/** The class of an entity. */
export type EntityClass<User extends ObjectLiteral> = new (...args: never[]) => User;

/** What `typeOrmStore()` takes. */
export interface TypeOrmStoreOptions<
  User extends ObjectLiteral = ObjectLiteral,
> extends PostgresStoreOptions {
  /** The user entity's class. */
  entity: EntityClass<User>;
  /** The data source, or its injection token, as from `getDataSourceToken('name')`. Default: the `DataSource` class. */
  dataSource?: DataSource | InjectionToken | undefined;
  /** Where the entity's properties have other names than in `RevocableUser`. Default: `{}`. */
  properties?: UserProperties | undefined;
}

const propertyRow = textRow('is not the name of a property of the entity.');

/** The compiler checks that no option is left out. */
const ROWS = {
  entity: {
    check: isFunction,
    problem: 'is not a class: give the class of the user entity.',
    missing: 'is missing: give the class of the user entity.',
  },
  dataSource: {
    check: (value) => value instanceof DataSource || isInjectionToken(value),
    problem: 'is neither a DataSource nor an injection token.',
  },
  properties: {
    check: isPlainObject,
    problem: 'is not an object with the names of properties.',
    fields: {
      tokenVersion: propertyRow,
      passwordChangedAt: propertyRow,
      logoutAllAt: propertyRow,
      password: propertyRow,
    } satisfies Record<keyof UserProperties, OptionRow>,
  },
  ...POSTGRES_STORE_ROWS,
} satisfies Record<keyof TypeOrmStoreOptions, OptionRow>;

/**
 * The token state in the application's users table, through TypeORM. Writes join a transaction that is given as its
 * `EntityManager`.
 *
 * What is wrong with the options comes out at boot, with everything else.
 *
 * @example
 * ```ts
 * TokenInvalidationModule.forRoot({ store: typeOrmStore({ entity: User }), secret })
 * ```
 */
export function typeOrmStore<User extends ObjectLiteral>(
  options: TypeOrmStoreOptions<User>,
): TokenStateStoreDefinition<User, EntityManager> {
  // Without types, anything may be given, also nothing.
  const given: Partial<TypeOrmStoreOptions<User>> = options ?? {};
  const { dataSource = DataSource } = given;
  const problems = problemsOf(ROWS, given, 'typeOrmStore: ');
  const make = (source: DataSource | undefined) =>
    new PostgresTokenStateStore(
      new TypeOrmLayer<User>({
        dataSource: source,
        entity: given.entity!,
        properties: given.properties ?? {},
        problems,
      }),
      storeSettings(given),
    );
  return isInjectionToken(dataSource)
    ? { inject: [{ token: dataSource as InjectionToken, optional: true }], useFactory: make }
    : { inject: [], useFactory: () => make(dataSource as DataSource) };
}
