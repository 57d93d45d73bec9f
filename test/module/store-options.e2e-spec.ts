import { Logger } from '@nestjs/common';
import {
  type TokenInvalidationModuleOptions,
  TokenInvalidator,
  TokenStateUnavailableError,
} from 'nestjs-token-invalidation';
import { pgStore, type PgStoreOptions } from 'nestjs-token-invalidation/pg';
import {
  typeOrmStore,
  type TypeOrmStoreOptions,
  type UserProperties,
} from 'nestjs-token-invalidation/typeorm';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { forge, REALM } from '../support/forge.js';
import { MeController } from '../support/me.controller.js';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';
import {
  ANNA,
  BUSY,
  createStaff,
  Employee,
  EMPLOYEE_PROPERTIES,
  GONE,
  moduleWith,
  STAFF,
} from '../support/storage/staff.js';
import { User } from '../support/user.entity.js';

Logger.overrideLogger(false);

/** What an option does, and a test that fails when the option is ignored. */
type Row = readonly [does: string, test: () => Promise<void>];
type Store = TokenInvalidationModuleOptions['store'];

let databases: TestDatabase[];
let pool: Pool;
let otherPool: Pool;
let employees: DataSource;
let others: DataSource;
const running: MemoryApp[] = [];

const connect = ({ url }: TestDatabase): Promise<DataSource> =>
  new DataSource({ type: 'postgres', url, entities: [Employee, User] }).initialize();

beforeAll(async () => {
  databases = [await createDatabase(), await createDatabase()];
  const [one, other] = databases as [TestDatabase, TestDatabase];
  [pool, otherPool] = [one, other].map(({ url }) => new Pool({ connectionString: url })) as [
    Pool,
    Pool,
  ];
  [employees, others] = [await connect(one), await connect(other)];
  await createStaff(pool);
  await pool.query(
    `INSERT INTO users (id, email, password_hash) VALUES ('${ANNA}', 'anna@example.com', 'hash')`,
  );
});

afterEach(() => Promise.all(running.splice(0).map((app) => app.close())));

afterAll(async () => {
  await Promise.all([pool.end(), otherPool.end(), employees.destroy(), others.destroy()]);
  await Promise.all(databases.map((database) => database.drop()));
});

async function start(
  store: Store,
  imports: TokenInvalidationModuleOptions['imports'] = [],
): Promise<MemoryApp> {
  const app = await createMemoryApp({
    controllers: [MeController],
    module: { store, imports, globalGuard: true },
  });
  running.push(app);
  return app;
}

/** How an application over the store answers a user; or, when it does not start, why. */
async function answer(
  store: Store,
  { id = ANNA, imports = [] as object[] } = {},
): Promise<unknown> {
  try {
    const app = await start(store, imports as never);
    return await app.ask(forge({ sub: id, ver: 0 }), '/me');
  } catch (error) {
    return (error as Error).message;
  }
}

const invalidatorOf = ({ app }: MemoryApp): TokenInvalidator =>
  app.get(TokenInvalidator, { strict: false });

/** A write that waits for a lock: it fails after a second, which boot has too, and still waits under the default limit. */
async function expectWriteTimeout(storeWith: (writeTimeout?: number) => Store): Promise<void> {
  const [impatient, patient] = [await start(storeWith(1)), await start(storeWith())];
  const holder = await pool.connect();
  await holder.query(`BEGIN; SELECT FROM staff.people WHERE key = '${BUSY}' FOR UPDATE`);
  const waiting = invalidatorOf(patient).invalidate(BUSY);
  await expect(invalidatorOf(impatient).invalidate(BUSY)).rejects.toThrow(
    TokenStateUnavailableError,
  );
  await holder.query('ROLLBACK');
  holder.release();
  await expect(waiting).resolves.toMatchObject({ subject: BUSY });
}

const employeeStore = (options: Partial<TypeOrmStoreOptions<Employee>> = {}) =>
  typeOrmStore({
    entity: Employee,
    dataSource: employees,
    properties: EMPLOYEE_PROPERTIES,
    everyoneTable: STAFF.everyoneTable,
    realm: REALM,
    ...options,
  });

const userStore = (options: Partial<TypeOrmStoreOptions<User>> = {}) =>
  typeOrmStore({ entity: User, dataSource: employees, ...options });

const staffStore = (options: Partial<PgStoreOptions> = {}) =>
  pgStore({ pool, ...STAFF, realm: REALM, ...options });

