import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { asError, type UserLoader } from './user-loader.js';

/** Makes the entity from the very row of the state read, as TypeORM would: no second query. */
export class HydratingLoader<User extends ObjectLiteral> implements UserLoader<User> {
  readonly columns: readonly ColumnMetadata[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly metadata: EntityMetadata,
  ) {
    // A join column that the entity doesn't declare belongs to its relation, which is not loaded.
    this.columns = metadata.columns.filter((column) => column.isSelect && !column.isVirtual);
  }

  async load(rows: readonly (readonly unknown[])[], first: number): Promise<(User | Error)[]> {
    return rows.map((row) => {
      try {
        return this.hydrate(row, first);
      } catch (error) {
        return asError(error);
      }
    });
  }

  private hydrate(row: readonly unknown[], first: number): User {
    const user = this.metadata.create(undefined, { fromDeserializer: true }) as User;
    let place = first;
    for (const column of this.columns) {
      const value: unknown = this.dataSource.driver.prepareHydratedValue(row[place], column);
      column.setEntityValue(user, value);
      place += 1;
    }
    return user;
  }
}
