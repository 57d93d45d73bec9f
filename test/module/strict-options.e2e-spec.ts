import {
  LogoutTransaction,
  TokenInvalidationConfigError,
  TokenInvalidationModule,
  type TokenInvalidator,
  TokenStateStore,
} from 'nestjs-token-invalidation';
import { drizzleStore, type DrizzleTransaction } from 'nestjs-token-invalidation/drizzle';
import { pgStore, type PgTransaction, tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { prismaStore, type PrismaTransaction } from 'nestjs-token-invalidation/prisma';
import { InMemoryTokenStateStore } from 'nestjs-token-invalidation/testing';
import { tokenInvalidationMigration, typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import type { ClientBase } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SECRET } from '../support/app-settings.js';
import { createMemoryApp } from '../support/memory-app.js';

const GOOD = { store: InMemoryTokenStateStore, secret: SECRET };

/** What stops the boot; nothing when it starts. */
async function problemsOf(
  tokenModule: ReturnType<typeof TokenInvalidationModule.forRoot>,
): Promise<readonly string[]> {
  try {
    await (await createMemoryApp({ tokenModule })).close();
    return [];
  } catch (error) {
    if (error instanceof TokenInvalidationConfigError) return error.problems;
    throw error;
  }
}

/** The same, of options that a compiler would refuse, as plain JavaScript and a cast let them pass. */
const problemsWith = (options: object) =>
  problemsOf(TokenInvalidationModule.forRoot({ ...GOOD, ...options }));

/** The same, with what shapes the module next to a factory. */
const problemsNextToFactory = (extras: object) =>
  problemsOf(
    TokenInvalidationModule.forRootAsync({
      store: InMemoryTokenStateStore,
      useFactory: () => ({ secret: SECRET }),
      ...extras,
    }),
  );

describe('options that are right', () => {
  it('start', async () => {
    expect(await problemsWith({})).toEqual([]);
    expect(
      await problemsNextToFactory({ endpoints: { path: 'auth', logoutEverywhere: true } }),
    ).toEqual([]);
  });
});

describe('a name that is no option', () => {
  it.each([
    [
      { expireIn: '1h' },
      /^expireIn is not an option: did you mean expiresIn\? Choose from secret, keys, expiresIn, .*store, /,
    ],
    [{ entity: Date }, /^entity is not an option: choose from secret, /],
    [
      { endpoint: { path: 'auth' } },
      /^endpoint is not an option: did you mean endpoints\? Choose from .*endpoints/,
    ],
    [{ hasOwnProperty: true }, /^hasOwnProperty is not an option/],
    [
      { secret: undefined, keys: [{ secret: SECRET }, { secrets: SECRET }] },
      /^keys\[1\]\.secrets is not an option: did you mean secret\? Choose from secret, privateKey, publicKey, algorithm, kid\.$/,
    ],
    [
      { endpoints: { path: 'auth', logoutEverwhere: true } },
      /^endpoints\.logoutEverwhere is not an option: did you mean logoutEverywhere\? Choose from path, version, logoutEverywhere, sessions, refreshCookie, revoke, introspect, jwks, response, listResponse, logoutTransaction, securityScheme\.$/,
    ],
  ])('stops the boot and is named: %j', async (options, message) => {
    expect(await problemsWith(options)).toContainEqual(expect.stringMatching(message));
  });

  it.each([
    [
      { endpoints: { path: 'auth', logoutEverwhere: true } },
      /^endpoints\.logoutEverwhere is not an option/,
    ],
    [{ endpoints: 'auth' }, /^endpoints is not an object with a path/],
    [{ isGlobal: 'yes' }, /^isGlobal is not true or false/],
  ])('also next to a factory: %j', async (extras, message) => {
    expect(await problemsNextToFactory(extras)).toEqual([expect.stringMatching(message)]);
  });

  it('next to a factory or inside of it is said at once', () => {
    const extras: object = { useFactory: () => GOOD, secret: SECRET, expireIn: '1h' };
    expect(() =>
      TokenInvalidationModule.forRootAsync({ store: InMemoryTokenStateStore, ...extras }),
    ).toThrow(
      /secret stands next to the factory: return it from the factory.*\n.*expireIn is not an option/,
    );
  });

  it('of what shapes the module is not read from a factory', async () => {
    const options: object = { secret: SECRET, isGlobal: true };
    expect(await problemsNextToFactory({ useFactory: () => options })).toEqual([
      'isGlobal shapes the module and is not read from a factory: put it next to useFactory.',
    ]);
  });
});

it('an option that nobody reads does not compile', () => {
  const pool = 'POOL';
  const table = { $inferSelect: {} };
  const users = { table: 'users', password: 'hash' };
  const unread = [
    // @ts-expect-error -- TypeORM knows the table
    () => typeOrmStore({ entity: Date, table: 'users' }),
    // @ts-expect-error -- and the columns: `properties` has the names of theirs
    () => typeOrmStore({ entity: Date, tokenVersion: 'version' }),
    // @ts-expect-error -- this property has another name
    () => typeOrmStore({ entity: Date, properties: { passwordHash: 'hash' } }),
    // @ts-expect-error -- there is no entity
    () => pgStore({ pool, table: 'users', entity: Date }),
    // @ts-expect-error -- the columns are options themselves
    () => pgStore({ pool, table: 'users', properties: {} }),
    // @ts-expect-error -- the table is named with its schema
    () => pgStore({ pool, table: 'users', schema: 'auth' }),
    // @ts-expect-error -- Prisma's schema knows the table
    () => prismaStore({ client: 'CLIENT', pool, model: 'user', table: 'users' }),
    // @ts-expect-error -- the pool is that of the db
    () => drizzleStore({ db: 'DB', table, pool }),
    // @ts-expect-error -- the table knows its schema
    () => drizzleStore({ db: 'DB', table, schema: 'auth' }),
    // @ts-expect-error -- a store over PostgreSQL reads it, and no other
    () => TokenInvalidationModule.forRoot({ ...GOOD, everyoneTable: 'everyone' }),
    // @ts-expect-error -- nor does the module read what is a store's
    () => TokenInvalidationModule.forRoot({ ...GOOD, checkSchema: false }),
    () =>
      TokenInvalidationModule.forRootAsync({
        store: InMemoryTokenStateStore,
        useFactory: () => ({ secret: SECRET }),
        // @ts-expect-error -- the factory returns it
        secret: SECRET,
      }),
    // @ts-expect-error -- a migration needs no pool
    () => tokenInvalidationSql({ ...users, pool }),
    // @ts-expect-error -- nor an entity
    () => tokenInvalidationMigration({ ...users, entity: Date }),
  ];
  // Without types, boot names each: above, and in store-options.e2e-spec.ts.
  expect(unread.every((use) => typeof use === 'function')).toBe(true);
});

it('a transaction of another data layer does not compile', () => {
  interface Given {
    typeOrm: TokenInvalidator<EntityManager>;
    pg: TokenInvalidator<PgTransaction>;
    prisma: TokenInvalidator<PrismaTransaction>;
    drizzle: TokenInvalidator<DrizzleTransaction>;
    manager: EntityManager;
    client: ClientBase;
    dataSource: DataSource;
  }
  const refused = [
    // @ts-expect-error -- the data source runs each statement alone
    ({ typeOrm, dataSource }: Given) => typeOrm.invalidate(1, { transaction: dataSource }),
    // @ts-expect-error -- a client of pg is none of TypeORM
    ({ typeOrm, client }: Given) => typeOrm.invalidate(1, { transaction: client }),
    // @ts-expect-error -- and a manager no client
    ({ pg, manager }: Given) => pg.invalidate(1, { transaction: manager }),
    // @ts-expect-error -- nor a transaction of Prisma
    ({ prisma, manager }: Given) => prisma.invalidate(1, { transaction: manager }),
    // @ts-expect-error -- nor of Drizzle
    ({ drizzle, client }: Given) => drizzle.invalidate(1, { transaction: client }),
  ];
  const taken = [
    ({ typeOrm, manager }: Given) => typeOrm.invalidate(1, { transaction: manager }),
    ({ pg, client }: Given) => pg.invalidate(1, { transaction: client }),
  ];
  expect([...refused, ...taken].every((use) => typeof use === 'function')).toBe(true);
});

describe('endpoints that cannot be meant', () => {
  const message =
    "endpoints is not an object with a path: give { path: 'auth', logoutEverywhere: true }.";

  it.each([
    ['a path alone', 'auth'],
    ['an empty path, which is the root', { path: '' }],
    ['no path', { logoutEverywhere: true }],
    ['a path that is no text', { path: 1 }],
    ['true', true],
    ['null', null],
    ['a list', [{ path: 'auth' }]],
    ['an instance of a class', new Map([['path', 'auth']])],
  ])('stop the boot: %s', async (_, endpoints) => {
    expect(await problemsWith({ endpoints })).toEqual([message]);
  });

  it.each<[object, RegExp]>([
    [
      { version: 2 },
      /^endpoints\.version is not a version: give text such as '1', VERSION_NEUTRAL, or a list of them\.$/,
    ],
    [{ version: '' }, /^endpoints\.version is not a version/],
    [{ version: [1] }, /^endpoints\.version is not a version/],
    [{ version: [] }, /^endpoints\.version is not a version/],
    [{ logoutEverywhere: 'yes' }, /^endpoints\.logoutEverywhere is not true or false\.$/],
    [{ response: {} }, /^endpoints\.response is not a function: give \(response\) => /],
  ])('stop the boot: %j', async (field, problem) => {
    expect(await problemsWith({ endpoints: { path: 'auth', ...field } })).toEqual([
      expect.stringMatching(problem),
    ]);
  });
});

describe('endpoints without what they need', () => {
  class Within extends LogoutTransaction {
    run = (logout: (transaction: unknown) => Promise<void>) => logout({});
  }
  const sessions = { absolute: '30 days' };
  const needsSessions = "needs the option sessions: set sessions: { preset: 'consumer' }.";

  it.each<[string, object, object?]>([
    [`endpoints.sessions ${needsSessions}`, { sessions: true }],
    [`endpoints.revoke ${needsSessions}`, { revoke: true }],
    [`endpoints.refreshCookie ${needsSessions}`, { refreshCookie: true }],
    [
      'endpoints.listResponse needs endpoints.sessions: set that too, or leave this out.',
      { listResponse: () => ({}) },
      { sessions },
    ],
    [
      'endpoints.logoutTransaction needs endpoints.logoutEverywhere: set that too, or leave this out.',
      { logoutTransaction: Within },
      { sessions },
    ],
    [
      'endpoints.jwks needs a key pair: there is no public key in keys, and a secret stays secret.',
      { jwks: true },
    ],
  ])('stop the boot: %s', async (problem, endpoints, options = {}) => {
    const given = { ...options, endpoints: { path: 'auth', ...endpoints } };
    expect(await problemsWith(given)).toEqual([problem]);
  });
});

describe('endpoints that add none', () => {
  it.each<[string, object]>([
    ['only a path', {}],
    ['endpoints that are undefined', { logoutEverywhere: undefined, jwks: undefined }],
    ['nothing that they would shape', { version: '1', securityScheme: 'bearer' }],
  ])('stop the boot when they have %s', async (_, endpoints) => {
    const given = { endpoints: { path: 'auth', ...endpoints } };
    const problem =
      'endpoints adds none: set endpoints.logoutEverywhere, sessions, revoke, introspect or jwks, or leave endpoints out.';
    expect(await problemsWith(given)).toEqual([problem]);
    expect(await problemsNextToFactory(given)).toEqual([problem]);
  });

  it.each<[string, object]>([
    ['are switched off on purpose', { logoutEverywhere: false, sessions: false }],
    ["say the cookie of the application's own login", { refreshCookie: true }],
    ["shape the answer of the application's own login", { response: () => ({}) }],
  ])('let the application start when they %s', async (_, endpoints) => {
    const options = {
      sessions: { absolute: '30 days' },
      endpoints: { path: 'auth', ...endpoints },
    };
    expect(await problemsWith(options)).toEqual([]);
  });
});

describe('a store that is none', () => {
  const remedy =
    ': give typeOrmStore({ entity: User }) of nestjs-token-invalidation/typeorm, pgStore({ … }) of nestjs-token-invalidation/pg, prismaStore({ … }) of nestjs-token-invalidation/prisma, drizzleStore({ … }) of nestjs-token-invalidation/drizzle, or a class that extends TokenStateStore.';

  it('is missing', async () => {
    const store = undefined;
    expect(await problemsWith({ store })).toEqual([`store is missing${remedy}`]);
    expect(await problemsNextToFactory({ store })).toEqual([`store is missing${remedy}`]);
  });

  it.each([
    ['null', null],
    ['a class of something else', Date],
    ['the port itself', TokenStateStore],
    ['an instance', new InMemoryTokenStateStore()],
    ['the options of a store', { entity: Date }],
    ['a function that makes one', () => new InMemoryTokenStateStore()],
    ['a provider without its dependencies', { useFactory: () => new InMemoryTokenStateStore() }],
    ['text', 'typeorm'],
  ])('is refused: %s', async (_, store) => {
    expect(await problemsWith({ store })).toEqual([`store is not a store${remedy}`]);
  });
});

describe('everything that is wrong', () => {
  it('is in one message, with what the store says', async () => {
    class BrokenStore extends InMemoryTokenStateStore {
      override async checkSetup(): Promise<string[]> {
        return ['the table is missing: make it.'];
      }
    }
    const problems = await problemsWith({
      store: BrokenStore,
      secret: 'short',
      expireIn: '1h',
      readTimeout: 'soon',
      keys: undefined,
    });
    expect(problems).toEqual([
      expect.stringMatching(/^expireIn is not an option/),
      expect.stringMatching(/^readTimeout is "soon": give seconds as a number/),
      expect.stringMatching(/^secret: the secret has 5 bytes and HS256 needs at least 32/),
      'the table is missing: make it.',
    ]);
  });

  it('is in one message, shape and options together', async () => {
    expect(await problemsWith({ endpoints: 'auth', isGlobal: 1, expiresIn: '' })).toEqual([
      'isGlobal is not true or false.',
      expect.stringMatching(/^endpoints is not an object/),
      expect.stringMatching(/^expiresIn is "": give seconds/),
    ]);
  });

  it('is no option at all: a factory that returns nothing', async () => {
    expect(await problemsNextToFactory({ useFactory: () => undefined })).toEqual([
      'there are no options: return them from the factory.',
    ]);
  });
});
