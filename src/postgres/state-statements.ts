import type { CutoffKind } from '../state/token-state.store.js';
import {
  milliseconds,
  quoteName,
  quoteTable,
  REHASH_SETTING,
  rehashPermit,
  statementName,
} from './sql.js';
import { stateColumns } from './state-row.js';
import type { UserColumns } from './user-columns.js';

/** The database's clock at this moment; `now()` is the transaction's start and may be long past. */
const CLOCK = `date_trunc('milliseconds', clock_timestamp())`;

export interface StatementParts {
  readonly columns: UserColumns;
  /** Quoted, with its schema. */
  readonly everyoneTable: string;
  /** The columns that the read selects for the loader. */
  readonly loaded: readonly string[];
}

/** The texts of all statements of the store, written once at boot. */
export interface StateStatements {
  /** Parameter: the ids, one for each query; an id that is asked for twice gives two rows. Columns: a `StateRow`. */
  readonly read: { readonly text: string; readonly name: string };
  /** Parameter: the id. */
  readonly invalidate: Readonly<Record<CutoffKind, string>>;
  /** Parameters: the id, and the version that must still be the user's. */
  readonly invalidateIfVersion: Readonly<Record<CutoffKind, string>>;
  /** Parameters: the id, the current hash, the new hash. Absent: there is no password column. */
  readonly changePassword: string | undefined;
  /** The same parameters. Permits the trigger to take this very change for a re-hash. */
  readonly rehashPassword: string | undefined;
  readonly invalidateEveryone: string;
}

/** What an UPDATE of one user is made of. */
interface Update {
  readonly with?: string;
  readonly set: readonly string[];
  readonly from?: string;
  readonly where: string;
  readonly instant: string;
}

export function stateStatements(parts: StatementParts): StateStatements {
  const { columns, everyoneTable } = parts;
  const read = readText(parts);
  const password = columns.password;
  return {
    read: { text: read, name: statementName(read) },
    invalidate: ofBothKinds((kind) => invalidation(columns, kind, 'true')),
    invalidateIfVersion: ofBothKinds((kind) =>
      invalidation(columns, kind, `${column(columns.tokenVersion)} = $2::bigint`),
    ),
    changePassword: password === undefined ? undefined : changePassword(columns, password),
    rehashPassword: password === undefined ? undefined : rehashPassword(columns, password),
    // The clock is read after the row was locked: a wait must not leave the cutoff behind the acknowledgement.
    invalidateEveryone:
      `INSERT INTO ${everyoneTable} AS e (everyone_logged_out_at, everyone_version) VALUES (${CLOCK}, 1) ` +
      `ON CONFLICT (singleton) DO UPDATE SET everyone_version = e.everyone_version + 1, ` +
      `everyone_logged_out_at = greatest(e.everyone_logged_out_at, ${CLOCK}) ` +
      `RETURNING ${changeColumns('e.everyone_version', 'e.everyone_logged_out_at', 'e')}`,
  };
}

/**
 * The list of ids is in a subquery, which hides its length from the planner. Otherwise PostgreSQL would plan every read
 * of a short list again, and not keep the plan of the prepared statement.
 *
 * All columns have the same name: pg makes an object of the names for each result, and rows that come as arrays do not
 * need it.
 */
function readText({ columns, everyoneTable, loaded }: StatementParts): string {
  const selected = [...stateColumns(columns, everyoneTable), ...loaded.map(column)];
  return (
    `SELECT ${selected.map((each) => `${each} AS c`).join(', ')} ` +
    `FROM unnest((SELECT $1::${columns.idType}[])) WITH ORDINALITY AS asked (id, position) ` +
    `JOIN ${quoteTable(columns.schema, columns.table)} AS u ON ${column(columns.id)} = asked.id`
  );
}

function ofBothKinds(text: (kind: CutoffKind) => string): Record<CutoffKind, string> {
  return { logout: text('logout'), password: text('password') };
}

function invalidation(columns: UserColumns, kind: CutoffKind, where: string): string {
  const cutoff = kind === 'password' ? columns.passwordChangedAt : columns.logoutAllAt;
  return update(columns, {
    set: [raised(columns), moved(cutoff)],
    where,
    instant: column(cutoff),
  });
}

function changePassword(columns: UserColumns, password: string): string {
  return update(columns, {
    set: [`${quoteName(password)} = $3`, raised(columns), moved(columns.passwordChangedAt)],
    // NULL is what a user has who never had a password.
    where: `${column(password)} IS NOT DISTINCT FROM $2`,
    instant: column(columns.passwordChangedAt),
  });
}

function rehashPassword(columns: UserColumns, password: string): string {
  const permit = `set_config('${REHASH_SETTING}', ${rehashPermit('$2::text', '$3::text')}, true)`;
  return update(columns, {
    with: `permit AS MATERIALIZED (SELECT ${permit} AS granted),`,
    set: [`${quoteName(password)} = $3`],
    from: ', permit',
    where: `${column(password)} = $2 AND permit.granted IS NOT NULL`,
    instant: CLOCK,
  });
}

/**
 * One UPDATE of one user. No row: no such user. A row of NULLs: the condition was not met.
 *
 * The row is locked first. So the clock is read after any wait for the lock, and a user who was deleted meanwhile is
 * unknown.
 */
function update(columns: UserColumns, { set, where, instant, ...rest }: Update): string {
  const users = quoteTable(columns.schema, columns.table);
  const id = column(columns.id);
  return (
    `WITH locked AS MATERIALIZED (SELECT ${id} AS id FROM ${users} AS u WHERE ${id} = $1::${columns.idType} FOR NO KEY UPDATE), ` +
    `${rest.with ?? ''} changed AS (UPDATE ${users} AS u SET ${set.join(', ')} ` +
    `FROM locked${rest.from ?? ''} WHERE ${id} = locked.id AND ${where} ` +
    `RETURNING ${changeColumns(column(columns.tokenVersion), instant, 'u')}) ` +
    `SELECT changed.* FROM locked LEFT JOIN changed ON true`
  );
}

/** What every write returns: a `ChangeRow`. */
function changeColumns(version: string, instant: string, table: string): string {
  return (
    `${version}::text AS version, ${milliseconds(instant)} AS instant, ` +
    `${table}.xmin::text AS writer, pg_current_xact_id()::text AS transaction`
  );
}

function raised({ tokenVersion }: UserColumns): string {
  return `${quoteName(tokenVersion)} = ${column(tokenVersion)} + 1`;
}

/** greatest() ignores NULL, so a first cutoff is set and a later one never moves back. */
function moved(cutoff: string): string {
  return `${quoteName(cutoff)} = greatest(${column(cutoff)}, ${CLOCK})`;
}

function column(name: string): string {
  return `u.${quoteName(name)}`;
}
