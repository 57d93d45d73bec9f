import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import { PrismaClient } from './generated/client.js';

export { readReplicas } from '@prisma/extension-read-replicas';
export type { Pool } from 'pg';
export { PrismaClient, type User } from './generated/client.js';

/**
 * A pool of the very copy of pg that Prisma's adapter has. The adapter takes every timestamp for UTC.
 *
 * @param url - whose own `options` stay: pg would take them instead of those of the pool
 */
export function openPool(url: string, timeZone = 'UTC'): Pool {
  const connection = new URL(url);
  const given = connection.searchParams.get('options') ?? '';
  connection.searchParams.set('options', `${given} -c TimeZone=${timeZone}`);
  const pool = new Pool({ connectionString: connection.href });
  // The database may be dropped before the last connection has closed.
  pool.on('error', () => {});
  return pool;
}

/** @param schema - of PostgreSQL, where it is not the first of the `search_path` */
export function openPrisma(pool: Pool, schema?: string): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg(pool, { ...(schema && { schema }) }) });
}
