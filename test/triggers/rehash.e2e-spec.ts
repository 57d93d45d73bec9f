import { PasswordConflictError, TokenInvalidator } from 'nestjs-token-invalidation';
import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { TokenEventEmitter } from '../../src/events/token-event.emitter.js';
import { openStorage, type StorageDatabase } from '../support/storage/database.js';
import { useUsers } from '../support/storage/use-users.js';
import { insertUser, type Session, userRow } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

let database: StorageDatabase;
let invalidator: TokenInvalidator;
let session: Session;

useUsers((users) => {
  ({ database, session } = users);
  invalidator = new TokenInvalidator(users.store, new TokenEventEmitter());
});

const REHASH = { currentHash: 'old', newHash: 'rehashed' };

describe('a re-hash', () => {
  it('invalidates no tokens', async () => {
    const before = await insertUser(database);
    await invalidator.rehashPassword(before.id, REHASH);
    expect(await userRow(database, before.id)).toEqual({ ...before, password_hash: 'rehashed' });
  });

  it('invalidates none within a transaction', async () => {
    const before = await insertUser(database);
    await database.dataSource.transaction((transaction) =>
      invalidator.rehashPassword(before.id, REHASH, { transaction }),
    );
    expect(await userRow(database, before.id)).toEqual({ ...before, password_hash: 'rehashed' });
  });

  it('leaves a genuine change later in the same transaction what it is', async () => {
    const { id, token_version } = await insertUser(database);
    await database.dataSource.transaction(async (transaction) => {
      await invalidator.rehashPassword(id, REHASH, { transaction });
      await transaction.update(User, id, { passwordHash: 'new' });
    });
    expect(await userRow(database, id)).toMatchObject({
      password_hash: 'new',
      token_version: token_version + 1,
      password_changed_at: expect.any(Date),
    });
  });

  it("leaves another user's change in the same transaction what it is", async () => {
    const [one, other] = [await insertUser(database), await insertUser(database, 'other')];
    await database.dataSource.transaction(async (transaction) => {
      await invalidator.rehashPassword(one.id, REHASH, { transaction });
      await transaction.update(User, other.id, { passwordHash: 'rehashed' });
    });
    expect((await userRow(database, other.id)).token_version).toBe(other.token_version + 1);
  });

  it('can be followed by another of another user in one transaction', async () => {
    const [one, other] = [await insertUser(database), await insertUser(database)];
    await database.dataSource.transaction(async (transaction) => {
      for (const { id } of [one, other]) {
        await invalidator.rehashPassword(id, REHASH, { transaction });
      }
    });
    expect((await userRow(database, one.id)).token_version).toBe(one.token_version);
    expect((await userRow(database, other.id)).token_version).toBe(other.token_version);
  });

  it('is forgotten when the transaction ends, on the connection that it used', async () => {
    const { id, token_version } = await insertUser(database);
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await invalidator.rehashPassword(id, REHASH, { transaction: runner.manager });
    await runner.commitTransaction();
    await runner.query("UPDATE users SET password_hash = 'old' WHERE id = $1", [id]);
    await runner.query("UPDATE users SET password_hash = 'rehashed' WHERE id = $1", [id]);
    await runner.release();
    expect((await userRow(database, id)).token_version).toBe(token_version + 2);
  });
});

describe('a re-hash that comes too late', () => {
  it('cannot overwrite the change that overtook it', async () => {
    const { id } = await insertUser(database);
    await session.query("UPDATE users SET password_hash = 'new' WHERE id = $1", [id]);
    const before = await userRow(database, id);

    await expect(invalidator.rehashPassword(id, REHASH)).rejects.toThrow(PasswordConflictError);

    expect(await userRow(database, id)).toEqual(before);
  });

  it('leaves no permit for any other change in the transaction', async () => {
    const { id, token_version } = await insertUser(database, 'changed meanwhile');
    await database.dataSource.transaction(async (transaction) => {
      const late = invalidator.rehashPassword(id, REHASH, { transaction });
      await expect(late).rejects.toThrow(PasswordConflictError);
      await transaction.update(User, id, { passwordHash: 'rehashed' });
    });
    expect((await userRow(database, id)).token_version).toBe(token_version + 1);
  });

  it('leaves none for a user with the very hash that it was asked to replace', async () => {
    const { id } = await insertUser(database, 'changed meanwhile');
    const other = await insertUser(database);
    await database.dataSource.transaction(async (transaction) => {
      const late = invalidator.rehashPassword(id, REHASH, { transaction });
      await expect(late).rejects.toThrow(PasswordConflictError);
      await transaction.update(User, other.id, { passwordHash: 'rehashed' });
    });
    expect((await userRow(database, other.id)).token_version).toBe(other.token_version + 1);
  });
});

const changeWith = async (permit: string, from: string, to: string): Promise<number> => {
  const { id, token_version } = await insertUser(database, from);
  await session.query('BEGIN');
  await session.query("SELECT set_config('token_invalidation.rehash', $1, true)", [permit]);
  await session.query('UPDATE users SET password_hash = $2 WHERE id = $1', [id, to]);
  await session.query('COMMIT');
  return (await userRow(database, id)).token_version - token_version;
};

describe('the permit of a re-hash', () => {
  it.each(['', 'on', 'true', 'old', 'new', 'old rehashed', 'new old', ' ', '%s %s'])(
    'does not let %j through for another change',
    async (permit) => {
      expect(await changeWith(permit, 'old', 'new')).toBe(1);
    },
  );

  it('does not let a change through whose hashes only look the same side by side', async () => {
    const [one, other] = [await insertUser(database, 'a b'), await insertUser(database, 'a')];
    await database.dataSource.transaction(async (transaction) => {
      const rehash = { currentHash: 'a b', newHash: 'c' };
      await invalidator.rehashPassword(one.id, rehash, { transaction });
      await transaction.update(User, other.id, { passwordHash: 'b c' });
    });
    expect((await userRow(database, other.id)).token_version).toBe(other.token_version + 1);
  });
});

/** bcrypt's are sixty characters, and many a table keeps them in a column of fixed length. */
describe.each(['varchar(200)', 'char(60)', 'char(80)'])('a hash in a column of type %s', (type) => {
  const hashes = ['a', 'b', 'c'].map((letter) => `$2b$12$${letter.repeat(53)}`);

  @Entity('hashed')
  class Hashed extends RevocableUser {
    @PrimaryColumn({ type: 'integer' })
    id!: number;

    @Column({ type: 'text', select: false })
    password!: string;
  }

  it('can be re-hashed and changed', async () => {
    const typed = await openStorage([`CREATE TABLE hashed (id integer, password ${type})`], {
      entities: [Hashed],
    });
    await typed.migrate({ table: 'hashed', password: 'password' });
    await typed.query('INSERT INTO hashed VALUES (1, $1)', [hashes[0]]);
    const store = typed.store(Hashed);

    const rehash = { currentHash: hashes[0]!, newHash: hashes[1]! };
    expect(await store.rehashPassword('1', rehash)).toMatchObject({ version: 0 });
    const change = { currentHash: hashes[1]!, newHash: hashes[2]! };
    expect(await store.changePassword('1', change)).toMatchObject({ version: 1 });
    await typed.close();
  });
});
