import type { CutoffKind } from '../state/token-state.store.js';
import {
  CLOCK,
  milliseconds,
  quoteName,
  quoteTable,
  REHASH_SETTING,
  rehashPermit,
  statementName,
} from './sql.js';
import { type AskedColumn, type ReadNeeds, readWith } from './sessions/read-part.js';
import { stateColumns } from './state-row.js';
import type { UserColumns } from './user-columns.js';

export interface StatementParts {
  readonly columns: UserColumns;
  /** Quoted, with its schema. */
  readonly everyoneTable: string;
  /** The columns that the read selects for the loader. */
  readonly loaded: readonly string[];
}

/** A statement that is parsed and planned once for each connection. */
export interface PreparedText {
  readonly text: string;
  readonly name: string;
}

/** The texts of a read, by what it asks for. */
type ReadTexts = Readonly<Record<ReadNeeds, PreparedText>>;

/** The texts of all statements of the store, written once at boot. */
export interface StateStatements {
  /** Parameters: the id, and what else is asked for: see `readWith()`. Columns: a `StateRow`. */
  readonly readOne: ReadTexts;
  /** The same for several queries. Parameters: a list of each. An id that is asked for twice gives two rows. */
  readonly readMany: ReadTexts;
  /** Parameter: the id. */
  readonly invalidate: Readonly<Record<CutoffKind, string>>;
  /** Parameters: the id, and the version that must still be the user's. */
  readonly invalidateIfVersion: Readonly<Record<CutoffKind, string>>;
  /** Parameters: the id, the current hash, the new hash. Absent: there is no password column. */
  readonly changePassword: string | undefined;
  /** The same parameters. Permits the trigger to take this very change for a re-hash. */
  readonly rehashPassword: string | undefined;
  readonly invalidateEveryone: string;
  /** Parameter: the id. Where a cutoff lies ahead of the clock: raises the version and returns the cutoffs. */
  readonly repair: string;
  readonly repairEveryone: string;
}

/** What an UPDATE of one user is made of. */
interface Update {
  /** The column of the hash, where it is written. */
  readonly password?: string;
  readonly with?: string;
  readonly set: readonly string[];
  /** What must be after `locked`. */
  readonly from?: string;
  /** The condition on the row: `u` as it was locked. */
  readonly due: string;
  /** What the new row must show: `u` as it was written, `locked.version` as it was before. */
  readonly done: string;
  readonly instant: string;
}

export function stateStatements(parts: StatementParts): StateStatements {
  const { columns, everyoneTable } = parts;
  const password = columns.password;
  return {
    readOne: readTexts(parts, askedOne),
    readMany: readTexts(parts, askedMany),
    invalidate: ofBothKinds((kind) => invalidation(columns, kind, 'true')),
    invalidateIfVersion: ofBothKinds((kind) =>
      invalidation(columns, kind, `${column(columns.tokenVersion)} = $2::bigint`),
    ),
    changePassword: password === undefined ? undefined : changePassword(columns, password),
    rehashPassword: password === undefined ? undefined : rehashPassword(columns, password),
    invalidateEveryone: invalidateEveryone(everyoneTable),
    repair: repair(columns),
    repairEveryone: repairEveryone(everyoneTable),
  };
}

export function prepared(text: string): PreparedText {
  return { text, name: statementName(text) };
}

/**
 * The row is inserted where it is missing.
 *
 * It is locked first, and the clock is read after that: a wait must not leave the cutoff behind the acknowledgement.
 */
function invalidateEveryone(everyoneTable: string): string {
  const returned = `${changeColumns('e.everyone_version', 'e.everyone_logged_out_at', 'e')}, ${EVERYONE} AS state`;
  return (
    `${lockEveryone(everyoneTable)}, ` +
    `changed AS (${raiseEveryone(everyoneTable)}), ` +
    `inserted AS (INSERT INTO ${everyoneTable} AS e (everyone_logged_out_at, everyone_version) ` +
    `SELECT ${CLOCK}, 1 WHERE NOT EXISTS (SELECT FROM locked) RETURNING ${returned}), ` +
    `made AS (SELECT * FROM changed UNION ALL SELECT * FROM inserted) ` +
    `SELECT ${CHANGE_COLUMNS.map((name) => `made.${name}`).join(', ')}, 'true' AS due, ` +
    `${shown('made.version::bigint > coalesce(locked.version, 0)', 'made.state', 'locked')} AS done ` +
    `FROM (SELECT) AS one LEFT JOIN made ON true LEFT JOIN locked ON true`
  );
}

