import type { Primary } from './primary.js';
import { quoteText, TRIGGER } from './sql.js';
import type { UserTable } from './user-table.js';

const WHAT_TO_DO =
  'run the migration made with tokenInvalidationMigration(), or set checkSchema: false when something else keeps it';

/** Names of what is to be there, quoted where they stand in SQL. */
export interface SchemaNames {
  readonly users: string;
  readonly globalTable: string;
}

/** What the database lacks of what the migration makes. Reads the catalogue only. */
export async function checkSchema(
  primary: Primary,
  { table, names, timeoutMs }: { table: UserTable; names: SchemaNames; timeoutMs: number },
): Promise<string[]> {
  const [row] = await primary.run({ text: catalogueQuery(table, names), values: [] }, timeoutMs);
  const [usersExist, missing, globalExists, trigger, watched] = row as [
    boolean,
    string[],
    boolean,
    string | null,
    string | null,
  ];
  if (!usersExist) return [`database: there is no table ${names.users}: ${WHAT_TO_DO}.`];
  return [
    ...missing.map(
      (column) => `database: ${names.users} has no column "${column}": ${WHAT_TO_DO}.`,
    ),
    ...(globalExists ? [] : [`database: there is no table ${names.globalTable}: ${WHAT_TO_DO}.`]),
    ...triggerProblems({ table, names, trigger, watched }),
  ];
}

function triggerProblems(found: {
  table: UserTable;
  names: SchemaNames;
  trigger: string | null;
  watched: string | null;
}): string[] {
  const { trigger, watched, names } = found;
  if (trigger === null) {
    return [
      `database: ${names.users} has no trigger "${TRIGGER}", so a password changed by SQL would invalidate nothing: ${WHAT_TO_DO}.`,
    ];
  }
  if (trigger === 'D') {
    return [
      `database: the trigger "${TRIGGER}" is disabled: run ALTER TABLE ${names.users} ENABLE TRIGGER ${TRIGGER}.`,
    ];
  }
  const password = found.table.passwordHash?.databaseName;
  return password === undefined || watched === password
    ? []
    : [
        `database: the trigger "${TRIGGER}" watches the column "${watched}" and the entity's password is in "${password}": make the migration with passwordColumn: '${password}', or name the property with properties: { passwordHash: '…' }.`,
      ];
}

function catalogueQuery(table: UserTable, { users, globalTable }: SchemaNames): string {
  const columns = [table.tokenVersion, table.passwordChangedAt, table.logoutAllAt];
  const expected = columns.map((column) => `(${quoteText(column.databaseName)})`).join(', ');
  const relation = `to_regclass(${quoteText(users)})`;
  // A trigger's arguments are stored one after the other, each ended by a zero byte.
  return `
    SELECT ${relation} IS NOT NULL,
      ARRAY(
        SELECT expected.name FROM (VALUES ${expected}) AS expected (name)
        WHERE NOT EXISTS (
          SELECT FROM pg_attribute
          WHERE attrelid = ${relation} AND attname = expected.name AND NOT attisdropped)),
      to_regclass(${quoteText(globalTable)}) IS NOT NULL,
      t.tgenabled::text,
      split_part(encode(t.tgargs, 'escape'), '\\000', 1)
    FROM (SELECT 1) AS one
    LEFT JOIN pg_trigger AS t ON t.tgrelid = ${relation} AND t.tgname = ${quoteText(TRIGGER)}`;
}
