import type { EntityManager, ObjectLiteral } from 'typeorm';
import type { TokenStateStoreHarness } from '../../../src/testing/index.js';
import type { EntityClass, StorageDatabase, TypeOrmStore } from './database.js';
import { enableTriggers } from '../enable-triggers.js';
import { AGED } from './sql-harness.js';

/** How the contract's harness reaches one users table. Names as SQL has them. */
export interface HarnessTable<User extends ObjectLiteral> {
  entity: EntityClass<User>;
  users: string;
  everyone: string;
  /** Ids for new users; left out, the database makes them. */
  nextId?: () => string;
}

/** The contract's harness over a table with the columns id, password_hash, deleted_at and those of the migration. */
export function storageHarness<User extends ObjectLiteral>(
  database: () => StorageDatabase,
  { entity, users, everyone, nextId }: HarnessTable<User>,
): TokenStateStoreHarness<User, EntityManager> {
  let store: TypeOrmStore<User> | undefined;
  const query = async (sql: string, ...values: unknown[]): Promise<Record<string, unknown>> => {
    const [row] = await database().query(sql, values);
    return row ?? {};
  };
  const insert = async (hash: string, id?: string): Promise<string> => {
    const row = await (id === undefined
      ? query(`INSERT INTO ${users} (password_hash) VALUES ($1) RETURNING id::text`, hash)
      : query(
          `INSERT INTO ${users} (password_hash, id) VALUES ($1, $2) RETURNING id::text`,
          hash,
          id,
        ));
    return row['id'] as string;
  };
  const pastTriggers = (table: string, sql: string, values: unknown[]): Promise<void> =>
    database().dataSource.transaction(async (manager) => {
      await manager.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      await manager.query(sql, values);
      await manager.query(enableTriggers(table));
    });
  return {
    store: () => (store ??= database().store(entity)),
    clock: () => database().clock(),
    createUser: (hash) => insert(hash, nextId?.()),
    recreateUser: async (subject, hash) => void (await insert(hash, subject)),
    loadUser: (id) =>
      database()
        .dataSource.getRepository(entity)
        .findOneByOrFail({ id } as never),
    deleteUser: async (id) => void (await query(`DELETE FROM ${users} WHERE id = $1`, id)),
    softDeleteUser: async (id) =>
      void (await query(`UPDATE ${users} SET deleted_at = now() WHERE id = $1`, id)),
    readHash: async (id) =>
      (await query(`SELECT password_hash FROM ${users} WHERE id = $1`, id))[
        'password_hash'
      ] as string,
    writeHash: async (id, hash) =>
      void (await query(`UPDATE ${users} SET password_hash = $2 WHERE id = $1`, id, hash)),
    writeCutoffs: (id, instant) =>
      pastTriggers(
        users,
        `UPDATE ${users} SET password_changed_at = $2, logout_all_at = $2 WHERE id = $1`,
        [id, instant],
      ),
    writeEveryoneCutoff: (instant) =>
      pastTriggers(everyone, `UPDATE ${everyone} SET everyone_logged_out_at = $1`, [instant]),
    ageSession: (id, seconds) => {
      const table = `${users}_token_sessions`;
      return pastTriggers(table, `UPDATE ${table} SET ${AGED} WHERE id = $1`, [id, seconds]);
    },
    transaction: (work) => database().dataSource.transaction(work),
    savepoint: (manager, work) => manager.transaction(work),
  };
}
