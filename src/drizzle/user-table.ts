import { getTableColumns } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import type { ColumnNames } from '../postgres/bind-columns.js';
import type { RecordKeys } from '../postgres/describe-record.js';
import { columnsOf, type StateNames } from '../postgres/state-names.js';
import type { SelectedColumn } from './hydrating-loader.js';

/** The properties of a table that the options may name. */
export interface DrizzleProperties extends Omit<StateNames, 'id'> {
  readonly id: string | undefined;
}

/** A users table as Drizzle's schema describes it. */
export interface DrizzleTable {
  /** What Drizzle's `select` would select. */
  readonly selected: readonly SelectedColumn[];
  readonly keys: RecordKeys;
  readonly names: ColumnNames;
}

/** Reads the schema. @throws TokenInvalidationConfigError with all that is wrong with the table */
export function describeTable(
  db: NodePgDatabase,
  table: PgTable,
  properties: DrizzleProperties,
): DrizzleTable {
  const columns: Record<string, PgColumn> = getTableColumns(table);
  const { id = primaryKeyOf(columns), ...others } = properties;
  const problems = problemsOf(table, columns, { id, ...others });
  if (id === undefined || problems.length > 0) throw new TokenInvalidationConfigError(problems);
  const keys = { id, ...others };
  const selected = selectedColumns(db, table);
  const nameOf = (property: string) => selected.find((each) => each.property === property)!.name;
  const { name, schema } = getTableConfig(table);
  return {
    selected,
    keys,
    names: { schema, table: name, ...columnsOf(keys, nameOf) },
  };
}

function problemsOf(
  table: PgTable,
  columns: Readonly<Record<string, PgColumn>>,
  properties: DrizzleProperties,
): string[] {
  const lacks = `drizzleStore: the table "${getTableConfig(table).name}" has no`;
  const missing = Object.entries(properties).filter(
    ([, property]) => property !== undefined && !Object.hasOwn(columns, property as string),
  );
  return [
    ...missing.map(
      ([role, property]) =>
        `${lacks} property "${property}": declare the column, or name yours with ${role}: '…'.`,
    ),
    ...(properties.id === undefined
      ? [`${lacks} single primary key: name the property with id: '…'.`]
      : []),
  ];
}

/** What Drizzle's `select` selects, in its order. */
function selectedColumns(db: NodePgDatabase, table: PgTable): SelectedColumn[] {
  return Object.entries<PgColumn>(getTableColumns(table)).map(([property, column]) => ({
    property,
    column,
    name: columnName(db, table, column),
  }));
}

/** A column's name as Drizzle writes it: its `casing` may make one of the property's. */
function columnName(db: NodePgDatabase, table: PgTable, column: PgColumn): string {
  const { sql } = db.select({ column }).from(table).toSQL();
  return /^select "(.*)" from /.exec(sql)![1]!;
}

function primaryKeyOf(columns: Readonly<Record<string, PgColumn>>): string | undefined {
  return Object.keys(columns).find((property) => columns[property]!.primary);
}
