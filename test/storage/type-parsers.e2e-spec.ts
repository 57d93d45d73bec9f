import { pgStore } from 'nestjs-token-invalidation/pg';
import { Pool, types } from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenStateStore } from '../../src/state/token-state.store.js';
import { makeStore, openUsers, type StorageDatabase } from '../support/storage/database.js';
import type { PgTokenStateStore } from '../support/storage/pg-harness.js';
import { insertUser } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

/** Types that an application may have pg leave as text, or parse in its own way. */
const OWN_WAYS: readonly [name: string, oid: number, parse: (text: string) => unknown][] = [
  ['boolean as text', types.builtins.BOOL, (text) => text],
  ['float8 as text', types.builtins.FLOAT8, (text) => text],
  ['float8 as an object', types.builtins.FLOAT8, (text) => ({ text })],
  ['int8 as a bigint', types.builtins.INT8, BigInt],
  ['int4 as text', types.builtins.INT4, (text) => text],
];

let database: StorageDatabase;
let dataSource: DataSource;
let pool: Pool;

beforeAll(async () => {
  database = await openUsers();
  dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [User],
  }).initialize();
  pool = new Pool({ connectionString: database.url });
  // The database may be dropped before the last connection has closed.
  pool.on('error', () => {});
});
afterAll(async () => {
  await pool.end();
  await dataSource.destroy();
  await database.close();
});

describe.each<[string, () => TokenStateStore & { onApplicationShutdown(): Promise<void> }]>([
  ['TypeORM', () => makeStore(dataSource, { entity: User })],
  ['plain pg', () => pgStore({ pool, table: 'users' }).useFactory() as PgTokenStateStore],
])('over %s, an application that parses', (_, makeStoreOf) => {
  it.each(OWN_WAYS)('%s gets the same answers', async (_name, oid, parse) => {
    const original = types.getTypeParser(oid);
    const { id } = await insertUser(database);
    types.setTypeParser(oid, parse);
    const store = makeStoreOf();
    try {
      expect(await store.checkSetup()).toEqual([]);
      const change = await store.invalidate({ subject: id }, 'logout');
      expect(change).toEqual({ version: 1, effectiveAt: expect.any(Date) });
      const everyone = await store.invalidateEveryone();
      expect(everyone).toEqual({ version: expect.any(Number), effectiveAt: expect.any(Date) });

      const reading = await store.read([{ subject: id }], { timeoutMs: 10_000 });

      const { version, effectiveAt } = everyone;
      expect(reading.everyone).toEqual({ version, loggedOutAt: effectiveAt });
      expect(reading.records[0]).toMatchObject({
        active: true,
        state: {
          tokenVersion: 1,
          passwordChangedAt: null,
          logoutAllAt: (change as { effectiveAt: Date }).effectiveAt,
        },
      });
    } finally {
      types.setTypeParser(oid, original);
      await store.onApplicationShutdown();
    }
  });
});
