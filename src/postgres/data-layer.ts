import type { TokenState } from '../rule/token-state.js';
import type { PgPool, RunStatement, Statement } from './pg-pool.js';
import type { UserColumns } from './user-columns.js';
import type { UserLoader } from './user-loader.js';

/** How the application reaches its users: what TypeORM, plain pg and the other data layers differ in. */
export interface DataLayer<User, Transaction> {
  /** How the messages of the set-up check name things. */
  readonly words: SetupWords;

  /** The pool of the primary. @throws Error when it is not open */
  pool(): PgPool;

  /**
   * Called once at boot, and again after it failed.
   *
   * @param run - runs a statement on the primary, outside of any transaction
   * @throws TokenInvalidationConfigError with everything that cannot work
   */
  bind(run: RunStatement): Promise<UserSource<User>>;

  /** The subject and the state that a record carries. @throws TypeError when it lacks any of them */
  describe(user: User): { readonly subject: string; readonly state: TokenState };

  /**
   * Runs a statement in the caller's transaction. Rows come as arrays of values.
   *
   * @throws TypeError when it is not a transaction, with what to pass
   */
  join(transaction: Transaction, statement: Statement): Promise<unknown[][]>;
}

/** The users table and how its rows become records. */
export interface UserSource<User> {
  readonly columns: UserColumns;
  readonly loader: UserLoader<User>;
  /** Properties of a record that no response may hold, token state and hash: `a.b` for one of an object within. */
  readonly hidden: readonly string[];
}

export interface SetupWords {
  /** What makes the migration: a call or a command. */
  readonly migration: string;
  /** The function that makes it, which takes the versions. */
  readonly migrationFunction: string;
  /** The command that makes it. */
  readonly command: string;
  /** The option of the store that names the password column. */
  readonly passwordOption: string;
}

const GENERATE_SQL = 'npx nestjs-token-invalidation generate sql';

/** The words of a layer whose migration is SQL. */
export const SQL_WORDS: SetupWords = {
  migration: GENERATE_SQL,
  migrationFunction: 'tokenInvalidationSql',
  command: GENERATE_SQL,
  passwordOption: "password: '…'",
};
