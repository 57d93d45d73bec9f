import { argumentsOf } from './schema-check.js';
import type { RunStatement } from './pg-pool.js';
import { quoteText, TRIGGER } from './sql.js';

/** What the catalogue says of a users table. */
export interface FoundTable {
  /** The columns in their order, each with its SQL type. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The password column that the trigger watches. */
  readonly watched: string | undefined;
}

interface Catalogue {
  readonly columns: readonly { name: string; type: string }[] | null;
  readonly arguments: string | null;
}

/** Asks the catalogue for a table; `undefined`: there is none. */
export async function readColumns(
  run: RunStatement,
  users: string,
): Promise<FoundTable | undefined> {
  const [row] = await run({ text: catalogueQuery(users), values: [] });
  const { columns, arguments: args } = JSON.parse(row![0] as string) as Catalogue;
  return columns === null ? undefined : { columns, watched: argumentsOf(args)[0] || undefined };
}

/** A domain has the type that it is made of. As one text, which no application parses in another way. */
function catalogueQuery(users: string): string {
  const relation = `to_regclass(${quoteText(users)})`;
  return `
    SELECT json_build_object(
      'columns', (
        SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL)) ORDER BY a.attnum)
        FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
        WHERE a.attrelid = ${relation} AND a.attnum > 0 AND NOT a.attisdropped),
      'arguments', (
        SELECT encode(tgargs, 'hex') FROM pg_trigger
        WHERE tgrelid = ${relation} AND tgname = ${quoteText(TRIGGER)})
    )::text`;
}
