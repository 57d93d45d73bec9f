import type { RunStatement } from './pg-pool.js';
import { quoteName, quoteText } from './sql.js';
import type { UserColumns } from './user-columns.js';

/**
 * The users table with its schema: the same for all services over it, however they name it. A table that is not there
 * is one of `public`, and the check of the schema says so.
 *
 * @param run - runs a statement on the primary
 */
export async function findRealm(
  run: RunStatement,
  { schema, table }: Pick<UserColumns, 'schema' | 'table'>,
): Promise<string> {
  return `${schema ?? (await findSchema(run, table)) ?? 'public'}.${table}`;
}

async function findSchema(run: RunStatement, table: string): Promise<string | undefined> {
  const text =
    'SELECT n.nspname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace ' +
    `WHERE c.oid = to_regclass(${quoteText(quoteName(table))})`;
  const [row] = await run({ text, values: [] });
  return row?.[0] as string | undefined;
}
