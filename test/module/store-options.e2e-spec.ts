import { Logger } from '@nestjs/common';
import { pgStore, type PgStoreOptions } from 'nestjs-token-invalidation/pg';
import {
  typeOrmStore,
  type TypeOrmStoreOptions,
  type UserProperties,
} from 'nestjs-token-invalidation/typeorm';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect } from 'vitest';
import { REALM } from '../support/forge.js';
import {
  describeOptions,
  expectName,
  expectToken,
  invalidatorOf,
  type Row,
  useOptionChecks,
} from '../support/storage/option-checks.js';
import { ANNA, Employee, EMPLOYEE_PROPERTIES, GONE, STAFF } from '../support/storage/staff.js';
import { User } from '../support/user.entity.js';

Logger.overrideLogger(false);

const checks = useOptionChecks();
let employees: DataSource;
let others: DataSource;

const connect = (url: string): Promise<DataSource> =>
  new DataSource({ type: 'postgres', url, entities: [Employee, User] }).initialize();

beforeAll(async () => {
  [employees, others] = [await connect(checks.urls[0]), await connect(checks.urls[1])];
});
afterAll(() => Promise.all([employees?.destroy(), others?.destroy()]));

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

const TYPEORM: Record<keyof TypeOrmStoreOptions, Row> = {
  entity: [
    'says which table has the users',
    async () => {
      expect(await checks.answer(userStore(), { id: GONE })).toBe('401 user_unknown');
      expect(await checks.answer(employeeStore(), { id: GONE })).toBe('401 user_inactive');
    },
  ],
  dataSource: [
    'is the data source, or its injection token',
    async () => {
      expect(await checks.answer(userStore())).toBe(200);
      expect(await checks.answer(userStore({ dataSource: others }))).toBe('401 user_unknown');
      await expectToken(checks, (dataSource) => userStore({ dataSource }), [employees, others]);
      const without = await checks.answer(userStore({ dataSource: undefined }));
      expect(without).toContain('there is no TypeORM data source');
    },
  ],
  properties: [
    'are the names of the entity’s properties',
    () =>
      expectName(
        checks,
        employeeStore,
        'properties',
        'Employee has no column property "tokenVersion"',
      ),
  ],
  ...checks.sharedBy(employeeStore, async (url) => {
    const dataSource = await connect(url);
    return { options: { dataSource }, close: () => dataSource.destroy() };
  }),
};

const expectProperty = (name: keyof UserProperties) =>
  expectName(
    checks,
    (changed) => employeeStore({ properties: { ...EMPLOYEE_PROPERTIES, ...changed } }),
    name,
    `Employee has no column property "${name}"`,
  );

async function rehash(password: string | undefined): Promise<object> {
  const store = employeeStore({ properties: { ...EMPLOYEE_PROPERTIES, password } });
  const replacement = { currentHash: 'hash', newHash: 'hash' };
  return invalidatorOf(await checks.start(store)).rehashPassword(ANNA, replacement);
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

const staffStore = (options: Partial<PgStoreOptions> = {}) =>
  pgStore({ pool: checks.pool, ...STAFF, realm: REALM, ...options });

const usersOf = (pool: object | string) => pgStore({ pool, table: 'users' });

const PG: Record<keyof PgStoreOptions, Row> = {
  pool: [
    'is the pool, or its injection token',
    async () => {
      const { pool, otherPool } = checks;
      expect(await checks.answer(usersOf(pool))).toBe(200);
      expect(await checks.answer(usersOf(otherPool))).toBe('401 user_unknown');
      await expectToken(checks, usersOf, [pool, otherPool]);
      expect(await checks.answer(usersOf(undefined!))).toContain('pgStore: there is no pool');
    },
  ],
  table: [
    'is the users table, with its schema',
    async () => {
      await expectName(checks, staffStore, 'table', 'pgStore: table is missing');
      expect(await checks.answer(usersOf(checks.pool), { id: GONE })).toBe('401 user_unknown');
      const people = await checks.answer(staffStore({ table: 'people' }));
      expect(people).toContain('there is no table "people"');
    },
  ],
  id: ['is the primary key', () => expectName(checks, staffStore, 'id', 'has no column "id"')],
  tokenVersion: [
    'is the version',
    () => expectName(checks, staffStore, 'tokenVersion', 'has no column "token_version"'),
  ],
  passwordChangedAt: [
    'is the cutoff of passwords',
    () =>
      expectName(checks, staffStore, 'passwordChangedAt', 'has no column "password_changed_at"'),
  ],
  logoutAllAt: [
    'is the cutoff of logouts',
    () => expectName(checks, staffStore, 'logoutAllAt', 'has no column "logout_all_at"'),
  ],
  password: [
    'is the hash, which no record has; without it the column that was named in the migration',
    async () => {
      const columns = (password: string | undefined) =>
        checks.propertiesOfUser(staffStore({ password, checkSchema: false }));
      expect(await columns('hash')).toEqual(expect.arrayContaining(['key', 'note']));
      expect(await columns('hash')).not.toContain('hash');
      expect(await columns(undefined)).not.toContain('hash');
      expect(await columns('note')).not.toContain('note');
      const wrong = await checks.answer(staffStore({ password: 'note' }));
      expect(wrong).toContain('watches the column "hash"');
    },
  ],
  deletedAt: [
    'says which users are gone',
    async () => {
      const known = await checks.answer(staffStore({ deletedAt: 'gone_at' }), { id: GONE });
      const unknown = await checks.answer(staffStore(), { id: GONE });
      expect([known, unknown]).toEqual(['401 user_inactive', 200]);
    },
  ],
  ...checks.sharedBy(staffStore, async (connectionString) => {
    const pool = new Pool({ connectionString });
    return { options: { pool }, close: () => pool.end() };
  }),
};

const nothing: object = { nothing: true };

describeOptions(checks, [
  { path: 'typeOrmStore: ', tests: TYPEORM, withNothing: () => employeeStore(nothing) },
  {
    path: 'typeOrmStore: properties.',
    tests: PROPERTIES,
    withNothing: () => employeeStore({ properties: nothing }),
  },
  { path: 'pgStore: ', tests: PG, withNothing: () => staffStore(nothing) },
]);
