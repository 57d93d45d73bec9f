import { randomUUID } from 'node:crypto';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StorageDatabase, TypeOrmStore } from '../support/storage/database.js';
import { useUsers } from '../support/storage/use-users.js';
import { insertUser, type Session, untilBlocked, userRow } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

/** As an application may have mapped it by itself. */
@Entity('users')
class CarelessUser {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text' })
  email!: string;

  @Column({ name: 'password_hash', type: 'text' })
  passwordHash!: string;

  @Column({ type: 'text' })
  role!: string;

  @Column({ name: 'token_version', type: 'integer' })
  tokenVersion!: number;

  @Column({ name: 'password_changed_at', type: 'timestamptz', precision: 3, nullable: true })
  passwordChangedAt!: Date | null;

  @Column({ name: 'logout_all_at', type: 'timestamptz', precision: 3, nullable: true })
  logoutAllAt!: Date | null;
}

let database: StorageDatabase;
let store: TypeOrmStore<User>;
let session: Session;

useUsers((users) => ({ database, store, session } = users), [User, CarelessUser]);

let id: string;

/** A user with a past of one logout; ids that were left have had higher versions. */
beforeEach(async () => {
  ({ id } = await insertUser(database));
  const leaver = await insertUser(database);
  for (let times = 0; times < 3; times += 1) {
    await store.invalidate({ subject: leaver.id }, 'logout');
  }
  await database.query('DELETE FROM users WHERE id = $1', [leaver.id]);
  await store.invalidate({ subject: id }, 'logout');
});

const users = () => database.dataSource.getRepository(User);
const load = () =>
  users().findOneOrFail({
    where: { id },
    select: {
      id: true,
      email: true,
      passwordHash: true,
      role: true,
      active: true,
      tokenVersion: true,
      passwordChangedAt: true,
      logoutAllAt: true,
    },
  });

describe('an upsert of a loaded record', () => {
  it.each(['id', 'email'])(
    'by its %s logs nobody out when only another column changed',
    async (key) => {
      const before = await userRow(database, id);
      await users().upsert(Object.assign(await load(), { role: 'admin' }), [key]);
      expect(await userRow(database, id)).toEqual(Object.assign(before, { role: 'admin' }));
    },
  );

  it('logs nobody out where the entity lets TypeORM write the state', async () => {
    const before = await userRow(database, id);
    const careless = database.dataSource.getRepository(CarelessUser);
    const loaded = await careless.findOneByOrFail({ id });
    await careless.upsert(Object.assign(loaded, { role: 'admin' }), ['id']);
    expect(await userRow(database, id)).toEqual(Object.assign(before, { role: 'admin' }));
  });

  it('logs nobody out by the query builder, and by SQL', async () => {
    const before = await userRow(database, id);
    await users()
      .createQueryBuilder()
      .insert()
      .values(Object.assign(await load(), { role: 'admin' }))
      .orUpdate(['role', 'token_version', 'password_changed_at', 'logout_all_at'], ['id'])
      .execute();
    await database.query(
      `INSERT INTO users (id, email, password_hash) VALUES ($1, 'other@example.com', 'old')
       ON CONFLICT (id) DO UPDATE SET token_version = EXCLUDED.token_version, logout_all_at = EXCLUDED.logout_all_at`,
      [id],
    );
    expect(await userRow(database, id)).toEqual(Object.assign(before, { role: 'admin' }));
  });

  it('that is out of date does not bring back what it was', async () => {
    const loaded = await load();
    await store.invalidate({ subject: id }, 'logout');
    const before = await userRow(database, id);
    await users().upsert(loaded, ['id']);
    const { token_version, logout_all_at } = await userRow(database, id);
    expect(token_version).toBeGreaterThanOrEqual(before.token_version);
    expect(logout_all_at).toEqual(before.logout_all_at);
  });

  it('invalidates when the hash changed', async () => {
    const before = await userRow(database, id);
    await users().upsert(Object.assign(await load(), { passwordHash: 'new' }), ['id']);
    expect((await userRow(database, id)).token_version).toBeGreaterThan(before.token_version);
  });

  it('changes nothing where it does nothing', async () => {
    const before = await userRow(database, id);
    await database.query(
      `INSERT INTO users (id, email, password_hash) VALUES ($1, 'x', 'y') ON CONFLICT DO NOTHING`,
      [id],
    );
    expect(await userRow(database, id)).toEqual(before);
  });
});

describe('an upsert while another session deletes the user', () => {
  it('starts above the versions of the deleted one', async () => {
    const before = await userRow(database, id);
    await session.query('BEGIN');
    await session.query('DELETE FROM users WHERE id = $1', [id]);
    const upserted = database.query(
      `INSERT INTO users (id, email, password_hash) VALUES ($1, $2, 'old')
       ON CONFLICT (id) DO UPDATE SET role = 'admin'`,
      [id, randomUUID()],
    );
    await untilBlocked(database, await session.processId());
    await session.query('COMMIT');
    await upserted;
    expect((await userRow(database, id)).token_version).toBeGreaterThan(before.token_version);
  });
});
