import { dollarQuote, quoteName, quoteTable, quoteText, unusedIn } from '../sql.js';
import { versionsBetween } from './parts.js';
import { resolveSchema, type SchemaNames, type SchemaOptions } from './schema-options.js';

/** The SQL of a migration: one statement each, so that it does all or nothing, also outside of a transaction. */
export interface SchemaSql {
  readonly up: string;
  readonly down: string;
}

/** Who asks for the SQL: for messages and defaults. */
export interface SchemaCaller {
  readonly name: string;
  /** The schema of a table that is named without one. Default: the `search_path` decides. */
  readonly defaultSchema?: string | undefined;
}

/** @throws TypeError when an option cannot be used */
export function schemaSql(
  options: SchemaOptions,
  { name: caller, defaultSchema }: SchemaCaller,
): SchemaSql {
  const resolved = resolveSchema(options, caller);
  const names = { ...resolved.names, schema: resolved.names.schema ?? defaultSchema };
  const versions = versionsBetween(resolved, caller);
  const schema = unusedIn(JSON.stringify(names), '@schema@');
  const sqlNames = { ...names, schema };
  const script = (statements: string[]) =>
    block({ names, schema, timeoutMs: resolved.lockTimeoutMs, statements });
  return {
    up: script(versions.flatMap((version) => version.up(sqlNames))),
    down: script(versions.toReversed().flatMap((version) => version.down(sqlNames))),
  };
}

interface Script {
  readonly names: SchemaNames;
  /** Stands for the schema's name in the statements. */
  readonly schema: string;
  readonly timeoutMs: number;
  readonly statements: readonly string[];
}

/**
 * One DO block. It takes the schema from where the users table is, because the functions of the triggers name their
 * tables in full: no later `search_path` can lead them to others.
 */
function block({ names, schema, timeoutMs, statements }: Script): string {
  const users = quoteTable(names.schema, names.users);
  const body = `
DECLARE
  users CONSTANT regclass := to_regclass(${quoteText(users)});
  former_lock_timeout CONSTANT text := current_setting('lock_timeout');
  former_messages CONSTANT text := current_setting('client_min_messages');
  in_schema text;
BEGIN
  IF users IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = ${quoteText(noTable(users))};
  END IF;
${requiredColumns(names)
  .map(({ column, message }) => requireColumn(column, message))
  .join('\n')}
  SELECT quote_ident(n.nspname) INTO in_schema
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = users;
  PERFORM set_config('lock_timeout', '${timeoutMs}', true);
  -- That something does not exist yet is no news the first time.
  PERFORM set_config('client_min_messages', 'warning', true);
${statements.map((statement) => execute(statement, schema)).join('\n')}
  PERFORM set_config('lock_timeout', former_lock_timeout, true);
  PERFORM set_config('client_min_messages', former_messages, true);
END `;
  return `DO ${dollarQuote(body)}`;
}

function execute(statement: string, schema: string): string {
  return `  EXECUTE replace(${dollarQuote(statement)}, ${quoteText(schema)}, in_schema);`;
}

function requireColumn(column: string, message: string): string {
  return `  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = users AND attname = ${quoteText(column)} AND NOT attisdropped) THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = ${quoteText(message)};
  END IF;`;
}

function noTable(users: string): string {
  return `nestjs-token-invalidation: there is no table ${users}: let the migration that creates it run first, and name it as table, with its schema where that is not on the search_path.`;
}

function requiredColumns(names: SchemaNames): { column: string; message: string }[] {
  const users = quoteTable(names.schema, names.users);
  const lacks = (column: string, whatToDo: string) => ({
    column,
    message: `nestjs-token-invalidation: ${users} has no column ${quoteName(column)}: ${whatToDo}.`,
  });
  return [
    lacks(names.id, 'name the primary key as id'),
    ...(names.password === null
      ? []
      : [
          lacks(
            names.password,
            'name the column that holds the password hash as password, or give null when the table has none',
          ),
        ]),
  ];
}
