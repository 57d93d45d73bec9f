import type { InjectionToken } from '@nestjs/common';
import { isFunction, isInjectionToken, textRow } from '../options/checks.js';
import { type OptionRow, problemsOf } from '../options/option-table.js';
import type { PgPool } from '../postgres/pg-pool.js';
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
import type { PrismaTransaction } from './join-transaction.js';
import type { PrismaClientLike, PrismaRecord } from './prisma-client.js';
import { PrismaLayer } from './prisma-layer.js';

/** What `prismaStore()` takes. Columns by the names of the model's fields in Prisma's schema. */
export interface PrismaStoreOptions extends StatePropertyOptions, PostgresStoreOptions {
  /** The Prisma client, or its injection token: `PrismaService`. */
  client: object | InjectionToken;
  /** The pool of pg that the client's adapter has, `new PrismaPg(pool)`, or its injection token. To the primary. */
  pool: object | InjectionToken;
  /** The users model, as the client names it: `'user'` for `prisma.user`. */
  model: string;
  /** The PostgreSQL schema, where the adapter was given one. Default: the model's `@@schema`, or else the `search_path`. */
  schema?: string | undefined;
  /** The id. Default: `'id'`. */
  id?: string | undefined;
}

/** The compiler checks that no option is left out. */
const ROWS = {
  client: {
    check: (value: unknown) => isInstance(value, '$connect') || isInjectionToken(value),
    problem: 'is neither a Prisma client nor an injection token.',
  },
  pool: {
    check: (value: unknown) => isInstance(value, 'connect') || isInjectionToken(value),
    problem: 'is neither a Pool of pg nor an injection token.',
  },
  model: {
    ...textRow("is not the name of a model, as in 'user' for prisma.user."),
    missing: "is missing: name the users model, as in 'user' for prisma.user.",
  },
  schema: textRow('is not the name of a PostgreSQL schema.'),
  ...stateNameRows('is not the name of a field of the model.', { id: 'id', ...STATE_PROPERTIES }),
  ...POSTGRES_STORE_ROWS,
} satisfies Record<keyof PrismaStoreOptions, OptionRow>;

/**
 * The token state in the application's users table, through Prisma 7 and the pool of its `pg` adapter. A user is the
 * model's record, without the password. Writes join a transaction that is given as the `tx` of `$transaction()`.
 *
 * What is wrong with the options comes out at boot, with everything else.
 *
 * @typeParam User - the record: `Omit<User, 'passwordHash'>` of the generated client
 * @example
 * ```ts
 * TokenInvalidationModule.forRoot({
 *   store: prismaStore({ client: PrismaService, pool: PG_POOL, model: 'user' }),
 *   imports: [PrismaModule],
 *   secret,
 * })
 * ```
 */
export function prismaStore<User extends object = PrismaRecord>(
  options: PrismaStoreOptions,
): TokenStateStoreDefinition<User, PrismaTransaction> {
  // Without types, anything may be given, also nothing.
  const given: Partial<PrismaStoreOptions> = options ?? {};
  const { client, pool, model = '', schema } = given;
  const described = { model, schema, fields: stateNames(ROWS, given) };
  const problems = problemsOf(ROWS, given, 'prismaStore: ');
  return {
    inject: [client, pool]
      .filter(isInjectionToken)
      .map((token) => ({ token: token as InjectionToken, optional: true })),
    useFactory: (...injected: unknown[]) => {
      const instanceOf = (value: unknown) => (isInjectionToken(value) ? injected.shift() : value);
      const layer = new PrismaLayer({
        client: instanceOf(client) as PrismaClientLike | undefined,
        pool: instanceOf(pool) as PgPool | undefined,
        ...described,
        problems,
      });
      const store: unknown = new PostgresTokenStateStore(layer, storeSettings(given));
      return store as PostgresTokenStateStore<User, PrismaTransaction>;
    },
  };
}

function isInstance(value: unknown, method: string): boolean {
  return typeof value === 'object' && value !== null && isFunction(Reflect.get(value, method));
}
