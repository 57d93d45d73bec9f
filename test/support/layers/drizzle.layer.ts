import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import {
  boolean,
  integer,
  pgTable,
  text,
  timestamp,
  uuid,
  withReplicas,
} from 'drizzle-orm/pg-core';
import { drizzleStore } from 'nestjs-token-invalidation/drizzle';
import { Pool } from 'pg';
import type { Layer, LayerUser, LayerUsers } from './layer.js';

const users = pgTable('users', {
  id: uuid().primaryKey().defaultRandom(),
  email: text().notNull(),
  passwordHash: text().notNull(),
  role: text().notNull().default('member'),
  active: boolean().notNull().default(true),
  tokenVersion: integer().notNull().default(0),
  passwordChangedAt: timestamp({ withTimezone: true, precision: 3 }),
  logoutAllAt: timestamp({ withTimezone: true, precision: 3 }),
});

function openPool(url: string): Pool {
  const pool = new Pool({ connectionString: url });
  pool.on('error', () => {});
  return pool;
}

function one(rows: LayerUser[]): LayerUser {
  return rows[0]!;
}

export const drizzleLayer: Layer = {
  name: 'Drizzle',
  replicates: true,
  async open(url, replicaUrl): Promise<LayerUsers> {
    const pools = [url, ...(replicaUrl === undefined ? [] : [replicaUrl])].map(openPool);
    // The names of the columns come from the casing.
    const [primary, replica] = pools.map((client) => drizzle({ client, casing: 'snake_case' }));
    const db = replica === undefined ? primary! : withReplicas(primary!, [replica]);
    return {
      store: drizzleStore({ db, table: users }),
      notTransaction: db,
      create: async (user) => one(await primary!.insert(users).values(user).returning()),
      load: async (id) => one(await primary!.select().from(users).where(eq(users.id, id))),
      find: async (email) => (await primary!.select().from(users).where(eq(users.email, email)))[0],
      save: ({ id, ...values }, role) =>
        db
          .update(users)
          .set({ ...values, role })
          .where(eq(users.id, id)),
      changeHash: (id, passwordHash) =>
        db.update(users).set({ passwordHash }).where(eq(users.id, id)),
      remove: (id) => db.delete(users).where(eq(users.id, id)),
      transaction: (work) => db.transaction((tx) => work(tx)),
      close: async () => {
        for (const pool of pools) await pool.end();
      },
    };
  },
};
