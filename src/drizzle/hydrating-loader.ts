import { is } from 'drizzle-orm';
import { PgArray, type PgColumn, PgCustomColumn } from 'drizzle-orm/pg-core';
import { types } from 'pg';
import { makeUsers } from '../postgres/make-users.js';
import type { TypeParsers } from '../postgres/pg-pool.js';
import type { LoadedUser, LoaderMeans, UserLoader } from '../postgres/user-loader.js';

/** A row as Drizzle makes it by its schema. */
export type DrizzleRow = Record<string, unknown>;

/** A property of the row, and where its value comes from. */
export interface SelectedColumn {
  readonly property: string;
  readonly column: PgColumn;
  /** As it is in the database. */
  readonly name: string;
}

/** Types that Drizzle has pg leave as text: date, timestamp and timestamptz, interval, lists of these, and numeric[]. */
const LEFT_AS_TEXT = new Set([1082, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231]);

/** As Drizzle's own queries are parsed: by pg's parsers for everyone, not those of one pool. */
const TYPES: TypeParsers = {
  getTypeParser: (oid, format) =>
    LEFT_AS_TEXT.has(oid)
      ? (text) => text
      : (types.getTypeParser(oid, format) as (text: string) => unknown),
};

/** Makes the rows of the state read what Drizzle's `select` would, without the password's column: no second query. */
export class HydratingLoader implements UserLoader<DrizzleRow> {
  readonly types = TYPES;
  readonly columns: readonly string[];
  readonly needsContext: boolean;

  constructor(private readonly selected: readonly SelectedColumn[]) {
    this.columns = selected.map(({ name }) => name);
    this.needsContext = selected.some(({ column }) => isCustom(column));
  }

  async load(
    rows: readonly (readonly unknown[])[],
    first: number,
    means: LoaderMeans,
  ): Promise<LoadedUser<DrizzleRow>[]> {
    return makeUsers(rows, means, (row) => this.hydrate(row, first));
  }

  private hydrate(row: readonly unknown[], first: number): DrizzleRow {
    const user: DrizzleRow = {};
    for (const [index, { property, column }] of this.selected.entries()) {
      const value = row[first + index];
      user[property] = value === null ? null : column.mapFromDriverValue(value);
    }
    return user;
  }
}

/** Whether code of the application makes the value: `fromDriver` of a `customType()`. */
function isCustom(column: PgColumn): boolean {
  return is(column, PgArray) ? isCustom(column.baseColumn) : is(column, PgCustomColumn);
}
