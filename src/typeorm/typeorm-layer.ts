import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import type { DataLayer, UserSource } from '../postgres/data-layer.js';
import type { PgPool, Statement } from '../postgres/pg-pool.js';
import type { TokenState } from '../rule/token-state.js';
import { chooseLoader } from './choose-loader.js';
import { joinTransaction } from './join-transaction.js';
import { requireOwnTable, stateOf, subjectOf } from './user-record.js';
import { describeUserTable, type UserProperties, type UserTable } from './user-table.js';

/** What `typeOrmStore()` was given. */
export interface TypeOrmSource {
  readonly dataSource: DataSource | undefined;
  readonly entity: EntityTarget<ObjectLiteral>;
  readonly properties: UserProperties;
  /** What is wrong with the options. */
  readonly problems: readonly string[];
}

const NO_DATA_SOURCE =
  "typeOrmStore: there is no TypeORM data source: import TypeOrmModule.forRoot({ … }) in the root module, or name yours with dataSource: getDataSourceToken('…').";

const NOT_INITIALISED =
  'typeOrmStore: the data source is not initialised: leave out manualInitialization, or initialise it in the dataSourceFactory of TypeOrmModule.forRootAsync(), so that the boot waits for it.';

/** Reaches the users through a TypeORM data source. Everything about the table comes from the entity's metadata. */
export class TypeOrmLayer<User extends ObjectLiteral> implements DataLayer<User, EntityManager> {
  readonly words = {
    migration: 'tokenInvalidationMigration()',
    migrationFunction: 'tokenInvalidationMigration',
    command: 'npx nestjs-token-invalidation generate typeorm',
    passwordOption: "properties: { password: '…' }",
  };

  private table: UserTable | undefined;

  constructor(private readonly source: TypeOrmSource) {}

  /** The pool that TypeORM opened to the primary: never a replica's, also with `replication` set. */
  pool(): PgPool {
    const { master } = (this.source.dataSource?.driver ?? {}) as { master?: PgPool };
    if (master === undefined) throw new Error('The data source is not connected.');
    return master;
  }

  async bind(): Promise<UserSource<User>> {
    const { dataSource, table } = this.bound();
    const { columns, hidden } = table;
    return { columns, hidden, loader: chooseLoader<User>(dataSource, table) };
  }

  describe(user: User): { subject: string; state: TokenState } {
    const { dataSource, table } = this.bound();
    requireOwnTable(dataSource, table, user);
    return { subject: subjectOf(dataSource, table, user), state: stateOf(dataSource, table, user) };
  }

  join(transaction: EntityManager, statement: Statement): Promise<unknown[][]> {
    return joinTransaction(this.bound().dataSource, transaction, statement);
  }

  /** Entity metadata exists only once the data source is initialised. */
  private bound(): { dataSource: DataSource; table: UserTable } {
    const { dataSource, entity, properties, problems } = this.source;
    if (dataSource === undefined || problems.length > 0) {
      const missing = dataSource === undefined ? [NO_DATA_SOURCE] : [];
      throw new TokenInvalidationConfigError([...problems, ...missing]);
    }
    if (this.table === undefined && !dataSource.isInitialized) {
      throw new TokenInvalidationConfigError([NOT_INITIALISED]);
    }
    this.table ??= describeUserTable(dataSource, entity, properties);
    return { dataSource, table: this.table };
  }
}
