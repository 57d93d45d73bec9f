import { pgStore } from 'nestjs-token-invalidation/pg';
import { Pool, type PoolConfig, types } from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateChange, TokenStateStore } from '../../src/state/token-state.store.js';
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
  await pool?.end();
  await dataSource?.destroy();
  await database?.close();
});

type Store = TokenStateStore & { onApplicationShutdown(): Promise<void> };

/** What a store answers about a user, whom it logs out, and about everyone. */
async function answersOf(store: Store, id: string) {
  try {
    const problems = await store.checkSetup();
    const clockIsRight = Math.abs((await store.now())! - Date.now()) < 60_000;
    const change = (await store.invalidate({ subject: id }, 'logout')) as StateChange;
    const all = await store.invalidateEveryone();
    const { everyone, records } = await store.read([{ subject: id }], { timeoutMs: 10_000 });
    return { problems, clockIsRight, change, all, everyone, record: records[0] };
  } finally {
    await store.onApplicationShutdown();
  }
}

/** What the answers must be, given what the writes said. */
function rightAnswers({ change, all }: Awaited<ReturnType<typeof answersOf>>): object {
  return {
    problems: [],
    clockIsRight: true,
    change: { version: 1, effectiveAt: expect.any(Date) },
    all: { version: expect.any(Number), effectiveAt: expect.any(Date) },
    everyone: { version: all.version, loggedOutAt: all.effectiveAt },
    record: {
      active: true,
      state: { tokenVersion: 1, passwordChangedAt: null, logoutAllAt: change.effectiveAt },
    },
  };
}

describe.each<[string, () => Store]>([
  ['TypeORM', () => makeStore(dataSource, { entity: User })],
  ['plain pg', () => pgStore({ pool, table: 'users' }).useFactory() as PgTokenStateStore],
])('over %s, an application that parses', (_, makeStoreOf) => {
  it.each(OWN_WAYS)('%s gets the same answers', async (_name, oid, parse) => {
    const original = types.getTypeParser(oid);
    const { id } = await insertUser(database);
    types.setTypeParser(oid, parse);
    try {
      const answers = await answersOf(makeStoreOf(), id);
      expect(answers).toMatchObject(rightAnswers(answers));
    } finally {
      types.setTypeParser(oid, original);
    }
  });
});

describe('over a pool that asks for binary answers', () => {
  let binary: Pool;

  beforeAll(() => {
    binary = new Pool({ connectionString: database.url, binary: true } as PoolConfig);
    binary.on('error', () => {});
  });
  afterAll(() => binary?.end());

  it('plain pg gets the same answers', async () => {
    const { id } = await insertUser(database);
    const store = pgStore({ pool: binary, table: 'users' }).useFactory() as PgTokenStateStore;
    const answers = await answersOf(store, id);
    expect(answers).toMatchObject(rightAnswers(answers));
  });

  it('TypeORM gets the same answers', async () => {
    const { id } = await insertUser(database);
    const overBinary = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [User],
      extra: { binary: true },
    }).initialize();
    const answers = await answersOf(makeStore(overBinary, { entity: User }), id);
    expect(answers).toMatchObject(rightAnswers(answers));
    await overBinary.destroy();
  });
});