/** Returns a cutoff of everyone that lies ahead of the clock to it. */
function repairEveryone(everyoneTable: string): string {
  return (
    `${lockEveryone(everyoneTable)}, changed AS (${raiseEveryone(everyoneTable, 'locked.ahead')}) ` +
    `SELECT ${CHANGE_COLUMNS.map((name) => `changed.${name}`).join(', ')}, locked.ahead::text AS due, ` +
    `${shown('changed.version::bigint > locked.version', 'changed.state', 'locked')} AS done ` +
    `FROM locked LEFT JOIN changed ON true`
  );
}

function lockEveryone(everyoneTable: string): string {
  return (
    `WITH locked AS MATERIALIZED (SELECT e.singleton, e.everyone_version AS version, ` +
    `e.everyone_logged_out_at > ${CLOCK} AS ahead, ${EVERYONE} AS state ` +
    `FROM ${everyoneTable} AS e FOR NO KEY UPDATE)`
  );
}

function raiseEveryone(everyoneTable: string, condition = 'true'): string {
  return (
    `UPDATE ${everyoneTable} AS e SET everyone_version = e.everyone_version + 1, ` +
    `everyone_logged_out_at = ${CLOCK} FROM locked WHERE e.singleton = locked.singleton AND ${condition} ` +
    `RETURNING ${changeColumns('e.everyone_version', 'e.everyone_logged_out_at', 'e')}, ${EVERYONE} AS state`
  );
}

function readTexts(parts: StatementParts, asked: AskedSource): ReadTexts {
  const text = (needs: ReadNeeds) => prepared(readText(parts, needs, asked));
  return {
    nothing: text('nothing'),
    session: text('session'),
    token: text('token'),
    both: text('both'),
  };
}

/**
 * An id that nobody has gives a row as well, which says where it was looked for.
 *
 * The columns share a name. pg makes an object of the names for each answer, and rows that come as arrays do not need it.
 */
function readText(
  { columns, everyoneTable, loaded }: StatementParts,
  needs: ReadNeeds,
  askedSource: AskedSource,
): string {
  const part = readWith(columns, needs);
  const asked = askedSource([{ name: 'id', type: columns.idType }, ...part.asked]);
  const selected = [
    ...stateColumns(columns, everyoneTable, part.afterPosition),
    ...part.columns,
    ...loaded.map(column),
  ];
  return (
    `SELECT ${selected.map((each) => `${each} AS c`).join(', ')} FROM ${asked} ` +
    `LEFT JOIN ${quoteTable(columns.schema, columns.table)} AS u ON ${column(columns.id)} = asked.id${part.joins}`
  );
}

/** SQL: the source `asked`, which has the columns and the position of each query. */
type AskedSource = (columns: readonly AskedColumn[]) => string;

/** Without a list, which takes longer to unpack than a user to find. */
function askedOne(columns: readonly AskedColumn[]): string {
  const values = columns.map(({ name, type }, index) => `$${index + 1}::${type} AS ${name}`);
  return `(SELECT ${values.join(', ')}, 1 AS position) AS asked`;
}

/**
 * Each list is in a subquery, which hides its length from the planner. Otherwise PostgreSQL would plan every read of a
 * short list again, and not keep the plan of the prepared statement.
 */
function askedMany(columns: readonly AskedColumn[]): string {
  const lists = columns.map(({ type }, index) => `(SELECT $${index + 1}::${type}[])`);
  const names = columns.map(({ name }) => name);
  return `unnest(${lists.join(', ')}) WITH ORDINALITY AS asked (${names.join(', ')}, position)`;
}

function ofBothKinds(text: (kind: CutoffKind) => string): Record<CutoffKind, string> {
  return { logout: text('logout'), password: text('password') };
}

function invalidation(columns: UserColumns, kind: CutoffKind, due: string): string {
  const cutoff = kind === 'password' ? columns.passwordChangedAt : columns.logoutAllAt;
  return update(columns, {
    set: [raised(columns), moved(cutoff)],
    due,
    done: isRaised(columns),
    instant: column(cutoff),
  });
}

function repair(columns: UserColumns): string {
  const cutoffs = [columns.passwordChangedAt, columns.logoutAllAt];
  const returned = cutoffs.map(
    (cutoff) =>
      `${quoteName(cutoff)} = CASE WHEN ${isAhead(cutoff)} THEN ${CLOCK} ELSE ${column(cutoff)} END`,
  );
  return update(columns, {
    set: [raised(columns), ...returned],
    due: `(${cutoffs.map(isAhead).join(' OR ')})`,
    done: isRaised(columns),
    instant: CLOCK,
  });
}

