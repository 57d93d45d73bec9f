import type { ExpectedSchema } from './expected-schema.js';
import type { RunStatement } from './pg-pool.js';
import { quoteTable, quoteText, TRIGGER } from './sql.js';

/** What the catalogue says of what could pass the triggers, or hide the state. */
interface Protection {
  readonly users: TableProtection;
  readonly everyone: TableProtection;
  readonly partitions: readonly Partition[];
  /** Tables whose row level security applies to this role. */
  readonly secured: readonly string[];
  /** What this role may not do. */
  readonly denied: readonly string[];
  readonly rows: number | null;
}

interface TableProtection {
  readonly triggers: TriggerModes;
  /** Triggers of others that run after that of the state. */
  readonly later: readonly string[];
  readonly rules: readonly string[];
  readonly children: readonly string[];
}

/** `pg_trigger.tgenabled` by the name of the trigger. */
type TriggerModes = Readonly<Record<string, string>>;

/** A partition of the users table. */
interface Partition {
  readonly name: string;
  readonly triggers: TriggerModes;
}

const OF_USERS = ['', '_take_id', '_leave_id', '_truncate'].map((suffix) => `${TRIGGER}${suffix}`);
const OF_EVERYONE = [TRIGGER, `${TRIGGER}_truncate`];
const MODES: Readonly<Record<string, string>> = {
  D: 'is disabled',
  R: 'fires for replication only',
  // As pg_restore --disable-triggers leaves it behind.
  O: 'does not fire for what replication applies',
};

/**
 * What would break the promises although the tables and columns are there, each with what to do.
 *
 * @param run - runs a statement on the primary
 */
export async function checkProtection(
  run: RunStatement,
  expected: ExpectedSchema,
): Promise<string[]> {
  const { columns, everyoneTable, words } = expected;
  const users = quoteTable(columns.schema, columns.table);
  const [row] = await run({ text: protectionQuery(expected, users), values: [] });
  const found = JSON.parse(row![0] as string) as Protection;
  const migrate = `run the migration made with ${words.migration} again`;
  return [
    ...triggerModes({ table: users, names: OF_USERS, found: found.users.triggers }, migrate),
    ...triggerModes(
      { table: everyoneTable, names: OF_EVERYONE, found: found.everyone.triggers },
      migrate,
    ),
    ...foreignProblems(users, found.users),
    ...foreignProblems(everyoneTable, found.everyone),
    ...found.partitions.flatMap((partition) => partitionProblems(partition, migrate)),
    ...found.secured.map(
      (table) =>
        `database: row level security of ${table} applies to this role, and users whom it hides would be unknown: give the role BYPASSRLS, or declare with seesAllRows: true that it sees every row.`,
    ),
    ...found.denied.map((grant) => `database: this role lacks a right: GRANT ${grant} TO it.`),
    ...(found.rows === 0
      ? [`database: ${everyoneTable} has lost its row: ${migrate}, and log everyone out.`]
      : []),
  ];
}

/** What the application made itself. */
function foreignProblems(table: string, found: TableProtection): string[] {
  return [
    ...found.later.map(
      (name) =>
        `database: the trigger "${name}" of ${table} runs after "${TRIGGER}", which would not see what it changes: give it a name that comes first in the alphabet, by ALTER TRIGGER … RENAME.`,
    ),
    ...found.rules.map(
      (name) =>
        `database: the rule "${name}" rewrites statements on ${table}: drop it, or make it a trigger.`,
    ),
    ...found.children.map(
      (name) =>
        `database: ${name} inherits from ${table} and has no triggers: make it a partition, or a separate table.`,
    ),
  ];
}

/** A partition has all triggers of its parent but that for TRUNCATE. */
function partitionProblems({ name, triggers }: Partition, migrate: string): string[] {
  const names = OF_USERS.filter((each) => triggers[each] !== undefined);
  return [
    ...(triggers[`${TRIGGER}_truncate`] === undefined
      ? [`database: the partition ${name} lacks the trigger for TRUNCATE: ${migrate}.`]
      : []),
    ...triggerModes({ table: name, names, found: triggers }, migrate),
  ];
}