async function expectRealm(storeWith: (realm?: string) => Store): Promise<void> {
  expect(await answer(storeWith(REALM))).toBe(200);
  for (const realm of ['others', undefined]) {
    expect(await answer(storeWith(realm))).toBe('401 token_invalid');
  }
}

/** Boot refuses a disabled trigger, unless it does not look. */
async function expectSchemaCheck(storeWith: (checkSchema?: boolean) => Store): Promise<void> {
  await pool.query('ALTER TABLE staff.people DISABLE TRIGGER USER');
  expect(await answer(storeWith(false))).toBe(200);
  for (const checkSchema of [true, undefined]) {
    expect(await answer(storeWith(checkSchema))).toContain('ENABLE ALWAYS TRIGGER');
  }
  await pool.query('ALTER TABLE staff.people ENABLE TRIGGER USER');
}

/** What it changes is in test/storage/protection: here the role is a superuser, from whom nothing is hidden. */
async function expectSeesAllRows(storeWith: (seesAllRows: boolean) => Store): Promise<void> {
  for (const seesAllRows of [true, false]) expect(await answer(storeWith(seesAllRows))).toBe(200);
}

/** The store works with the name, and boot says what is missing without it. */
async function expectName(
  storeWith: (name: object) => Store,
  name: string,
  missing: string,
): Promise<void> {
  expect(await answer(storeWith({}))).toBe(200);
  expect(await answer(storeWith({ [name]: undefined }))).toContain(missing);
}

/** An injection token chooses between two databases. */
async function expectToken(storeWith: (token: string) => Store, [ours, theirs]: [object, object]) {
  const imports = [moduleWith('OURS', ours), moduleWith('THEIRS', theirs)];
  expect(await answer(storeWith('OURS'), { imports })).toBe(200);
  expect(await answer(storeWith('THEIRS'), { imports })).toBe('401 user_unknown');
}

const TYPEORM: Record<keyof TypeOrmStoreOptions, Row> = {
  entity: [
    'says which table has the users',
    async () => {
      expect(await answer(userStore(), { id: GONE })).toBe('401 user_unknown');
      expect(await answer(employeeStore(), { id: GONE })).toBe('401 user_inactive');
    },
  ],
  dataSource: [
    'is the data source, or its injection token',
    async () => {
      expect(await answer(userStore())).toBe(200);
      expect(await answer(userStore({ dataSource: others }))).toBe('401 user_unknown');
      await expectToken((dataSource) => userStore({ dataSource }), [employees, others]);
      const without = await answer(userStore({ dataSource: undefined }));
      expect(without).toContain('there is no TypeORM data source');
    },
  ],
  properties: [
    'are the names of the entity’s properties',
    () => expectName(employeeStore, 'properties', 'Employee has no column property "tokenVersion"'),
  ],
  everyoneTable: [
    'is the table of what concerns everyone',
    () => expectName(employeeStore, 'everyoneTable', '"people_token_invalidation"'),
  ],
  realm: ['names the users of the table', () => expectRealm((realm) => employeeStore({ realm }))],
  checkSchema: [
    'says whether boot looks at the database',
    () => expectSchemaCheck((checkSchema) => employeeStore({ checkSchema })),
  ],
  seesAllRows: [
    'says that no policy hides a row',
    () => expectSeesAllRows((seesAllRows) => employeeStore({ seesAllRows })),
  ],
  writeTimeout: [
    'is how long a write may take',
    () => expectWriteTimeout((writeTimeout) => employeeStore({ writeTimeout })),
  ],
};

const expectProperty = (name: keyof UserProperties) =>
  expectName(
    (changed) => employeeStore({ properties: { ...EMPLOYEE_PROPERTIES, ...changed } }),
    name,
    `Employee has no column property "${name}"`,
  );

async function rehash(password: string | undefined): Promise<object> {
  const store = employeeStore({ properties: { ...EMPLOYEE_PROPERTIES, password } });
  const replacement = { currentHash: 'hash', newHash: 'hash' };
  return invalidatorOf(await start(store)).rehashPassword(ANNA, replacement);
}

const PROPERTIES: Record<keyof UserProperties, Row> = {
  tokenVersion: ['is the version', () => expectProperty('tokenVersion')],
  passwordChangedAt: ['is the cutoff of passwords', () => expectProperty('passwordChangedAt')],
  logoutAllAt: ['is the cutoff of logouts', () => expectProperty('logoutAllAt')],
  password: [
    'is the stored hash',
    async () => {
      await expect(rehash('secretHash')).resolves.toMatchObject({ subject: ANNA });
      await expect(rehash(undefined)).rejects.toThrow(/password/);
    },
  ],
};

