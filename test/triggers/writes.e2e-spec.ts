import { beforeEach, describe, expect, inject, it } from 'vitest';
import type { StorageDatabase, TypeOrmStore } from '../support/storage/database.js';
import { useUsers } from '../support/storage/use-users.js';
import { insertUser, type Session, userRow, type UserRow } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

let database: StorageDatabase;
let store: TypeOrmStore<User>;
let session: Session;

useUsers((users) => ({ database, store, session } = users));

const HAS_MERGE = inject('serverVersion') >= 150_000;

/** Everything that writes a hash, each in its own way. */
const WRITERS: Record<string, (id: string, hash: string) => Promise<unknown>> = {
  'save() of a record loaded before': async (id, passwordHash) => {
    const repository = database.dataSource.getRepository(User);
    const stale = await repository.findOneByOrFail({ id });
    return repository.save(Object.assign(stale, { passwordHash, tokenVersion: 0 }));
  },
  'save() of a part of the record': (id, passwordHash) =>
    database.dataSource.getRepository(User).save({ id, passwordHash }),
  'update()': (id, passwordHash) =>
    database.dataSource.getRepository(User).update(id, { passwordHash }),
  'a query builder': (id, passwordHash) =>
    database.dataSource
      .createQueryBuilder()
      .update(User)
      .set({ passwordHash })
      .where({ id })
      .execute(),
  'upsert()': async (id, passwordHash) => {
    const { email } = await userRow(database, id);
    return database.dataSource.getRepository(User).upsert({ id, email, passwordHash }, ['id']);
  },
  'raw SQL': (id, hash) =>
    session.query('UPDATE users SET password_hash = $2 WHERE id = $1', [id, hash]),
  'UPDATE … FROM': (id, hash) =>
    session.query(
      'UPDATE users SET password_hash = v.hash FROM (VALUES ($1::uuid, $2)) AS v (id, hash) WHERE users.id = v.id',
      [id, hash],
    ),
  'ON CONFLICT': (id, hash) =>
    session.query(
      `INSERT INTO users (id, email, password_hash) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash`,
      [id, `${id}@example.com`, hash],
    ),
  ...(HAS_MERGE && {
    MERGE: (id, hash) =>
      session.query(
        `MERGE INTO users AS u USING (VALUES ($1::uuid, $2)) AS v (id, hash) ON u.id = v.id
         WHEN MATCHED THEN UPDATE SET password_hash = v.hash`,
        [id, hash],
      ),
  }),
  'SQL that clears the state on its way': (id, hash) =>
    session.query(
      `UPDATE users SET password_hash = $2, token_version = -1, password_changed_at = NULL,
         logout_all_at = NULL WHERE id = $1`,
      [id, hash],
    ),
  'SQL that writes its own state': (id, hash) =>
    session.query(
      `UPDATE users SET password_hash = $2, token_version = token_version + 1,
         password_changed_at = clock_timestamp() WHERE id = $1`,
      [id, hash],
    ),
};

describe.each(Object.entries(WRITERS))('a password written by %s', (_, write) => {
  let before: UserRow;
  beforeEach(async () => {
    const { id } = await insertUser(database);
    await store.invalidate({ subject: id }, 'password');
    await store.invalidate({ subject: id }, 'logout');
    before = await userRow(database, id);
  });

  it('invalidates exactly once when it is another', async () => {
    const earliest = await database.clock();
    await write(before.id, 'new');
    const after = await userRow(database, before.id);

    expect(after).toEqual({
      ...before,
      password_hash: 'new',
      token_version: before.token_version + 1,
      password_changed_at: expect.any(Date),
    });
    expect(after.password_changed_at!.getTime()).toBeGreaterThanOrEqual(earliest.getTime());
  });
});

const SAME_HASH = Object.entries(WRITERS).filter(
  ([name]) => name !== 'SQL that writes its own state',
);

it.each(SAME_HASH)('invalidates nothing when %s writes the same hash', async (_, write) => {
  const { id } = await insertUser(database);
  await store.invalidate({ subject: id }, 'logout');
  const before = await userRow(database, id);
  await write(id, 'old');
  expect(await userRow(database, id)).toEqual(before);
});

describe('other columns', () => {
  it('do not touch the state when they change', async () => {
    const { id } = await insertUser(database);
    await store.invalidate({ subject: id }, 'logout');
    const before = await userRow(database, id);

    const stale = await database.dataSource.getRepository(User).findOneByOrFail({ id });
    await database.dataSource.getRepository(User).save(Object.assign(stale, { role: 'admin' }));
    await session.query('UPDATE users SET active = false WHERE id = $1', [id]);

    expect(await userRow(database, id)).toEqual({ ...before, role: 'admin', active: false });
  });

  it('can be upserted with the whole record without invalidating its tokens', async () => {
    const { id } = await insertUser(database);
    const repository = database.dataSource.getRepository(User);
    const user = await repository.findOneByOrFail({ id });
    const before = await userRow(database, id);
    // From now on new users start at the version 1.
    const gone = await insertUser(database);
    await session.query('DELETE FROM users WHERE id = $1', [gone.id]);

    await repository.upsert(Object.assign(user, { passwordHash: 'old', role: 'admin' }), ['id']);

    expect(await userRow(database, id)).toEqual({ ...before, role: 'admin' });
  });
});

