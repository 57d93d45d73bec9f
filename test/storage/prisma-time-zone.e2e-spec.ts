import { prismaStore } from 'nestjs-token-invalidation/prisma';
import type { PostgresTokenStateStore } from '../../src/postgres/postgres-token-state.store.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openPool, openPrisma } from '../prisma/client.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database?.drop());

async function problemsIn(timeZone: string): Promise<string[]> {
  const pool = openPool(database.url, timeZone);
  const client = openPrisma(pool);
  const definition = prismaStore({ client, pool, model: 'user' });
  const store = definition.useFactory() as PostgresTokenStateStore<unknown, unknown>;
  onTestFinished(async () => {
    await store.onApplicationShutdown();
    await client.$disconnect();
    await pool.end();
  });
  return store.checkSetup();
}

describe('the time zone of the pool, which Prisma’s adapter takes for UTC', () => {
  it.each(['UTC', 'Etc/GMT', 'Atlantic/Reykjavik'])('may be %s', async (timeZone) => {
    expect(await problemsIn(timeZone)).toEqual([]);
  });

  it.each(['Europe/London', 'Europe/Berlin', 'America/New_York', 'Pacific/Kiritimati'])(
    'stops the boot when it is %s',
    async (timeZone) => {
      expect(await problemsIn(timeZone)).toEqual([
        `prismaStore: the connections of the pool have the time zone ${timeZone}, and Prisma's adapter takes every timestamp for UTC: make the Pool with options: '-c TimeZone=UTC'.`,
      ]);
    },
  );
});