function isAhead(cutoff: string): string {
  return `${column(cutoff)} > ${CLOCK}`;
}

function changePassword(columns: UserColumns, password: string): string {
  return update(columns, {
    password,
    set: [`${quoteName(password)} = $3`, raised(columns), moved(columns.passwordChangedAt)],
    // NULL is what a user has who never had a password.
    due: `${column(password)} IS NOT DISTINCT FROM $2`,
    done: `${isRaised(columns)} AND ${column(password)} = $3`,
    instant: column(columns.passwordChangedAt),
  });
}

function rehashPassword(columns: UserColumns, password: string): string {
  const permit = `set_config('${REHASH_SETTING}', ${rehashPermit('$2::text', '$3::text')}, true)`;
  return update(columns, {
    password,
    with: `permit AS MATERIALIZED (SELECT ${permit} AS granted),`,
    set: [`${quoteName(password)} = $3`],
    from: ' JOIN permit ON permit.granted IS NOT NULL',
    due: `${column(password)} = $2`,
    done: `${column(password)} = $3`,
    instant: CLOCK,
  });
}

/**
 * One UPDATE of one user. No row: no such user. Otherwise a `ChangeRow`, which says what was read back: a trigger of the
 * application's may undo all of it.
 *
 * The row is locked first. So the clock is read after any wait for the lock, and a user who was deleted meanwhile is
 * unknown.
 */
function update(columns: UserColumns, { set, due, done, instant, ...rest }: Update): string {
  const users = quoteTable(columns.schema, columns.table);
  const id = column(columns.id);
  const version = column(columns.tokenVersion);
  const state = stateText(columns, rest.password);
  return (
    `WITH locked AS MATERIALIZED (SELECT ${id} AS id, ${version} AS version, ${due} AS due, ${state} AS state ` +
    `FROM ${users} AS u ` +
    `WHERE ${id} = $1::${columns.idType} FOR NO KEY UPDATE), ` +
    `${rest.with ?? ''} changed AS (UPDATE ${users} AS u SET ${set.join(', ')} ` +
    `FROM locked${rest.from ?? ''} WHERE ${id} = locked.id AND locked.due ` +
    `RETURNING ${changeColumns(version, instant, 'u')}, ${shown(done, state, 'locked')} AS done) ` +
    `SELECT changed.version, changed.instant, changed.writer, changed.transaction, locked.due::text AS due, ` +
    `changed.done FROM locked LEFT JOIN changed ON true`
  );
}

/** All that a write may change, as one text. An invalidation needs no right to read the hash. */
function stateText(columns: UserColumns, password: string | undefined): string {
  const { tokenVersion, passwordChangedAt, logoutAllAt } = columns;
  const written = [tokenVersion, passwordChangedAt, logoutAllAt, ...(password ? [password] : [])];
  return `ROW(${written.map(column).join(', ')})::text`;
}

/** The same of everyone. */
const EVERYONE = 'ROW(e.everyone_version, e.everyone_logged_out_at)::text';

/** How much of a change the row shows: `true`, `false`, `part`. NULL where nothing was written. */
function shown(done: string, state: string, before: string): string {
  return `CASE WHEN ${done} THEN 'true' WHEN ${state} IS NULL THEN NULL WHEN ${state} IS DISTINCT FROM ${before}.state THEN 'part' ELSE 'false' END`;
}

const CHANGE_COLUMNS = ['version', 'instant', 'writer', 'transaction'];

/** The first columns of a `ChangeRow`. */
function changeColumns(version: string, instant: string, table: string): string {
  return (
    `${version}::text AS version, ${milliseconds(instant)} AS instant, ` +
    `${table}.xmin::text AS writer, pg_current_xact_id()::text AS transaction`
  );
}

function isRaised({ tokenVersion }: UserColumns): string {
  return `${column(tokenVersion)} > locked.version`;
}

/** SQL: raises the user's version. */
export function raised({ tokenVersion }: UserColumns): string {
  return `${quoteName(tokenVersion)} = ${column(tokenVersion)} + 1`;
}

/** SQL: moves a cutoff to the clock. Also back, from ahead of the clock: the same statement raises the version. */
export function moved(cutoff: string): string {
  return `${quoteName(cutoff)} = ${CLOCK}`;
}

function column(name: string): string {
  return `u.${quoteName(name)}`;
}
