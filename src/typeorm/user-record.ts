import type { DataSource, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { readVersion } from '../postgres/read-version.js';
import type { TokenState } from '../rule/token-state.js';
import type { UserTable } from './user-table.js';

/**
 * A record of another table has the id of another user. Only an entity's class says where it belongs: a plain object may
 * be of any table, and a class that is no entity is the application's.
 *
 * @throws TypeError when the record is an entity of another table
 */
export function requireOwnTable(
  dataSource: DataSource,
  { metadata }: UserTable,
  { constructor }: ObjectLiteral,
): void {
  if (typeof constructor !== 'function' || constructor === metadata.target) return;
  if (!dataSource.hasMetadata(constructor)) return;
  if (dataSource.getMetadata(constructor).tablePath === metadata.tablePath) return;
  throw new TypeError(
    `The ${constructor.name} record is none of ${metadata.name}, whose tokens are issued here: take the TokenIssuer of the other module.`,
  );
}

/** A record's id as a token carries it: as the database writes it, with the column's transformer undone. */
export function subjectOf(dataSource: DataSource, table: UserTable, user: ObjectLiteral): string {
  const { id } = table;
  const value: unknown = dataSource.driver.preparePersistentValue(id.getEntityValue(user), id);
  // PostgreSQL writes a uuid in lower case, whatever the application wrote.
  if (typeof value === 'string')
    return table.columns.idType === 'uuid' ? value.toLowerCase() : value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw incomplete(table, id);
}

/** The state that a loaded record carries. */
export function stateOf(dataSource: DataSource, table: UserTable, user: ObjectLiteral): TokenState {
  const stored = (column: ColumnMetadata): unknown =>
    dataSource.driver.preparePersistentValue(column.getEntityValue(user), column);
  const cutoff = (column: ColumnMetadata): Date | null => {
    const value = stored(column);
    if (value === null || (value instanceof Date && !Number.isNaN(value.getTime()))) return value;
    throw incomplete(table, column);
  };
  const tokenVersion = readVersion(stored(table.tokenVersion));
  if (tokenVersion === undefined) throw incomplete(table, table.tokenVersion);
  return {
    tokenVersion,
    passwordChangedAt: cutoff(table.passwordChangedAt),
    logoutAllAt: cutoff(table.logoutAllAt),
  };
}

function incomplete({ metadata }: UserTable, column: ColumnMetadata): TypeError {
  return new TypeError(
    `The ${metadata.name} record has no ${column.propertyPath}: load the whole record, or add ${column.propertyPath} to its "select". A token can only be issued from the record's own id and token state, which a copy such as { ...user } does not have.`,
  );
}
