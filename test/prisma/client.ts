import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import { PrismaClient } from './generated/client.js';

export { readReplicas } from '@prisma/extension-read-replicas';
export type { Pool } from 'pg';
export { PrismaClient, type User } from './generated/client.js';

/** A pool of the very copy of pg that Prisma's adapter has. The adapter takes every timestamp for UTC. */
export function openPool(connectionString: string, timeZone = 'UTC'): Pool {
  const pool = new Pool({ connectionString, options: `-c TimeZone=${timeZone}` });
  // The database may be dropped before the last connection has closed.
  pool.on('error', () => {});
  return pool;
}

/** @param schema - of PostgreSQL, where it is not the first of the `search_path` */
export function openPrisma(pool: Pool, schema?: string): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg(pool, { ...(schema && { schema }) }) });
}
