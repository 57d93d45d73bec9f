import { inspect } from 'node:util';
import { TokenStateUnavailableError } from 'nestjs-token-invalidation';
import type { EntityManager } from 'typeorm';
import { describe, expect, it } from 'vitest';
import type { StorageDatabase, TypeOrmStore } from '../support/storage/database.js';
import { claimsFor, verdictOn } from '../support/storage/tokens.js';
import { useUsers } from '../support/storage/use-users.js';
import { insertUser, type Session, untilBlocked, userRow } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

let database: StorageDatabase;
let store: TypeOrmStore<User>;
let session: Session;

useUsers((users) => ({ database, store, session } = users));

const CHANGE = { currentHash: 'old', newHash: 'new' };
const LEVELS = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const;

/** Runs `blocked` against a user whose row the session has locked, and ends the session's transaction meanwhile. */
async function whileLocked<Result>(
  locked: { id: string; by: string; end: 'COMMIT' | 'ROLLBACK' },
  blocked: () => Promise<Result>,
): Promise<Result> {
  await session.query('BEGIN');
  await session.query(locked.by, [locked.id]);
  const result = blocked();
  result.catch(() => {});
  await untilBlocked(database, await session.processId());
  await session.query(locked.end);
  return result;
}

describe.each(LEVELS)('a caller in %s', (level) => {
  const inTransaction = <Result>(work: (manager: EntityManager) => Promise<Result>) =>
    database.dataSource.transaction(level, work);

  it('invalidates, changes and re-hashes', async () => {
    const { id, token_version } = await insertUser(database);
    await inTransaction(async (transaction) => {
      await store.invalidate({ subject: id }, 'logout', transaction);
      await store.changePassword(id, CHANGE, transaction);
      await store.rehashPassword(id, { currentHash: 'new', newHash: 'newer' }, transaction);
      await store.invalidateEveryone(transaction);
    });
    expect(await userRow(database, id)).toMatchObject({
      token_version: token_version + 2,
      password_hash: 'newer',
    });
  });

  it('has a password that another writer changes in it seen by the trigger', async () => {
    const { id, token_version } = await insertUser(database);
    await inTransaction((manager) => manager.update(User, id, { passwordHash: 'new' }));
    expect((await userRow(database, id)).token_version).toBe(token_version + 1);
  });

  it('either counts on what others committed meanwhile or fails, and loses nothing', async () => {
    const { id, token_version } = await insertUser(database);
    const outcome = await inTransaction(async (transaction) => {
      await transaction.query('SELECT count(*) FROM users');
      await session.query('UPDATE users SET token_version = token_version + 1 WHERE id = $1', [id]);
      return store.invalidate({ subject: id }, 'logout', transaction);
    }).catch((error: { driverError?: { code?: string } }) => error.driverError?.code);

    const raised = (await userRow(database, id)).token_version - token_version;
    expect({ outcome, raised }).toMatchObject(
      level === 'READ COMMITTED'
        ? { outcome: { version: token_version + 2 }, raised: 2 }
        : { outcome: '40001', raised: 1 },
    );
  });
});

describe('many callers in SERIALIZABLE', () => {
  it('lose no invalidation that was acknowledged', async () => {
    const { id, token_version } = await insertUser(database);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        database.dataSource.transaction('SERIALIZABLE', (transaction) =>
          store.invalidate({ subject: id }, 'logout', transaction),
        ),
      ),
    );
    const acknowledged = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(acknowledged).toBeGreaterThan(0);
    expect((await userRow(database, id)).token_version).toBe(token_version + acknowledged);
  });
});

