import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { makeUsers } from '../postgres/make-users.js';
import type { LoaderMeans, UserLoader } from '../postgres/user-loader.js';

/** Puts a value from the database on the entity. */
type Setter = (user: ObjectLiteral, value: unknown) => void;

/** Types whose values TypeORM leaves as pg reads them; the most frequent ones. */
const UNCHANGED = new Set<unknown>([
  String,
  Number,
  'uuid',
  'text',
  'varchar',
  'character varying',
  'smallint',
  'int',
  'int2',
  'int4',
  'integer',
]);

/** Makes the entity from the row of the state read, as TypeORM would: no second query. */
export class HydratingLoader<User extends ObjectLiteral> implements UserLoader<User> {
  readonly columns: readonly string[];
  readonly needsContext: boolean;
  private readonly setters: readonly Setter[];

  constructor(
    dataSource: DataSource,
    private readonly metadata: EntityMetadata,
  ) {
    // A join column that the entity doesn't declare belongs to its relation, which is not loaded.
    const columns = metadata.columns.filter((column) => column.isSelect && !column.isVirtual);
    this.columns = columns.map(({ databaseName }) => databaseName);
    this.setters = columns.map((column) => setterOf(column, dataSource));
    this.needsContext = columns.some(({ transformer }) => transformer !== undefined);
  }

  async load(
    rows: readonly (readonly unknown[])[],
    first: number,
    means: LoaderMeans,
  ): Promise<(User | Error)[]> {
    return makeUsers(rows, means, (row) => this.hydrate(row, first));
  }

  private hydrate(row: readonly unknown[], first: number): User {
    const user = this.metadata.create(undefined, { fromDeserializer: true }) as User;
    let place = first;
    for (const set of this.setters) {
      set(user, row[place]);
      place += 1;
    }
    return user;
  }
}

function setterOf(column: ColumnMetadata, { driver }: DataSource): Setter {
  const { propertyName } = column;
  const isPlain = UNCHANGED.has(column.type) && !column.transformer && !column.embeddedMetadata;
  if (isPlain) {
    return (user, value) => {
      user[propertyName] = value;
    };
  }
  return (user, value) => column.setEntityValue(user, driver.prepareHydratedValue(value, column));
}
