import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import { SetupProblems } from '../options/setup-problems.js';
import { subjectFormat, SUBJECT_TYPES } from '../postgres/subject-format.js';
import type { UserColumns } from '../postgres/user-columns.js';

/** Property names of the user entity, where they differ from those of `RevocableUser`. */
export interface UserProperties {
  /** Raised with each invalidation. Default: `'tokenVersion'`. */
  tokenVersion?: string | undefined;
  /** When the password last changed. Default: `'passwordChangedAt'`. */
  passwordChangedAt?: string | undefined;
  /** When the user was last logged out everywhere. Default: `'logoutAllAt'`. */
  logoutAllAt?: string | undefined;
  /** The stored hash, for `changePassword` and `rehashPassword`. Default: `'passwordHash'`, or else `'password'`. */
  password?: string | undefined;
}

/** What the store knows of the application's users table: all of it comes from the entity's metadata. */
export interface UserTable {
  readonly metadata: EntityMetadata;
  readonly columns: UserColumns;
  readonly id: ColumnMetadata;
  readonly tokenVersion: ColumnMetadata;
  readonly passwordChangedAt: ColumnMetadata;
  readonly logoutAllAt: ColumnMetadata;
  /** Paths of the properties that no response may hold. */
  readonly hidden: readonly string[];
}

/** The users table behind an entity. @throws TokenInvalidationConfigError with all that is wrong with the entity */
export function describeUserTable(
  dataSource: DataSource,
  entity: EntityTarget<ObjectLiteral>,
  properties: UserProperties,
): UserTable {
  if (dataSource.options.type !== 'postgres') {
    throw new TokenInvalidationConfigError([
      `the data source is of type "${dataSource.options.type}": typeOrmStore() needs "postgres"; for another database extend TokenStateStore and give that class as the option store.`,
    ]);
  }
  if (!dataSource.hasMetadata(entity)) {
    throw new TokenInvalidationConfigError([
      `entity: ${nameOf(entity)} is not registered with the data source: add it to "entities", or set autoLoadEntities and import TypeOrmModule.forFeature([${nameOf(entity)}]).`,
    ]);
  }
  const metadata = dataSource.getMetadata(entity);
  const { id, idType, ...columns } = findColumns(dataSource, metadata, properties);
  return {
    metadata,
    id,
    ...columns,
    columns: namesOf(metadata, { ...columns, id }, idType),
    hidden: Object.values(columns).flatMap((column) => column?.propertyPath ?? []),
  };
}

type StateColumns = Pick<UserTable, 'tokenVersion' | 'passwordChangedAt' | 'logoutAllAt'> & {
  readonly password?: ColumnMetadata | undefined;
};

type FoundId = Pick<UserTable, 'id'> & { readonly idType: string };

type FoundColumns = FoundId & StateColumns;

/** @throws TokenInvalidationConfigError with every column that is missing */
function findColumns(
  dataSource: DataSource,
  metadata: EntityMetadata,
  properties: UserProperties,
): FoundColumns {
  const problems = new SetupProblems();
  const find = (property: string) => metadata.findColumnWithPropertyPath(property);
  const columnOf = (role: keyof UserProperties) =>
    problems.collect(() => requireColumn(metadata, role, properties[role] ?? role));
  const found = {
    ...problems.collect(() => requireId(dataSource, metadata)),
    tokenVersion: columnOf('tokenVersion'),
    passwordChangedAt: columnOf('passwordChangedAt'),
    logoutAllAt: columnOf('logoutAllAt'),
    password:
      properties.password === undefined
        ? (find('passwordHash') ?? find('password'))
        : columnOf('password'),
  };
  problems.throwIfAny();
  return found as FoundColumns;
}

function requireColumn(
  metadata: EntityMetadata,
  role: keyof UserProperties,
  property: string,
): ColumnMetadata {
  const column = metadata.findColumnWithPropertyPath(property);
  if (column !== undefined) return column;
  throw new TokenInvalidationConfigError([
    `entity: ${metadata.name} has no column property "${property}": extend RevocableUser, declare the column, or name yours with properties: { ${role}: '…' }.`,
  ]);
}

function requireId(dataSource: DataSource, { name, primaryColumns }: EntityMetadata): FoundId {
  const types = primaryColumns.map((column) => dataSource.driver.normalizeType(column));
  const [id, ...others] = primaryColumns;
  const [idType = ''] = types;
  if (id !== undefined && others.length === 0 && subjectFormat(idType) !== undefined) {
    return { id, idType };
  }
  const found = types.length === 1 ? `one of type ${idType}` : types.length;
  throw new TokenInvalidationConfigError([
    `entity: ${name} needs one primary column, of type ${SUBJECT_TYPES.join(', ')}; it has ${found}.`,
  ]);
}

function namesOf(
  { schema, tableName, deleteDateColumn }: EntityMetadata,
  columns: StateColumns & { readonly id: ColumnMetadata },
  idType: string,
): UserColumns {
  return {
    schema,
    table: tableName,
    id: columns.id.databaseName,
    idType,
    tokenVersion: columns.tokenVersion.databaseName,
    passwordChangedAt: columns.passwordChangedAt.databaseName,
    logoutAllAt: columns.logoutAllAt.databaseName,
    password: columns.password?.databaseName,
    deletedAt: deleteDateColumn?.databaseName,
  };
}

function nameOf(entity: EntityTarget<ObjectLiteral>): string {
  return typeof entity === 'function' ? entity.name : JSON.stringify(entity);
}
