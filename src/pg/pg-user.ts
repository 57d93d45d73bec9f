import { readVersion } from '../postgres/read-version.js';
import type { TokenState } from '../rule/token-state.js';

/** A row of the users table by the names of its columns, as pg parses them, without the password's. */
export type PgUser = Record<string, unknown>;

/** The columns that a record is described by: names as they are in the database. */
export interface PgUserColumns {
  readonly table: string;
  readonly id: string;
  readonly tokenVersion: string;
  readonly passwordChangedAt: string;
  readonly logoutAllAt: string;
}

/** The subject and the state that a row carries. @throws TypeError when it lacks any of them */
export function describeUser(
  columns: PgUserColumns,
  user: PgUser,
): { subject: string; state: TokenState } {
  return {
    subject: subjectOf(columns, user),
    state: {
      tokenVersion: versionOf(columns, user),
      passwordChangedAt: cutoffOf(columns, user, columns.passwordChangedAt),
      logoutAllAt: cutoffOf(columns, user, columns.logoutAllAt),
    },
  };
}

function subjectOf(columns: PgUserColumns, user: PgUser): string {
  const id = user[columns.id];
  if (typeof id === 'string') return id;
  if (typeof id === 'number' || typeof id === 'bigint') return String(id);
  throw incomplete(columns, columns.id);
}

function versionOf(columns: PgUserColumns, user: PgUser): number {
  const version = readVersion(user[columns.tokenVersion]);
  if (version !== undefined) return version;
  throw incomplete(columns, columns.tokenVersion);
}

/** Text where the application has pg leave instants unparsed. */
function cutoffOf(columns: PgUserColumns, user: PgUser, column: string): Date | null {
  const value = user[column];
  if (value === null) return null;
  const cutoff = typeof value === 'string' ? new Date(value) : value;
  if (cutoff instanceof Date && !Number.isNaN(cutoff.getTime())) return cutoff;
  throw incomplete(columns, column);
}

function incomplete({ table }: PgUserColumns, column: string): TypeError {
  return new TypeError(
    `The row of ${table} has no ${column}: load the whole row. A token can only be issued from the row's own id and token state.`,
  );
}
