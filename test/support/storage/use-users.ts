import { afterAll, beforeAll } from 'vitest';
import { User } from '../user.entity.js';
import {
  type EntityClass,
  openUsers,
  type StorageDatabase,
  type TypeOrmStore,
} from './database.js';
import { Session } from './users.js';

/** The users of the reference migrations, a store over them, and a connection for SQL. */
export interface OpenUsers {
  readonly database: StorageDatabase;
  readonly store: TypeOrmStore<User>;
  readonly session: Session;
}

/**
 * Opens them before the first test of a file, and closes them after the last.
 *
 * @param use - keeps what the tests work with
 */
export function useUsers(use: (users: OpenUsers) => void, entities: EntityClass[] = [User]): void {
  let users: OpenUsers | undefined;
  beforeAll(async () => {
    const database = await openUsers(entities);
    const session = await Session.open(database.url);
    users = { database, store: database.store(User), session };
    use(users);
  });
  afterAll(async () => {
    await users?.session.close();
    await users?.database.close();
  });
}
