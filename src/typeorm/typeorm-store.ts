import type { InjectionToken } from '@nestjs/common';
import { DataSource, type EntityManager, type ObjectLiteral } from 'typeorm';
import { isFunction, isInjectionToken, isPlainObject, textRow } from '../options/checks.js';
import type { Duration } from '../options/duration.js';
import { type OptionRow, problemsOf } from '../options/option-table.js';
import { PostgresTokenStateStore } from '../postgres/postgres-token-state.store.js';
import { STORE_OPTIONS, storeSettings } from '../postgres/store-options.js';
import type { TokenStateStoreDefinition } from '../state/token-state.store.js';
import { TypeOrmLayer } from './typeorm-layer.js';
import type { UserProperties } from './user-table.js';

/** The class of an entity. */
export type EntityClass<User extends ObjectLiteral> = new (...args: never[]) => User;

/** What `typeOrmStore()` takes. */
export interface TypeOrmStoreOptions<User extends ObjectLiteral = ObjectLiteral> {
  /** The user entity's class. */
  entity: EntityClass<User>;
  /** The data source, or its injection token, as from `getDataSourceToken('name')`. Default: the `DataSource` class. */
  dataSource?: DataSource | InjectionToken | undefined;
  /** Where the entity's properties have other names than in `RevocableUser`. Default: `{}`. */
  properties?: UserProperties | undefined;
  /** Table that holds what concerns everyone. Default: the users table's name with `_token_invalidation`, in its schema. */
  everyoneTable?: string | undefined;
  /** Names the users of this table: every token carries it, and a token with another is refused. Default: the table with its schema, as `public.users`. */
  realm?: string | undefined;
  /** Whether boot looks for the columns and the triggers in the database. Default: `true`. */
  checkSchema?: boolean | undefined;
  /** Says that the policies of row level security hide no row from the application's role. Default: `false`. */
  seesAllRows?: boolean | undefined;
  /** How long a write outside of a transaction may take. Seconds, or text with a unit. Default: `'10s'`. */
  writeTimeout?: Duration | undefined;
}

const propertyRow = textRow('is not the name of a property of the entity.');

/** The compiler checks that no option is left out. */
const OPTIONS: Readonly<Record<keyof TypeOrmStoreOptions, OptionRow>> = {
  entity: { check: isFunction, problem: 'is not a class: give the class of the user entity.' },
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
  ...STORE_OPTIONS,
};

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
  const problems = [
    ...(given.entity === undefined
      ? ['typeOrmStore: entity is missing: give the class of the user entity.']
      : []),
    ...problemsOf(OPTIONS, given, 'typeOrmStore: '),
  ];
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
