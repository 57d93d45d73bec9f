import { Pool } from 'pg';

/** Connections that are there for as long as the action takes. */
export async function withPool<Result>(
  url: string,
  action: (pool: Pool) => Promise<Result>,
): Promise<Result> {
  const pool = new Pool({ connectionString: url });
  try {
    return await action(pool);
  } finally {
    await pool.end();
  }
}
