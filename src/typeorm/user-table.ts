import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { TokenState } from '../rule/token-state.js';
import { type SubjectFormat, subjectFormat, SUBJECT_TYPES } from './subject-format.js';

/** Property names of the user entity, where they differ from those of `RevocableUser`. */
export interface UserProperties {
  /** Default: `'tokenVersion'`. */
  tokenVersion?: string;
  /** Default: `'passwordChangedAt'`. */
  passwordChangedAt?: string;
  /** Default: `'logoutAllAt'`. */
  logoutAllAt?: string;
  /** The stored hash, for `changePassword` and `rehashPassword`. Default: `'passwordHash'`, or else `'password'`. */
  passwordHash?: string;
}

/** What the store knows of the application's user table: everything comes from the entity's metadata. */
export interface UserTable {
  readonly metadata: EntityMetadata;
  readonly schema: string | undefined;
  readonly id: ColumnMetadata;
  /** SQL type of the id. */
  readonly idType: string;
  readonly subjectFormat: SubjectFormat;
  readonly tokenVersion: ColumnMetadata;
  readonly passwordChangedAt: ColumnMetadata;
  readonly logoutAllAt: ColumnMetadata;
  /** Absent when the entity has no such property. */
  readonly passwordHash?: ColumnMetadata;
  /** The soft-delete column, when the entity has one. */
  readonly deletedAt?: ColumnMetadata;
}

/** The user table behind an entity, or what is wrong with the entity, each with what to do. */
export function describeUserTable(
  dataSource: DataSource,
  entity: EntityTarget<ObjectLiteral>,
  properties: UserProperties,
): UserTable | string[] {
  if (dataSource.options.type !== 'postgres') {
    return [
      `the data source is of type "${dataSource.options.type}": the TypeORM store needs "postgres"; for another database implement TokenStateStore and name it as the option "store".`,
    ];
  }
  if (!dataSource.hasMetadata(entity)) {
    return [
      `entity: ${nameOf(entity)} is not registered with the data source: add it to "entities", or set autoLoadEntities and import TypeOrmModule.forFeature([${nameOf(entity)}]).`,
    ];
  }
  return fromMetadata(dataSource, dataSource.getMetadata(entity), properties);
}

function fromMetadata(
  dataSource: DataSource,
  metadata: EntityMetadata,
  properties: UserProperties,
): UserTable | string[] {
  const problems: string[] = [];
  const require = (role: keyof UserProperties): ColumnMetadata => {
    const property = properties[role] ?? role;
    const column = metadata.findColumnWithPropertyPath(property);
    if (column === undefined) problems.push(missingColumn(metadata, role, property));
    return column!;
  };
  const id = metadata.primaryColumns[0];
  const idType = id && dataSource.driver.normalizeType(id);
  const format = subjectFormat(String(idType));
  if (metadata.primaryColumns.length !== 1 || format === undefined) {
    problems.push(
      `entity: ${metadata.name} needs one primary column, of type ${SUBJECT_TYPES.join(', ')}; it has ${metadata.primaryColumns.length === 1 ? `one of type ${idType}` : metadata.primaryColumns.length}.`,
    );
  }
  const table = {
    metadata,
    schema: metadata.schema,
    id: id!,
    idType: idType!,
    subjectFormat: format!,
    tokenVersion: require('tokenVersion'),
    passwordChangedAt: require('passwordChangedAt'),
    logoutAllAt: require('logoutAllAt'),
    ...passwordColumn(metadata, properties, require),
    ...(metadata.deleteDateColumn && { deletedAt: metadata.deleteDateColumn }),
  };
  return problems.length > 0 ? problems : table;
}

function passwordColumn(
  metadata: EntityMetadata,
  properties: UserProperties,
  require: (role: 'passwordHash') => ColumnMetadata,
): Pick<UserTable, 'passwordHash'> {
  if (properties.passwordHash !== undefined) return { passwordHash: require('passwordHash') };
  const found = ['passwordHash', 'password'].map((name) =>
    metadata.findColumnWithPropertyPath(name),
  );
  const column = found.find((candidate) => candidate !== undefined);
  return column ? { passwordHash: column } : {};
}

function missingColumn(metadata: EntityMetadata, role: string, property: string): string {
  return `entity: ${metadata.name} has no column property "${property}": extend RevocableUser, declare the column, or name yours with properties: { ${role}: '…' }.`;
}

function nameOf(entity: EntityTarget<ObjectLiteral>): string {
  return typeof entity === 'function' ? entity.name : JSON.stringify(entity);
}

/** A record's id as a token carries it: as the database writes it, with the column's transformer undone. */
export function subjectOf(dataSource: DataSource, table: UserTable, user: ObjectLiteral): string {
  const { id } = table;
  const value: unknown = dataSource.driver.preparePersistentValue(id.getEntityValue(user), id);
  // PostgreSQL writes a uuid in lower case, whatever the application wrote.
  if (typeof value === 'string') return table.idType === 'uuid' ? value.toLowerCase() : value;
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
  // A bigint column arrives as text.
  const version = stored(table.tokenVersion);
  const tokenVersion = typeof version === 'string' ? Number(version) : version;
  if (!Number.isSafeInteger(tokenVersion)) throw incomplete(table, table.tokenVersion);
  return {
    tokenVersion: tokenVersion as number,
    passwordChangedAt: cutoff(table.passwordChangedAt),
    logoutAllAt: cutoff(table.logoutAllAt),
  };
}

function incomplete({ metadata }: UserTable, column: ColumnMetadata): TypeError {
  return new TypeError(
    `The ${metadata.name} record has no ${column.propertyPath}: load the whole record, or add ${column.propertyPath} to its "select". A token can only be issued from the record's own id and token state.`,
  );
}