describe('two changes of the password that know the same current hash', () => {
  it('have one winner', async () => {
    const { id, token_version } = await insertUser(database);
    const outcomes = await Promise.all(
      ['one', 'other'].map((newHash) => store.changePassword(id, { currentHash: 'old', newHash })),
    );
    expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(1);
    expect((await userRow(database, id)).token_version).toBe(token_version + 1);
  });

  it('have the first for a winner when the second waited for it', async () => {
    const { id, token_version } = await insertUser(database);
    const by = "UPDATE users SET password_hash = 'first' WHERE id = $1";
    const second = await whileLocked({ id, by, end: 'COMMIT' }, () =>
      store.changePassword(id, CHANGE),
    );
    expect(second).toBe('conflict');
    expect(await userRow(database, id)).toMatchObject({
      password_hash: 'first',
      token_version: token_version + 1,
    });
  });

  it('have the second for a winner when the first rolled back', async () => {
    const { id, token_version } = await insertUser(database);
    const by = "UPDATE users SET password_hash = 'first' WHERE id = $1";
    const second = await whileLocked({ id, by, end: 'ROLLBACK' }, () =>
      store.changePassword(id, CHANGE),
    );
    expect(second).toMatchObject({ version: token_version + 1 });
  });

  it('include a re-hash, which gives way', async () => {
    const { id, token_version } = await insertUser(database);
    const by = "UPDATE users SET password_hash = 'first' WHERE id = $1";
    const rehash = await whileLocked({ id, by, end: 'COMMIT' }, () =>
      store.rehashPassword(id, CHANGE),
    );
    expect(rehash).toBe('conflict');
    expect((await userRow(database, id)).token_version).toBe(token_version + 1);
  });
});

describe('an invalidation that has to wait', () => {
  it('is counted on top of the one that it waited for', async () => {
    const { id, token_version } = await insertUser(database);
    const by = 'UPDATE users SET token_version = token_version + 1 WHERE id = $1';
    const second = await whileLocked({ id, by, end: 'COMMIT' }, () =>
      store.invalidate({ subject: id }, 'logout'),
    );
    expect(second).toMatchObject({ version: token_version + 2 });
  });

  it('conflicts when the version was raised meanwhile', async () => {
    const { id, token_version } = await insertUser(database);
    const by = 'UPDATE users SET token_version = token_version + 1 WHERE id = $1';
    const second = await whileLocked({ id, by, end: 'COMMIT' }, () =>
      store.invalidate({ subject: id, ifVersion: token_version }, 'logout'),
    );
    expect(second).toBe('conflict');
  });

  it('says that the user is unknown when it was deleted meanwhile', async () => {
    const { id } = await insertUser(database);
    const by = 'DELETE FROM users WHERE id = $1';
    const outcome = await whileLocked({ id, by, end: 'COMMIT' }, () =>
      store.invalidate({ subject: id }, 'logout'),
    );
    expect(outcome).toBe('unknown');
  });

  it('takes the cutoff after the wait', async () => {
    const { id } = await insertUser(database);
    let issuedAt = new Date(0);
    await session.query('BEGIN');
    await session.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]);
    const invalidated = store.invalidate({ subject: id }, 'logout');
    await untilBlocked(database, await session.processId());
    const start = await database.clock();
    while (issuedAt <= start) issuedAt = await database.clock();
    await session.query('COMMIT');

    const { effectiveAt } = (await invalidated) as { effectiveAt: Date };
    expect(effectiveAt.getTime()).toBeGreaterThanOrEqual(issuedAt.getTime());
  });

  it('is an outage when it waits too long', async () => {
    const { id, token_version } = await insertUser(database);
    const impatient = database.store(User, { writeTimeout: '50ms' });
    await session.query('BEGIN');
    await session.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]);
    const invalidated = impatient.invalidate({ subject: id }, 'logout');
    await expect(invalidated).rejects.toThrow(TokenStateUnavailableError);
    expect((await userRow(database, id)).token_version).toBe(token_version);
    await session.query('COMMIT');
  });
});

describe('a token issued while a change of the password is under way', () => {
  it('is dead once the change is committed', async () => {
    const { id } = await insertUser(database);
    const now = await database.clock();
    await session.query('BEGIN');
    await session.query("UPDATE users SET password_hash = 'new' WHERE id = $1", [id]);
    const user = await database.dataSource.getRepository(User).findOneByOrFail({ id });
    const token = claimsFor(store, user, new Date(now.getTime() + 60_000));
    expect(await verdictOn(store, token, now)).toBe('accepted');
    await session.query('COMMIT');
    expect(await verdictOn(store, token, now)).not.toBe('accepted');
  });
});

describe("an error in the caller's transaction", () => {
  it('holds no password hash', async () => {
    const { id } = await insertUser(database, 'the current hash');
    const replacement = { currentHash: 'the current hash', newHash: 'the new hash' };
    const failed = database.dataSource.transaction('REPEATABLE READ', async (transaction) => {
      await transaction.query('SELECT count(*) FROM users');
      await session.query("UPDATE users SET role = 'admin' WHERE id = $1", [id]);
      await store.changePassword(id, replacement, transaction);
    });
    const error = await failed.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 5 })).not.toMatch(/the (current|new) hash/);
  });
});
