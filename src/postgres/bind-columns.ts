import { TokenInvalidationConfigError } from '../options/config.error.js';
import type { RunStatement } from './pg-pool.js';
import { type FoundTable, readColumns } from './read-columns.js';
import { quoteTable } from './sql.js';
import { subjectFormat, SUBJECT_TYPES } from './subject-format.js';
import type { UserColumns } from './user-columns.js';

/** Where a layer says that the token state is; the type of the id is asked of the catalogue. */
export type ColumnNames = Omit<UserColumns, 'idType'>;

/** The users table as the catalogue knows it. */
export interface BoundTable {
  readonly columns: UserColumns;
  /** The names of all columns, in their order, without the password's. */
  readonly withoutPassword: readonly string[];
}

/**
 * Completes the names with what the catalogue says: the type of the id, and the password column that the trigger
 * watches.
 *
 * @param migration - what makes the migration: a call or a command
 * @throws TokenInvalidationConfigError when a column is missing or the id's type cannot be used
 */
export async function bindColumns(
  run: RunStatement,
  names: ColumnNames,
  migration: string,
): Promise<BoundTable> {
  const users = quoteTable(names.schema, names.table);
  const found = await readColumns(run, users);
  if (found === undefined) {
    throw new TokenInvalidationConfigError([
      `database: there is no table ${users}: run the migration made with ${migration}, and name the table with its schema where that is not on the search_path.`,
    ]);
  }
  const password = names.password ?? found.watched;
  return {
    columns: { ...names, password, idType: requireIdType(users, names, found) },
    withoutPassword: found.columns.map(({ name }) => name).filter((name) => name !== password),
  };
}

function requireIdType(users: string, names: ColumnNames, { columns }: FoundTable): string {
  const problems = [names.id, names.password, names.deletedAt]
    .filter((name) => name !== undefined && columns.every((column) => column.name !== name))
    .map((name) => `database: ${users} has no column "${name}": name the right one.`);
  const idType = columns.find(({ name }) => name === names.id)?.type;
  if (idType !== undefined && subjectFormat(idType) === undefined) {
    problems.push(
      `database: the column "${names.id}" of ${users} is of type ${idType}: it must be of type ${SUBJECT_TYPES.join(', ')}.`,
    );
  }
  if (problems.length > 0) throw new TokenInvalidationConfigError(problems);
  return idType!;
}
