import { type DataSource, In, type ObjectLiteral, type QueryRunner } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { asError, type UserLoader } from './user-loader.js';
import { subjectOf, type UserTable } from './user-table.js';

/** Loads the entity through TypeORM's `find`, with eager relations, subclasses and `@AfterLoad`: a second query, on the primary. */
export class FindingLoader<User extends ObjectLiteral> implements UserLoader<User> {
  readonly columns: readonly ColumnMetadata[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly table: UserTable,
  ) {
    this.columns = [table.id];
  }

  async load(rows: readonly (readonly unknown[])[]): Promise<(User | Error | undefined)[]> {
    const runner = this.dataSource.createQueryRunner('master');
    try {
      const users = Array.from<User | Error | undefined>({ length: rows.length });
      for (const round of roundsWithoutRepetition(rows)) {
        const found = await this.find(
          runner,
          [...round.values()].map(([id]) => id),
        );
        for (const [index, [id]] of round) users[index] = found.get(id);
      }
      return users;
    } finally {
      await runner.release();
    }
  }

  private async find(
    runner: QueryRunner,
    ids: readonly unknown[],
  ): Promise<Map<unknown, User | Error>> {
    const { driver } = this.dataSource;
    const { metadata, id } = this.table;
    try {
      const users = await runner.manager.find<User>(metadata.target, {
        where: {
          [id.propertyName]: In(ids.map((raw) => driver.prepareHydratedValue(raw, id))),
        } as never,
        withDeleted: true,
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
    } catch (error) {
      // One user's @AfterLoad may throw; the others are not to suffer.
      return ids.length === 1
        ? new Map([[ids[0], asError(error)]])
        : this.findOneByOne(runner, ids);
    }
  }

  private async findOneByOne(
    runner: QueryRunner,
    ids: readonly unknown[],
  ): Promise<Map<unknown, User | Error>> {
    const found = new Map<unknown, User | Error>();
    for (const id of ids) {
      for (const [key, user] of await this.find(runner, [id])) found.set(key, user);
    }
    return found;
  }
}

/** The rows with their indices, in rounds in which no row comes twice: one `find` gives one instance of each. */
function roundsWithoutRepetition(
  rows: readonly (readonly unknown[])[],
): Map<number, readonly unknown[]>[] {
  const rounds: Map<number, readonly unknown[]>[] = [];
  const seen = new Map<readonly unknown[], number>();
  for (const [index, row] of rows.entries()) {
    const round = seen.get(row) ?? 0;
    seen.set(row, round + 1);
    (rounds[round] ??= new Map()).set(index, row);
  }
  return rounds;
}
