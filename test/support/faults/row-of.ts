import { Client } from 'pg';

/** The first row, by a connection that no fault can touch. */
export async function rowOf<Row extends object>(
  databaseUrl: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows[0]!;
  } finally {
    await client.end();
  }
}

export async function versionOf(databaseUrl: string, userId: string): Promise<number> {
  const sql = 'SELECT token_version AS version FROM users WHERE id = $1';
  return (await rowOf<{ version: number }>(databaseUrl, sql, [userId])).version;
}
