import {
  type DataSource,
  In,
  type ObjectLiteral,
  QueryFailedError,
  type QueryRunner,
} from 'typeorm';
import { findOwnUsers, findUsers, type UserFinder } from '../postgres/find-users.js';
import type { LoaderMeans, UserLoader } from '../postgres/user-loader.js';
import { runsCode } from './runs-code.js';
import { subjectOf } from './user-record.js';
import type { UserTable } from './user-table.js';

type Found<User> = Map<string, User>;

/**
 * Loads the entity through TypeORM's `find`, with eager relations, subclasses and `@AfterLoad`: a second query, on the
 * connection that brought the state. The application's pool may lead to a standby, or to an old primary.
 *
 * One query for all users, unless code of the application runs: then one for each, in the context of its request.
 */
export class FindingLoader<User extends ObjectLiteral> implements UserLoader<User> {
  readonly columns: readonly string[];
  readonly readsMore = true as const;
  readonly needsContext: boolean;

  private readonly uncached: DataSource;

  constructor(
    private readonly dataSource: DataSource,
    private readonly table: UserTable,
  ) {
    this.columns = [table.columns.id];
    this.needsContext = runsCode(dataSource, table.metadata);
    this.uncached = withoutCache(dataSource);
  }

  async load(
    rows: readonly (readonly unknown[])[],
    first: number,
    { client, contexts }: LoaderMeans,
  ): Promise<(User | Error | undefined)[]> {
    const ids = rows.map((row) => row[first]);
    const runner = this.dataSource.createQueryRunner();
    // It takes none from the pool, and gives none back.
    runner.connect = () => Promise.resolve(client);
    const finder: UserFinder<User> = {
      find: (some) => this.findAll(runner, some),
      isFaultOfDatabase: (cause) => cause instanceof QueryFailedError,
    };
    try {
      return await (this.needsContext
        ? findOwnUsers(finder, ids, contexts)
        : findUsers(finder, ids));
    } finally {
      await runner.release();
    }
  }

  /** Finds a soft-deleted user too, whom the rule calls inactive, but no soft-deleted relations of the others. */
  private async findAll(runner: QueryRunner, ids: readonly unknown[]): Promise<Found<User>> {
    const found = await this.find(runner, ids, false);
    const deleted = ids.filter((id) => !found.has(String(id)));
    if (deleted.length === 0) return found;
    return new Map([...found, ...(await this.find(runner, deleted, true))]);
  }

  private async find(
    runner: QueryRunner,
    ids: readonly unknown[],
    withDeleted: boolean,
  ): Promise<Found<User>> {
    const { driver } = this.dataSource;
    const { metadata, id } = this.table;
    const values = ids.map((raw): unknown => driver.prepareHydratedValue(raw, id));
    const manager = this.uncached.createEntityManager(runner);
    const users = await manager.find<User>(metadata.target, {
      where: { [id.propertyName]: In(values) } as never,
      withDeleted,
    });
    return new Map(users.map((user) => [subjectOf(this.dataSource, this.table, user), user]));
  }
}

/**
 * The same data source, except that it answers nothing from a cache. An application may have every query cached, and
 * the option `cache: false` of a `find` does not reach the queries for `@RelationId`.
 */
function withoutCache(dataSource: DataSource): DataSource {
  return Object.create(dataSource, { queryResultCache: { value: undefined } }) as DataSource;
}
