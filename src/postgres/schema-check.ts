import type { SetupWords } from './data-layer.js';
import type { ExpectedSchema } from './expected-schema.js';
import type { RunStatement } from './pg-pool.js';
import { checkProtection } from './protection-check.js';
import { NEEDED } from './schema/parts.js';
import { quoteTable, quoteText, TRIGGER } from './sql.js';
import type { UserColumns } from './user-columns.js';

/** What the catalogue says. */
interface Catalogue {
  readonly users: boolean;
  /** Names of columns that are not there. */
  readonly missing: readonly string[];
  readonly everyone: boolean;
  readonly missingOfEveryone: readonly string[];
  /** Its name; null: there is no such trigger. */
  readonly trigger: string | null;
  /** Its arguments in hexadecimal digits, each ended by a zero byte. */
  readonly arguments: string | null;
}

/**
 * What the database lacks of what the migration makes, each with what to do. Reads the catalogue only.
 *
 * @param run - runs a statement on the primary
 */
export async function checkSchema(run: RunStatement, expected: ExpectedSchema): Promise<string[]> {
  const { columns, everyoneTable, words } = expected;
  const users = quoteTable(columns.schema, columns.table);
  const whatToDo = `run the migration made with ${words.migration}, or set checkSchema: false when something else keeps it`;
  const lacks = (what: string) => `database: ${what}: ${whatToDo}.`;

  const [row] = await run({ text: catalogueQuery(expected), values: [] });
  const found = JSON.parse(row![0] as string) as Catalogue;
  if (!found.users) return [lacks(`there is no table ${users}`)];
  if (isUntouched(columns, found)) {
    return [lacks(`${users} has nothing of what the migration makes`)];
  }
  const problems = [
    ...found.missing.map((column) => lacks(`${users} has no column "${column}"`)),
    ...(found.everyone ? [] : [lacks(`there is no table ${everyoneTable}`)]),
    ...found.missingOfEveryone.map((column) => lacks(`${everyoneTable} has no column "${column}"`)),
    ...(found.trigger === null
      ? [
          lacks(
            `${users} has no trigger "${TRIGGER}", so a password changed by SQL would invalidate nothing`,
          ),
        ]
      : triggerProblems(expected, found)),
  ];
  return problems.length > 0 ? problems : checkProtection(run, expected);
}

/** The migration has never run: one line says it for every part. */
function isUntouched(columns: UserColumns, { missing, everyone, trigger }: Catalogue): boolean {
  return missing.length === stateOf(columns).length && !everyone && trigger === null;
}

function stateOf(columns: UserColumns): string[] {
  return [columns.tokenVersion, columns.passwordChangedAt, columns.logoutAllAt];
}

function triggerProblems(expected: ExpectedSchema, found: Catalogue): string[] {
  const { columns, words } = expected;
  const users = quoteTable(columns.schema, columns.table);
  const [watched, core] = argumentsOf(found.arguments);
  const { password } = columns;
  const problems = versionProblems(users, core, words);
  if (password !== undefined && watched !== password) {
    problems.push(
      `database: the trigger "${TRIGGER}" watches the column "${watched}" and the password is in "${password}": make the migration with password: '${password}', or name the other one with ${words.passwordOption}.`,
    );
  }
  return problems;
}

/** A newer version is no problem: it keeps what this release relies on. */
function versionProblems(users: string, core: string | undefined, words: SetupWords): string[] {
  const version = Number(/^core=(\d+)$/.exec(core ?? '')?.[1] ?? 0);
  if (version >= NEEDED.core) return [];
  const from = version === 0 ? '' : `from: { core: ${version} }, `;
  return [
    `database: the schema of ${users} has version ${version} of the part "core", and this release needs version ${NEEDED.core}: run a migration made with ${words.migrationFunction}({ …, ${from}to: { core: ${NEEDED.core} } })${version === 0 ? ` or ${words.command}` : ''}.`,
  ];
}

/** The arguments of a trigger: the password column that it watches, and the version of the part core. */
export function argumentsOf(hex: string | null): string[] {
  return Buffer.from(hex ?? '', 'hex')
    .toString()
    .split('\0')
    .slice(0, -1);
}

function catalogueQuery({ columns, everyoneTable }: ExpectedSchema): string {
  const users = `to_regclass(${quoteText(quoteTable(columns.schema, columns.table))})`;
  const everyone = `to_regclass(${quoteText(everyoneTable)})`;
  const ofEveryone = ['everyone_logged_out_at', 'everyone_version', 'retired_version'];
  // As one text, which no application parses in another way.
  return `
    SELECT json_build_object(
      'users', ${users} IS NOT NULL,
      'missing', ${missingOf(users, stateOf(columns))},
      'everyone', ${everyone} IS NOT NULL,
      'missingOfEveryone', CASE WHEN ${everyone} IS NULL THEN '{}' ELSE ${missingOf(everyone, ofEveryone)} END,
      'trigger', t.tgname,
      'arguments', encode(t.tgargs, 'hex')
    )::text
    FROM (SELECT 1) AS one
    LEFT JOIN pg_trigger AS t ON t.tgrelid = ${users} AND t.tgname = ${quoteText(TRIGGER)}`;
}

function missingOf(relation: string, columns: readonly string[]): string {
  const expected = columns.map((column) => `(${quoteText(column)})`).join(', ');
  return `ARRAY(
        SELECT expected.name FROM (VALUES ${expected}) AS expected (name)
        WHERE NOT EXISTS (
          SELECT FROM pg_attribute
          WHERE attrelid = ${relation} AND attname = expected.name AND NOT attisdropped))`;
}
