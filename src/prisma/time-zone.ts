import { TokenInvalidationConfigError } from '../options/config.error.js';
import type { RunStatement } from '../postgres/pg-pool.js';

/** In January and in July: London is only sometimes as far from Greenwich as it looks. */
const ZONE = `
  SELECT current_setting('TimeZone'), (extract(timezone FROM timestamptz '2026-01-01') = 0
    AND extract(timezone FROM timestamptz '2026-07-01') = 0)::text`;

/**
 * Prisma's adapter drops the offset of each timestamp that PostgreSQL sends, and takes the rest for UTC. In another time
 * zone cutoffs would lie hours away from where they are.
 *
 * @param run - runs a statement on a connection with the settings of the pool
 * @throws TokenInvalidationConfigError when the connections have another time zone
 */
export async function requireUtc(run: RunStatement): Promise<void> {
  const [row] = await run({ text: ZONE, values: [] });
  const [zone, isUtc] = row as [string, string];
  if (isUtc === 'true') return;
  throw new TokenInvalidationConfigError([
    `prismaStore: the connections of the pool have the time zone ${zone}, and Prisma's adapter takes every timestamp for UTC: make the Pool with options: '-c TimeZone=UTC'.`,
  ]);
}
