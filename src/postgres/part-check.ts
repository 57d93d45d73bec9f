import type { ExpectedSchema } from './expected-schema.js';
import type { RunStatement } from './pg-pool.js';
import { argumentsOf } from './schema-check.js';
import { NEEDED, type PartName } from './schema/parts.js';
import { sessionTables } from './sessions/session-columns.js';
import { quoteText, TRIGGER } from './sql.js';

/** A part of the schema that an application need not have. */
type OptionalPart = Exclude<PartName, 'core'>;

/** What the catalogue says of the table of one part. */
interface FoundPart {
  readonly table: boolean;
  /** `pg_trigger.tgenabled` by the name of the trigger. */
  readonly triggers: Readonly<Record<string, string>>;
  /** The arguments of the trigger that keeps the rows, in hexadecimal digits. */
  readonly arguments: string | null;
  readonly isSecured: boolean;
  /** What this role may not do. */
  readonly denied: readonly string[];
}

const TRIGGERS: Readonly<Record<OptionalPart, readonly string[]>> = {
  sessions: [TRIGGER],
  revoked_tokens: [TRIGGER, `${TRIGGER}_truncate`],
};

/**
 * What the database lacks of the parts that the application uses, each with what to do. Reads the catalogue only.
 *
 * @param run - runs a statement on the primary
 */
export async function checkParts(run: RunStatement, expected: ExpectedSchema): Promise<string[]> {
  const { sessions, revokedTokens } = sessionTables(expected.columns);
  const { needs } = expected;
  return [
    ...(needs.sessions ? await checkPart(run, expected, ['sessions', sessions]) : []),
    ...(needs.revokedTokens
      ? await checkPart(run, expected, ['revoked_tokens', revokedTokens])
      : []),
  ];
}

async function checkPart(
  run: RunStatement,
  { words, seesAllRows }: ExpectedSchema,
  [part, table]: readonly [OptionalPart, string],
): Promise<string[]> {
  const [row] = await run({ text: partQuery(table), values: [] });
  const found = JSON.parse(row![0] as string) as FoundPart;
  const version = versionOf(part, found);
  if (version < NEEDED[part]) {
    const from = version === 0 ? '{ core: 2 }' : `{ core: 2, ${part}: ${version} }`;
    const command =
      version === 0 ? ` or ${words.command} --has-core --${part.replace('_', '-')}` : '';
    return [
      `database: the schema has version ${version} of the part "${part}", and this release needs version ${NEEDED[part]}: run a migration made with ${words.migrationFunction}({ …, from: ${from}, to: { ${part}: ${NEEDED[part]} } })${command}.`,
    ];
  }
  return protectionProblems(found, { part, table, words, seesAllRows });
}

interface CheckedPart extends Pick<ExpectedSchema, 'words' | 'seesAllRows'> {
  readonly part: OptionalPart;
  readonly table: string;
}

function protectionProblems(
  found: FoundPart,
  { part, table, words, seesAllRows }: CheckedPart,
): string[] {
  return [
    ...TRIGGERS[part]
      .filter((name) => found.triggers[name] !== 'A')
      .map(
        (name) =>
          `database: the trigger "${name}" of ${table} is missing or disabled: run the migration made with ${words.migration} again.`,
      ),
    ...(found.isSecured && !seesAllRows
      ? [
          `database: row level security of ${table} applies to this role: give the role BYPASSRLS, or declare with seesAllRows: true that it sees every row.`,
        ]
      : []),
    ...found.denied.map(
      (right) => `database: this role lacks a right: GRANT ${right} ON ${table} TO it.`,
    ),
  ];
}

function versionOf(part: OptionalPart, found: FoundPart): number {
  const [argument] = argumentsOf(found.arguments);
  return found.table && argument?.startsWith(`${part}=`)
    ? Number(argument.slice(part.length + 1))
    : 0;
}

/** As one text, which no application parses in another way. */
function partQuery(table: string): string {
  const relation = `to_regclass(${quoteText(table)})`;
  const rights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map((right) => `('${right}')`).join(', ');
  return `SELECT json_build_object(
    'table', ${relation} IS NOT NULL,
    'triggers', (SELECT coalesce(json_object_agg(tgname, tgenabled), '{}') FROM pg_trigger WHERE tgrelid = ${relation} AND NOT tgisinternal),
    'arguments', (SELECT encode(tgargs, 'hex') FROM pg_trigger WHERE tgrelid = ${relation} AND tgname = ${quoteText(TRIGGER)}),
    'isSecured', ${relation} IS NOT NULL AND row_security_active(${relation}),
    'denied', ARRAY(SELECT r.name FROM (VALUES ${rights}) AS r (name) WHERE ${relation} IS NOT NULL AND NOT has_table_privilege(${relation}, r.name))
  )::text`;
}
