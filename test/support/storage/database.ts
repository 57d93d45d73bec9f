import { tokenInvalidationMigration, typeOrmStore } from 'nestjs-token-invalidation/typeorm';
import type {
  TokenInvalidationMigrationOptions,
  TypeOrmStoreOptions,
} from 'nestjs-token-invalidation/typeorm';
import {
  DataSource,
  type DataSourceOptions,
  type EntityManager,
  type ObjectLiteral,
} from 'typeorm';
import type { PostgresTokenStateStore } from '../../../src/postgres/postgres-token-state.store.js';
import { createDatabase, createEmptyDatabase } from '../database.js';
import { User } from '../user.entity.js';

export type EntityClass<User extends ObjectLiteral = ObjectLiteral> = new () => User;

/** What `typeOrmStore()` makes. */
export type TypeOrmStore<User> = PostgresTokenStateStore<User, EntityManager>;

/** The store as the module would make it, with a data source that need not be Nest's. */
export function makeStore<User extends ObjectLiteral>(
  dataSource: DataSource,
  options: TypeOrmStoreOptions<User>,
): TypeOrmStore<User> {
  return typeOrmStore({ ...options, dataSource }).useFactory() as TypeOrmStore<User>;
}

/** A database of a test file's own, with the tables that it asks for, and TypeORM on it. */
export class StorageDatabase {
  private readonly stores: Pick<TypeOrmStore<unknown>, 'onApplicationShutdown'>[] = [];

  constructor(
    readonly url: string,
    readonly dataSource: DataSource,
    private readonly drop: () => Promise<void>,
  ) {}

  /** The store over one of the entities, as the module would make it. */
  store<User extends ObjectLiteral>(
    entity: EntityClass<User>,
    options: Partial<TypeOrmStoreOptions<User>> = {},
  ): TypeOrmStore<User> {
    const store = makeStore<User>(this.dataSource, { entity, ...options });
    this.stores.push(store);
    return store;
  }

  query<Row = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.dataSource.query(sql, values);
  }

  /** The database's clock, in the milliseconds that the cutoffs have. */
  async clock(): Promise<Date> {
    const [row] = await this.query<{ now: Date }>(
      "SELECT date_trunc('milliseconds', clock_timestamp()) AS now",
    );
    return row!.now;
  }

  /** Makes the table of these users revocable. */
  async migrate(options: TokenInvalidationMigrationOptions): Promise<void> {
    await runMigration(this.dataSource, 'up', options);
  }

  async close(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.onApplicationShutdown()));
    await this.dataSource.destroy();
    await this.drop();
  }
}

/** @param tables - what the application has before it meets this library */
export async function openStorage(
  tables: readonly string[],
  options: { entities?: EntityClass[] } & Pick<DataSourceOptions, 'subscribers'> = {},
): Promise<StorageDatabase> {
  const database = await createEmptyDatabase();
  const dataSource = new DataSource({ type: 'postgres', url: database.url, ...options });
  await dataSource.initialize();
  for (const table of tables) await dataSource.query(table);
  return new StorageDatabase(database.url, dataSource, () => database.drop());
}

/** The users of the reference migrations. */
export async function openUsers(entities: EntityClass[] = [User]): Promise<StorageDatabase> {
  const database = await createDatabase();
  const dataSource = new DataSource({ type: 'postgres', url: database.url, entities });
  await dataSource.initialize();
  return new StorageDatabase(database.url, dataSource, () => database.drop());
}

export async function runMigration(
  dataSource: DataSource,
  direction: 'up' | 'down',
  options: TokenInvalidationMigrationOptions,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    await new (tokenInvalidationMigration(options))()[direction](runner);
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw error;
  } finally {
    await runner.release();
  }
}