const PG: Record<keyof PgStoreOptions, Row> = {
  pool: [
    'is the pool, or its injection token',
    async () => {
      const users = { table: 'users' };
      expect(await answer(pgStore({ ...users, pool }))).toBe(200);
      expect(await answer(pgStore({ ...users, pool: otherPool }))).toBe('401 user_unknown');
      await expectToken((token) => pgStore({ ...users, pool: token }), [pool, otherPool]);
      const without = pgStore({ ...users, pool: undefined! });
      expect(await answer(without)).toContain('pgStore: there is no pool');
    },
  ],
  table: [
    'is the users table, with its schema',
    async () => {
      await expectName(staffStore, 'table', 'pgStore: table is missing');
      expect(await answer(pgStore({ pool, table: 'users' }), { id: GONE })).toBe(
        '401 user_unknown',
      );
      expect(await answer(staffStore({ table: 'people' }))).toContain('there is no table "people"');
    },
  ],
  id: ['is the primary key', () => expectName(staffStore, 'id', 'has no column "id"')],
  tokenVersion: [
    'is the version',
    () => expectName(staffStore, 'tokenVersion', 'has no column "token_version"'),
  ],
  passwordChangedAt: [
    'is the cutoff of passwords',
    () => expectName(staffStore, 'passwordChangedAt', 'has no column "password_changed_at"'),
  ],
  logoutAllAt: [
    'is the cutoff of logouts',
    () => expectName(staffStore, 'logoutAllAt', 'has no column "logout_all_at"'),
  ],
  password: [
    'is the hash, which no record has; without it the column that was named in the migration',
    async () => {
      const columns = async (password: string | undefined) => {
        const app = await start(staffStore({ password, checkSchema: false }));
        const { body } = await app.get('/me', forge({ sub: ANNA, ver: 0 }));
        return Object.keys(body['user'] as object);
      };
      expect(await columns('hash')).toEqual(expect.arrayContaining(['key', 'note']));
      expect(await columns('hash')).not.toContain('hash');
      expect(await columns(undefined)).not.toContain('hash');
      expect(await columns('note')).not.toContain('note');
      expect(await answer(staffStore({ password: 'note' }))).toContain('watches the column "hash"');
    },
  ],
  deletedAt: [
    'says which users are gone',
    async () => {
      const answers: unknown[] = [];
      for (const deletedAt of ['gone_at', undefined]) {
        answers.push(await answer(staffStore({ deletedAt }), { id: GONE }));
      }
      expect(answers).toEqual(['401 user_inactive', 200]);
    },
  ],
  everyoneTable: [
    'is the table of what concerns everyone',
    () => expectName(staffStore, 'everyoneTable', '"people_token_invalidation"'),
  ],
  realm: ['names the users of the table', () => expectRealm((realm) => staffStore({ realm }))],
  checkSchema: [
    'says whether boot looks at the database',
    () => expectSchemaCheck((checkSchema) => staffStore({ checkSchema })),
  ],
  seesAllRows: [
    'says that no policy hides a row',
    () => expectSeesAllRows((seesAllRows) => staffStore({ seesAllRows })),
  ],
  writeTimeout: [
    'is how long a write may take',
    () => expectWriteTimeout((writeTimeout) => staffStore({ writeTimeout })),
  ],
};

/** The names that a store takes, as its own message has them. */
async function namesOf(store: Store, path: string): Promise<string[]> {
  const text = String(await answer(store));
  const names = new RegExp(`${path}nothing is not an option: choose from (.*)\\.`).exec(text)?.[1];
  return names!.split(', ').toSorted();
}

const nothing: object = { nothing: true };
const TABLES = [
  { store: 'typeOrmStore: ', tests: TYPEORM, withNothing: () => employeeStore(nothing) },
  {
    store: 'typeOrmStore: properties.',
    tests: PROPERTIES,
    withNothing: () => employeeStore({ properties: nothing }),
  },
  { store: 'pgStore: ', tests: PG, withNothing: () => staffStore(nothing) },
];

describe.each(TABLES)('the options of $store', ({ store, tests, withNothing }) => {
  it.each(Object.entries<Row>(tests).map(([name, [does, test]]) => ({ name, does, test })))(
    '$name $does',
    async ({ test }) => {
      expect.hasAssertions();
      await test();
    },
  );

  it('each has its test, and a name that is none is named at boot', async () => {
    expect(await namesOf(withNothing(), store)).toEqual(Object.keys(tests).toSorted());
  });
});
