import type { EveryoneState } from '../rule/token-state.js';
import type { StateRecord } from '../state/token-state.store.js';
import { milliseconds, quoteName } from './sql.js';
import type { UserColumns } from './user-columns.js';

/** A row of the state read. All of the state comes as text, whatever type parsers pg was given. */
export type StateRow = readonly [
  position: string,
  id: string,
  tokenVersion: string,
  passwordChangedAt: string | null,
  logoutAllAt: string | null,
  isDeleted: string,
  everyoneVersion: string | null,
  everyoneLoggedOutAt: string | null,
  ...values: unknown[],
];

/** Where the values of the loader's columns begin. */
export const FIRST_VALUE = 8;

/** What the state read selects for a `StateRow`, in its order. Aliases: `u` users, `asked` ids with their positions. */
export function stateColumns(columns: UserColumns, everyoneTable: string): string[] {
  const ofEveryone = (value: string) => `(SELECT ${value} FROM ${everyoneTable} AS e)`;
  return [
    'asked.position::text',
    `${column(columns.id)}::text`,
    `${column(columns.tokenVersion)}::text`,
    milliseconds(column(columns.passwordChangedAt)),
    milliseconds(column(columns.logoutAllAt)),
    columns.deletedAt === undefined
      ? `'false'::text`
      : `(${column(columns.deletedAt)} IS NOT NULL)::text`,
    ofEveryone('e.everyone_version::text'),
    ofEveryone(milliseconds('e.everyone_logged_out_at')),
  ];
}

/** The position of the query that the row answers, from 0. */
export function positionOf([position]: StateRow): number {
  return Number(position) - 1;
}

export function subjectOf([, id]: StateRow): string {
  return id;
}

/** A row's user with what the row says about it. One literal: this runs for each request. */
export function decodeRecord<User>(row: StateRow, user: User): StateRecord<User> {
  const [, , tokenVersion, passwordChangedAt, logoutAllAt, isDeleted] = row;
  return {
    user,
    active: isDeleted === 'false',
    state: {
      tokenVersion: Number(tokenVersion),
      passwordChangedAt: instantOf(passwordChangedAt),
      logoutAllAt: instantOf(logoutAllAt),
    },
  };
}

/** What any row says about everyone. A table without its row says that nobody was ever logged out that way. */
export function decodeEveryone(row: StateRow | undefined): EveryoneState {
  const [, , , , , , version = null, loggedOutAt = null] = row ?? [];
  return { version: Number(version), loggedOutAt: instantOf(loggedOutAt) };
}

function instantOf(instant: string | null): Date | null {
  return instant === null ? null : new Date(Number(instant));
}

function column(name: string): string {
  return `u.${quoteName(name)}`;
}
