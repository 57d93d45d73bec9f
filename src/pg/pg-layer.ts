import { TokenInvalidationConfigError } from '../options/config.error.js';
import { bindColumns, type ColumnNames } from '../postgres/bind-columns.js';
import { type DataLayer, SQL_WORDS, type UserSource } from '../postgres/data-layer.js';
import { describeRecord, stateKeys } from '../postgres/describe-record.js';
import type { PgPool, RunStatement, Statement } from '../postgres/pg-pool.js';
import type { TokenState } from '../rule/token-state.js';
import { joinTransaction, type PgTransaction } from './join-transaction.js';
import { type PgUser, RowLoader } from './row-loader.js';

/** What `pgStore()` was given. */
export interface PgSource {
  readonly pool: PgPool | undefined;
  readonly names: ColumnNames;
  /** What is wrong with the options. */
  readonly problems: readonly string[];
}

const NO_POOL =
  'pgStore: there is no pool: give pool an instance of pg.Pool, or the injection token of one that a module of the option imports exports.';

/** Reaches the users through a pool of pg. The columns of the table come from the catalogue. */
export class PgLayer implements DataLayer<PgUser, PgTransaction> {
  readonly words = SQL_WORDS;

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
    const { columns, withoutPassword } = await bindColumns(run, names, this.words.migration);
    return { columns, hidden: stateKeys(names), loader: new RowLoader(withoutPassword) };
  }

  describe(user: PgUser): { subject: string; state: TokenState } {
    const { names } = this.source;
    return describeRecord(names, user, `The row of ${names.table}`);
  }

  join(transaction: PgTransaction, statement: Statement): Promise<unknown[][]> {
    return joinTransaction(transaction, statement);
  }
}
