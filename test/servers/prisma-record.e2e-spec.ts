import { afterAll, beforeAll, expect, it } from 'vitest';
import { prismaStore } from 'nestjs-token-invalidation/prisma';
import {
  type RunningPostgres,
  startPostgres,
} from '../../tools/embedded-postgres/embedded-postgres.js';
import type { PostgresTokenStateStore } from '../../src/postgres/postgres-token-state.store.js';
import { openPool, openPrisma, type Pool, type PrismaClient } from '../prisma/client.js';
import { migrateTemplate } from '../support/database.js';
import { rowOf } from '../support/faults/row-of.js';
import { type Standby, startStandby } from '../support/faults/standby.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';

let primary: RunningPostgres;
let standby: Standby;
/** What the name of the database leads to. */
let proxy: TcpProxy;
let pool: Pool;
let client: PrismaClient;
let store: PostgresTokenStateStore<object, unknown>;

beforeAll(async () => {
  primary = await startPostgres();
  await migrateTemplate(primary.url);
  standby = await startStandby(primary.url);
  proxy = await TcpProxy.open(primary.url);
  pool = openPool(proxy.url);
  client = openPrisma(pool);
  store = prismaStore({ client, pool, model: 'user' }).useFactory() as typeof store;
});

afterAll(async () => {
  await store?.onApplicationShutdown();
  await client?.$disconnect();
  await pool?.end();
  await proxy?.close();
  await standby?.stop();
  await primary?.stop();
});

it('the record does not come from a standby that the application’s pool leads to for a moment', async () => {
  const insert =
    "INSERT INTO users (email, password_hash) VALUES ('a@example.com', 'x') RETURNING id";
  const { id } = await rowOf<{ id: string }>(primary.url, insert);
  const read = () => store.read([{ subject: id }], { timeoutMs: 10_000 });
  expect((await read()).records).toMatchObject([{ user: { role: 'member' } }]);
  await standby.catchUpWith(primary.url);
  await rowOf(standby.url, 'SELECT pg_wal_replay_pause()');
  await rowOf(primary.url, "UPDATE users SET role = 'operator' WHERE id = $1", [id]);
  proxy.redirect(standby.url);
  // What the application does to its own connection: the next one leads to the standby.
  (await pool.connect()).release(true);
  expect(await client.user.findUnique({ where: { id } })).toMatchObject({ role: 'member' });

  expect((await read()).records).toMatchObject([{ user: { role: 'operator' } }]);
});
