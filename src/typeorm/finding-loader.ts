import {
  type DataSource,
  In,
  type ObjectLiteral,
  QueryFailedError,
  type QueryRunner,
  QueryRunnerAlreadyReleasedError,
} from 'typeorm';
import { asError } from '../postgres/as-error.js';
import type { UserLoader } from '../postgres/user-loader.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { subjectOf } from './user-record.js';
import type { UserTable } from './user-table.js';

type Found<User> = Map<unknown, User | Error>;

/** Loads the entity through TypeORM's `find`, with eager relations, subclasses and `@AfterLoad`: a second query, on the primary. */
export class FindingLoader<User extends ObjectLiteral> implements UserLoader<User> {
  readonly columns: readonly string[];

  private readonly uncached: DataSource;

  constructor(
    private readonly dataSource: DataSource,
    private readonly table: UserTable,
  ) {
    this.columns = [table.columns.id];
    this.uncached = withoutCache(dataSource);
  }

  async load(
    rows: readonly (readonly unknown[])[],
    first: number,
  ): Promise<(User | Error | undefined)[]> {
    const ids = rows.map((row) => row[first]);
    const runner = this.dataSource.createQueryRunner('master');
    try {
      const users = ids.map((): User | Error | undefined => undefined);
      for (const round of roundsWithoutRepetition(ids)) {
        const found = await this.findApart(runner, [...round.keys()]);
        for (const [id, index] of round) users[index] = found.get(id);
      }
      return users;
    } finally {
      await runner.release();
    }
  }

  /** If one user's `@AfterLoad` throws, tries one by one so that the others still load. If all fail, blames the database. */
  private async findApart(runner: QueryRunner, ids: readonly unknown[]): Promise<Found<User>> {
    try {
      return await this.findAll(runner, ids);
    } catch (error) {
      if (ids.length === 1) throw error;
      const found: Found<User> = new Map();
      for (const id of ids) {
        const alone = await this.findAll(runner, [id]).catch((cause: unknown) => [
          [id, failureOf(cause)] as const,
        ]);
        for (const [key, user] of alone) found.set(key, user);
      }
      if ([...found.values()].every((user) => user instanceof Error)) throw error;
      return found;
    }
  }

  /** Finds a soft-deleted user too, whom the rule calls inactive, but no soft-deleted relations of the others. */
  private async findAll(runner: QueryRunner, ids: readonly unknown[]): Promise<Found<User>> {
    const found = await this.find(runner, ids, false);
    const deleted = ids.filter((id) => !found.has(id));
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
    const bySubject = new Map(
      users.map((user) => [subjectOf(this.dataSource, this.table, user), user]),
    );
    return new Map(
      ids.flatMap((raw) => {
        const user = bySubject.get(String(raw));
        return user ? [[raw, user]] : [];
      }),
    );
  }
}

/** The database may fail for one of several too. Then nothing is known about that user, who is not to blame. */
function failureOf(cause: unknown): Error {
  const isOfDatabase =
    cause instanceof QueryFailedError || cause instanceof QueryRunnerAlreadyReleasedError;
  return isOfDatabase ? new TokenStateUnavailableError(cause) : asError(cause);
}

/** The ids with their places, in rounds in which none comes twice: one `find` gives one instance of each. */
function roundsWithoutRepetition(ids: readonly unknown[]): Map<unknown, number>[] {
  const rounds: Map<unknown, number>[] = [];
  const seen = new Map<unknown, number>();
  for (const [index, id] of ids.entries()) {
    const round = seen.get(id) ?? 0;
    seen.set(id, round + 1);
    (rounds[round] ??= new Map()).set(id, index);
  }
  return rounds;
}

/**
 * The same data source, except that it answers nothing from a cache. An application may have every query cached, and
 * the option `cache: false` of a `find` does not reach the queries for `@RelationId`.
 */
function withoutCache(dataSource: DataSource): DataSource {
  return Object.create(dataSource, { queryResultCache: { value: undefined } }) as DataSource;
}
