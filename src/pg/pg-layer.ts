import { TokenInvalidationConfigError } from '../options/config-error.js';
import type { DataLayer, UserSource } from '../postgres/data-layer.js';
import type { PgPool, RunStatement, Statement } from '../postgres/pg-pool.js';
import { quoteTable } from '../postgres/sql.js';
import { subjectFormat, SUBJECT_TYPES } from '../postgres/subject-format.js';
import type { UserColumns } from '../postgres/user-columns.js';
import type { TokenState } from '../rule/token-state.js';
import { joinTransaction, type PgTransaction } from './join-transaction.js';
import { describeUser, type PgUser } from './pg-user.js';
import { type FoundTable, readColumns } from './read-columns.js';
import { RowLoader } from './row-loader.js';

/** What `pgStore()` was given. */
export interface PgSource {
  readonly pool: PgPool | undefined;
  /** Where the token state is; the type of the id is asked of the catalogue. */
  readonly names: Omit<UserColumns, 'idType'>;
  /** What is wrong with the options. */
  readonly problems: readonly string[];
}

const NO_POOL =
  'pgStore: there is no pool: give pool an instance of pg.Pool, or the injection token of one that a module of the option imports exports.';
const WHAT_TO_DO = 'run the migration made with tokenInvalidationSql()';

/** Reaches the users through a pool of pg. The columns of the table come from the catalogue. */
export class PgLayer implements DataLayer<PgUser, PgTransaction> {
  readonly words = { migration: 'tokenInvalidationSql', passwordOption: "password: '…'" };

  constructor(private readonly source: PgSource) {}

  pool(): PgPool {
    if (this.source.pool === undefined) throw new Error(NO_POOL);
    return this.source.pool;
  }

  async bind(run: RunStatement): Promise<UserSource<PgUser>> {
    const { pool, names, problems } = this.source;
    if (pool === undefined || problems.length > 0) {
      throw new TokenInvalidationConfigError([
        ...problems,
        ...(pool === undefined ? [NO_POOL] : []),
      ]);
    }
    const users = quoteTable(names.schema, names.table);
    const found = await readColumns(run, users);
    if (found === undefined) {
      throw new TokenInvalidationConfigError([
        `database: there is no table ${users}: ${WHAT_TO_DO}, and name the table with its schema where that is not on the search_path.`,
      ]);
    }
    return this.sourceOf(users, found);
  }

  describe(user: PgUser): { subject: string; state: TokenState } {
    return describeUser(this.source.names, user);
  }

  join(transaction: PgTransaction, statement: Statement): Promise<unknown[][]> {
    return joinTransaction(transaction, statement);
  }

  private sourceOf(users: string, { columns, watched }: FoundTable): UserSource<PgUser> {
    const { names } = this.source;
    const password = names.password ?? watched;
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
    const loaded = columns.map(({ name }) => name).filter((name) => name !== password);
    return { columns: { ...names, password, idType: idType! }, loader: new RowLoader(loaded) };
  }
}
