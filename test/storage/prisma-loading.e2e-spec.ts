import { prismaStore } from 'nestjs-token-invalidation/prisma';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { PostgresTokenStateStore } from '../../src/postgres/postgres-token-state.store.js';
import {
  openPool,
  openPrisma,
  type Pool,
  type PrismaClient,
  readReplicas,
} from '../prisma/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { StatementCounter } from '../support/statement-counter.js';

let database: TestDatabase;
let pool: Pool;
let client: PrismaClient;
let id: string;

beforeAll(async () => {
  database = await createDatabase();
  pool = openPool(database.url);
  client = openPrisma(pool);
});
afterAll(async () => {
  await client?.$disconnect();
  await pool?.end();
  await database?.drop();
});
beforeEach(async () => {
  const email = `${crypto.randomUUID()}@example.com`;
  ({ id } = await client.user.create({ data: { email, passwordHash: 'hash' } }));
});

type Store = PostgresTokenStateStore<object, unknown>;

function storeOf(of: object): Store {
  const store = prismaStore({ client: of, pool, model: 'user' }).useFactory() as unknown as Store;
  onTestFinished(() => store.onApplicationShutdown());
  return store;
}

const read = async (store: Store, ...subjects: string[]) => {
  const queries = subjects.map((subject) => ({ subject }));
  return (await store.read(queries, { timeoutMs: 10_000 })).records;
};

/** While it works, the application holds all connections of its pool. */
async function withoutFreeConnection<Result>(work: () => Promise<Result>): Promise<Result> {
  const held = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
  try {
    return await work();
  } finally {
    for (const each of held) each.release();
  }
}

const OTHER_POOL = /^prismaStore: the client reads without the pool: give pool the very Pool/;

describe('the record of a request over Prisma', () => {
  it('costs one more query, and no connection of the application', async () => {
    const store = storeOf(client);
    await read(store, id);
    await withoutFreeConnection(async () => {
      const statements = new StatementCounter(Reflect.get(pool, 'Client'));
      const records = await read(store, id, crypto.randomUUID());
      const { count } = statements;
      statements.stop();
      expect(records).toMatchObject([{ user: { id } }, undefined]);
      expect(count).toBe(2);
    });
  });

  it('also where an extension reads in a transaction', async () => {
    const inTransaction = client.$extends({
      query: {
        user: {
          async $allOperations({ args, query }) {
            const set = client.$executeRaw`SELECT set_config('app.tenant', 'one', true)`;
            const [, result] = await client.$transaction([set, query(args) as never]);
            return result;
          },
        },
      },
    });
    const store = storeOf(inTransaction);
    await read(store, id);
    await withoutFreeConnection(async () => {
      expect(await read(store, id)).toMatchObject([{ user: { id } }]);
      // The connection is outside of any transaction again.
      expect(await read(store, id)).toMatchObject([{ user: { id } }]);
    });
  });

  it('what an extension leaves running goes by the application’s pool', async () => {
    let later = Promise.resolve<unknown>(undefined);
    let goOn!: () => void;
    const leaving = client.$extends({
      query: {
        user: {
          findMany({ args, query }) {
            const gate = new Promise<void>((resolve) => {
              goOn = resolve;
            });
            later = gate.then(() => client.$queryRaw`SELECT pg_backend_pid() AS pid`);
            return query(args);
          },
        },
      },
    });
    const store = storeOf(leaving);
    await read(store, id);
    const held = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
    const pids = await Promise.all(
      held.map(async (each) => (await each.query('SELECT pg_backend_pid() AS pid')).rows[0].pid),
    );
    for (const each of held) each.release();
    goOn();
    expect(pids).toContain(((await later) as { pid: number }[])[0]!.pid);
  });

  it('comes from the primary, where the client has replicas', async () => {
    const empty = await createDatabase();
    const replicaPool = openPool(empty.url);
    const replica = openPrisma(replicaPool);
    onTestFinished(async () => {
      await replica.$disconnect();
      await replicaPool.end();
      await empty.drop();
    });
    const replicated = client.$extends(readReplicas({ replicas: [replica as never] }));
    expect(await replicated.user.findUnique({ where: { id } })).toBeNull();
    for (const each of [replicated, replicated.$extends({ name: 'later' })]) {
      const store = storeOf(each);
      expect(await store.checkSetup()).toEqual([]);
      expect(await read(store, id)).toMatchObject([{ user: { id } }]);
    }
  });

  it('comes from no cache: what answers from one is named at boot', async () => {
    const cached = client.$extends({ query: { user: { findMany: async () => [] } } });
    expect(await storeOf(cached).checkSetup()).toEqual([expect.stringMatching(OTHER_POOL)]);
  });

  it('nor does it when the cache answers later on: nothing is known about the user', async () => {
    let answer: object[] | undefined;
    const cached = client.$extends({
      query: {
        user: {
          findMany: async ({ args, query }) => (answer as never) ?? query(args),
        },
      },
    });
    const store = storeOf(cached);
    expect(await store.checkSetup()).toEqual([]);
    expect(await read(store, id)).toMatchObject([{ user: { id } }]);
    answer = [{ id, role: 'stale' }];
    await expect(read(store, id)).rejects.toThrow(/the client reads without the pool/);
  });

  it('a client over another pool is named at boot', async () => {
    const other = openPool(database.url);
    const ofOther = openPrisma(other);
    onTestFinished(async () => {
      await ofOther.$disconnect();
      await other.end();
    });
    expect(await storeOf(ofOther).checkSetup()).toEqual([expect.stringMatching(OTHER_POOL)]);
  });
});
