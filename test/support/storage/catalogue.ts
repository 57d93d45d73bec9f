import { Client } from 'pg';

/** Everything that a migration may leave in the schema `public`, as text: columns, constraints, indexes, triggers, functions. */
export async function catalogueOf(url: string): Promise<string[]> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ line: string }>(`
      SELECT format('column %s.%s %s%s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, pg_get_expr(d.adbin, d.adrelid)) AS line
        FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT format('constraint %s on %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
      UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
      UNION ALL SELECT format('%s, %s', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger AS t
        JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
      UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT format('everyone %s', e) FROM users_token_invalidation AS e
      ORDER BY line`),
  );
  return rows.map(({ line }) => line);
}

/** Runs statements as a migration tool does: one text. */
export async function runSql(url: string, sql: string): Promise<void> {
  await onDatabase(url, (client) => client.query(sql));
}

async function onDatabase<Result>(
  url: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
