import type { EveryoneState } from '../rule/token-state.js';
import type { StateRecord } from '../state/token-state.store.js';
import { milliseconds, quoteName } from './sql.js';
import type { UserColumns } from './user-columns.js';
import { ifWritable } from './writable.js';

/**
 * A row of the state read, one for each id that was asked for. All of the state comes as text, whatever type parsers pg
 * was given. Each value costs time on each request: what is the same in all rows is one value, and what is nearly always
 * the same is NULL.
 */
export type StateRow = readonly [
  /** Version and cutoff of everyone, with a blank in between, as a writable primary has them. */
  everyone: string,
  /** Of the query that the row answers, from 1. After a blank, what else that query asked for: see `readWith()`. */
  position: string,
  /** NULL: no such user. */
  id: string | null,
  tokenVersion: string,
  passwordChangedAt: string | null,
  logoutAllAt: string | null,
  /** NULL: not deleted. */
  deleted: string | null,
  ...values: unknown[],
];

/** Where the values of the loader's columns begin. */
export const FIRST_VALUE = 7;

/**
 * What the state read selects for a `StateRow`, in its order. Aliases: `u` users, `asked` ids with their positions.
 *
 * @param afterPosition - SQL: what to put after the position
 */
export function stateColumns(
  columns: UserColumns,
  everyoneTable: string,
  afterPosition = '',
): string[] {
  const everyone = `e.everyone_version || ' ' || coalesce(${milliseconds('e.everyone_logged_out_at')}, '')`;
  return [
    ifWritable(`coalesce((SELECT ${everyone} FROM ${everyoneTable} AS e), '0 ')`),
    `asked.position::text${afterPosition}`,
    `${column(columns.id)}::text`,
    `${column(columns.tokenVersion)}::text`,
    milliseconds(column(columns.passwordChangedAt)),
    milliseconds(column(columns.logoutAllAt)),
    columns.deletedAt === undefined
      ? 'NULL::text'
      : `CASE WHEN ${column(columns.deletedAt)} IS NOT NULL THEN 'deleted' END`,
  ];
}

/** The position of the query that the row answers, from 0. */
export function positionOf([, position]: StateRow): number {
  return Number.parseInt(position, 10) - 1;
}

/** What follows the position; `undefined`: nothing. */
export function textAfterPosition([, position]: StateRow): string | undefined {
  const blank = position.indexOf(' ');
  return blank === -1 ? undefined : position.slice(blank + 1);
}

export function subjectOf([, , id]: StateRow): string | null {
  return id;
}

/** A record that gets what else was asked for. It has a place for it from the start: this runs for each request. */
export interface DecodedRecord<User> extends StateRecord<User> {
  session: StateRecord<User>['session'];
  tokenRevoked: StateRecord<User>['tokenRevoked'];
}

/** A row's user with what the row says about it. */
export function decodeRecord<User>(row: StateRow, user: User): DecodedRecord<User> {
  const [, , , tokenVersion, passwordChangedAt, logoutAllAt, deleted] = row;
  return {
    user,
    active: deleted === null,
    state: {
      tokenVersion: Number(tokenVersion),
      passwordChangedAt: instantOf(passwordChangedAt),
      logoutAllAt: instantOf(logoutAllAt),
    },
    session: undefined,
    tokenRevoked: undefined,
  };
}

/** What any row says about everyone. A table without its row says that nobody was ever logged out that way. */
export function decodeEveryone(row: StateRow | undefined): EveryoneState {
  const everyone = row?.[0] ?? '0 ';
  const blank = everyone.indexOf(' ');
  return {
    version: Number(everyone.slice(0, blank)),
    loggedOutAt: instantOf(everyone.slice(blank + 1) || null),
  };
}

function instantOf(instant: string | null): Date | null {
  return instant === null ? null : new Date(Number(instant));
}

function column(name: string): string {
  return `u.${quoteName(name)}`;
}