describe('a hash and NULL', () => {
  it('are different passwords, in both directions', async () => {
    await session.query('ALTER TABLE users ALTER password_hash DROP NOT NULL');
    const { id, token_version } = await insertUser(database);
    const versions: number[] = [];
    for (const hash of [null, null, 'new', '']) {
      await session.query('UPDATE users SET password_hash = $2 WHERE id = $1', [id, hash]);
      versions.push((await userRow(database, id)).token_version - token_version);
    }
    expect(versions).toEqual([1, 1, 2, 3]);
  });
});

/** So that a cutoff that is set now is another than those of before. */
async function untilNextMillisecond(): Promise<void> {
  const start = await database.clock();
  while ((await database.clock()) <= start);
}

describe('the state written by SQL', () => {
  let before: UserRow;
  const set = async (assignment: string): Promise<UserRow> => {
    await session.query(`UPDATE users SET ${assignment} WHERE id = $1`, [before.id]);
    return userRow(database, before.id);
  };
  beforeEach(async () => {
    const { id } = await insertUser(database);
    await store.invalidate({ subject: id }, 'password');
    await store.invalidate({ subject: id }, 'logout');
    before = await userRow(database, id);
    await untilNextMillisecond();
  });

  it.each([
    'token_version = 0',
    'token_version = token_version - 1',
    'token_version = NULL',
    'password_changed_at = NULL',
    'logout_all_at = NULL',
    "password_changed_at = password_changed_at - interval '1 ms'",
    "logout_all_at = '-infinity'",
    'token_version = 0, password_changed_at = NULL, logout_all_at = NULL',
  ])('is kept against %s', async (assignment) => {
    expect(await set(assignment)).toEqual(before);
  });

  it('may raise the version', async () => {
    expect(await set('token_version = 40')).toEqual({ ...before, token_version: 40 });
  });

  it.each(['password_changed_at', 'logout_all_at'])(
    'moves the version when it moves %s',
    async (column) => {
      const after = await set(`${column} = clock_timestamp()`);
      expect(after).toEqual({
        ...before,
        token_version: before.token_version + 1,
        [column]: expect.any(Date),
      });
    },
  );

  it.each(['password_changed_at', 'logout_all_at'] as const)(
    'moves the version when it sets the first %s, however long ago',
    async (column) => {
      const { id, token_version } = await insertUser(database);
      await session.query(`UPDATE users SET ${column} = '2001-01-01T00:00:00Z' WHERE id = $1`, [
        id,
      ]);
      const after = await userRow(database, id);
      expect(after[column]).toEqual(new Date('2001-01-01T00:00:00Z'));
      expect(after.token_version).toBe(token_version + 1);
    },
  );

  it('moves the version once when it moves both cutoffs', async () => {
    const after = await set(
      'logout_all_at = clock_timestamp(), password_changed_at = clock_timestamp()',
    );
    expect(after.token_version).toBe(before.token_version + 1);
  });

  it.each(["clock_timestamp() + interval '1 hour'", "'infinity'"])(
    'has a cutoff of %s brought back to the clock',
    async (future) => {
      const earliest = await database.clock();
      const after = await set(`logout_all_at = ${future}, password_changed_at = ${future}`);
      const latest = await database.clock();
      for (const cutoff of [after.logout_all_at!, after.password_changed_at!]) {
        expect(cutoff.getTime()).toBeGreaterThanOrEqual(earliest.getTime());
        expect(cutoff.getTime()).toBeLessThanOrEqual(latest.getTime());
      }
      expect(after.token_version).toBe(before.token_version + 1);
    },
  );

  it('has a cutoff of infinity brought back to the clock in a new user too', async () => {
    const earliest = await database.clock();
    const [row] = await session.query<UserRow>(
      `INSERT INTO users (email, password_hash, logout_all_at, password_changed_at)
       VALUES ('later@example.com', '-', 'infinity', clock_timestamp() + interval '1 year') RETURNING *`,
    );
    const latest = await database.clock();
    for (const cutoff of [row!.logout_all_at, row!.password_changed_at]) {
      expect(Number(cutoff)).toBeGreaterThanOrEqual(earliest.getTime());
      expect(Number(cutoff)).toBeLessThanOrEqual(latest.getTime());
    }
  });

  it('has whole milliseconds', async () => {
    await set("password_hash = 'new'");
    const [row] = await session.query<{ micros: number }>(
      'SELECT extract(microseconds FROM password_changed_at)::int % 1000 AS micros FROM users WHERE id = $1',
      [before.id],
    );
    expect(row).toEqual({ micros: 0 });
  });
});

describe('the clock of a cutoff', () => {
  it('is that of the moment, and not of the start of the transaction', async () => {
    const { id } = await insertUser(database);
    await session.query('BEGIN');
    const [{ started } = { started: new Date() }] = await session.query<{ started: Date }>(
      'SELECT now() AS started',
    );
    // A token that somebody else gets while the transaction is under way.
    let issuedAt = await database.clock();
    while (issuedAt.getTime() <= started.getTime() + 1) issuedAt = await database.clock();
    await session.query("UPDATE users SET password_hash = 'new' WHERE id = $1", [id]);
    await session.query("UPDATE users SET logout_all_at = 'infinity' WHERE id = $1", [id]);
    await session.query('COMMIT');

    const after = await userRow(database, id);
    expect(after.password_changed_at!.getTime()).toBeGreaterThanOrEqual(issuedAt.getTime());
    expect(after.logout_all_at!.getTime()).toBeGreaterThanOrEqual(issuedAt.getTime());
  });
});