interface Triggers {
  readonly table: string;
  readonly names: readonly string[];
  readonly found: TriggerModes;
}

function triggerModes({ table, names, found }: Triggers, migrate: string): string[] {
  return names.flatMap((name) => {
    const mode = found[name];
    if (mode === undefined) return [`database: ${table} has no trigger "${name}": ${migrate}.`];
    const problem = MODES[mode];
    return problem === undefined
      ? []
      : [
          `database: the trigger "${name}" of ${table} ${problem}: run ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name}.`,
        ];
  });
}

function list(query: string): string {
  return `ARRAY(${query})`;
}

/** By name: before PostgreSQL 15 the triggers of a partition count as internal. */
function modes(table: string): string {
  return `(SELECT coalesce(json_object_agg(tgname, tgenabled), '{}') FROM pg_trigger WHERE tgrelid = ${table} AND starts_with(tgname, '${TRIGGER}'))`;
}

function protectionOf(table: string): string {
  return `json_build_object(
      'triggers', ${modes(table)},
      'later', ${list(`SELECT tgname FROM pg_trigger WHERE tgrelid = ${table} AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 19 = 19 AND tgname > '${TRIGGER}' AND NOT starts_with(tgname, '${TRIGGER}')`)},
      'rules', ${list(`SELECT rulename FROM pg_rewrite WHERE ev_class = ${table} AND rulename <> '_RETURN'`)},
      'children', ${list(`SELECT i.inhrelid::regclass::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = ${table} AND NOT c.relispartition`)}
    )`;
}

function protectionQuery({ columns, everyoneTable, seesAllRows }: ExpectedSchema, users: string) {
  const ofUsers = `to_regclass(${quoteText(users)})`;
  const ofEveryone = `to_regclass(${quoteText(everyoneTable)})`;
  const state = [columns.tokenVersion, columns.passwordChangedAt, columns.logoutAllAt];
  const everyone = ['everyone_version', 'everyone_logged_out_at'];
  const rights = [
    ...[columns.id, ...state].map((name) => right(users, name, 'SELECT')),
    ...state.map((name) => right(users, name, 'UPDATE')),
    ...everyone.map((name) => right(everyoneTable, name, 'SELECT')),
  ];
  const secured = [users, everyoneTable]
    .map((table) => `(to_regclass(${quoteText(table)}), ${quoteText(table)})`)
    .join(', ');
  // As one text, which no application parses in another way.
  return `SELECT json_build_object(
    'users', ${protectionOf(ofUsers)},
    'everyone', ${protectionOf(ofEveryone)},
    'partitions', ${list(`SELECT json_build_object('name', p.relid::regclass::text, 'triggers', ${modes('p.relid')}) FROM pg_partition_tree(${ofUsers}) AS p WHERE p.level > 0`)},
    'secured', ${seesAllRows ? list('SELECT NULL::text WHERE false') : list(`SELECT s.name FROM (VALUES ${secured}) AS s (oid, name) WHERE row_security_active(s.oid)`)},
    'denied', ${list(`SELECT r.name FROM (VALUES ${rights.join(', ')}) AS r (granted, name) WHERE NOT r.granted`)},
    'rows', CASE WHEN has_table_privilege(${ofEveryone}, 'SELECT') THEN ${rowsOf(everyoneTable)} END
  )::text`;
}

function right(table: string, column: string, privilege: string): string {
  const name = `${privilege} (${column}) ON ${table}`;
  return `(has_column_privilege(to_regclass(${quoteText(table)}), ${quoteText(column)}, '${privilege}'), ${quoteText(name)})`;
}

/** Only where the role may read it, because a right that lacks is named and not thrown. */
function rowsOf(table: string): string {
  const query = quoteText(`SELECT count(*) AS n FROM ${table}`);
  return `(xpath('/row/n/text()', query_to_xml(${query}, false, true, '')))[1]::text::int`;
}
