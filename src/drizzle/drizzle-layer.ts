import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgTable } from 'drizzle-orm/pg-core';
import { isFunction } from '../options/checks.js';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import { bindColumns } from '../postgres/bind-columns.js';
import { type DataLayer, SQL_WORDS, type UserSource } from '../postgres/data-layer.js';
import { describeRecord, stateKeys } from '../postgres/describe-record.js';
import type { PgPool, RunStatement, Statement } from '../postgres/pg-pool.js';
import type { TokenState } from '../rule/token-state.js';
import { type DrizzleRow, HydratingLoader } from './hydrating-loader.js';
import { type DrizzleTransaction, joinTransaction } from './join-transaction.js';
import { describeTable, type DrizzleProperties, type DrizzleTable } from './user-table.js';

/** What `drizzleStore()` was given. */
export interface DrizzleSource {
  readonly db: object | undefined;
  readonly table: PgTable;
  readonly properties: DrizzleProperties;
  /** What is wrong with the options. */
  readonly problems: readonly string[];
}

/** A database over node-postgres. What `withReplicas()` makes has the client of the primary. */
type Db = NodePgDatabase & { readonly $client?: Partial<PgPool> };

export function isDb(value: unknown): value is Db {
  return typeof value === 'object' && value !== null && isFunction(Reflect.get(value, 'select'));
}

const NO_DB =
  'drizzleStore: there is no db: give db what drizzle() returned, or the injection token of it, from a module that exports it.';
const NO_POOL =
  "drizzleStore: db has no Pool of pg: give one to drizzle() of 'drizzle-orm/node-postgres', as in drizzle({ client: pool }).";

/** Reaches the users through Drizzle over node-postgres. Everything about the table comes from Drizzle's schema. */
export class DrizzleLayer implements DataLayer<DrizzleRow, DrizzleTransaction> {
  readonly words = SQL_WORDS;

  private described: DrizzleTable | undefined;

  constructor(private readonly source: DrizzleSource) {}

  pool(): PgPool {
    const { $client } = this.db();
    // A Client has `connect` too, and no `totalCount`.
    if ($client !== undefined && 'totalCount' in $client) return $client as PgPool;
    throw new TokenInvalidationConfigError([NO_POOL]);
  }

  async bind(run: RunStatement): Promise<UserSource<DrizzleRow>> {
    const users = this.users();
    this.pool();
    const { columns } = await bindColumns(run, users.names, this.words.migration);
    const selected = users.selected.filter(({ name }) => name !== columns.password);
    return { columns, hidden: stateKeys(users.keys), loader: new HydratingLoader(selected) };
  }

  describe(user: DrizzleRow): { subject: string; state: TokenState } {
    const { keys, names } = this.users();
    return describeRecord(keys, user, `The row of ${names.table}`);
  }

  join(transaction: DrizzleTransaction, statement: Statement): Promise<unknown[][]> {
    return joinTransaction(transaction, statement);
  }

  private db(): Db {
    const { db } = this.source;
    if (isDb(db)) return db;
    throw new TokenInvalidationConfigError([...this.source.problems, NO_DB]);
  }

  private users(): DrizzleTable {
    const { table, properties, problems } = this.source;
    const db = this.db();
    if (problems.length > 0) throw new TokenInvalidationConfigError(problems);
    this.described ??= describeTable(db, table, properties);
    return this.described;
  }
}
