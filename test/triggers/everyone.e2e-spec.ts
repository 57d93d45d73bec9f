import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TypeOrmTokenStateStore } from '../../src/typeorm/typeorm-token-state.store.js';
import { openUsers, type StorageDatabase } from '../support/storage/database.js';
import { insertUser, Session, untilBlocked } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

let database: StorageDatabase;
let store: TypeOrmTokenStateStore<User>;
let session: Session;

beforeAll(async () => {
  database = await openUsers();
  store = database.store(User);
  session = await Session.open(database.url);
});
afterAll(async () => {
  await session.close();
  await database.close();
});

const GLOBAL = 'users_token_invalidation';
const rows = () => session.query(`SELECT * FROM ${GLOBAL}`);

describe('the global cutoff', () => {
  it.each([
    'everyone_logged_out_at = NULL',
    "everyone_logged_out_at = everyone_logged_out_at - interval '1 ms'",
    "everyone_logged_out_at = '-infinity'",
    'retired_version = retired_version - 1',
    'retired_version = NULL',
    'singleton = true',
  ])('is kept against %s', async (assignment) => {
    await store.invalidateEveryone();
    const { id } = await insertUser(database);
    await session.query('DELETE FROM users WHERE id = $1', [id]);
    const before = await rows();
    expect(before).toEqual([
      {
        singleton: true,
        everyone_logged_out_at: expect.any(Date),
        retired_version: expect.stringMatching(/^[1-9]/),
      },
    ]);

    await session.query(`UPDATE ${GLOBAL} SET ${assignment}`);

    expect(await rows()).toEqual(before);
  });

  it.each(["'infinity'", "clock_timestamp() + interval '1 day'"])(
    'of %s is brought back to the clock',
    async (future) => {
      await session.query(`UPDATE ${GLOBAL} SET everyone_logged_out_at = ${future}`);
      const [row] = await rows();
      const latest = await database.clock();
      expect(Number(row!['everyone_logged_out_at'])).toBeLessThanOrEqual(latest.getTime());
    },
  );

  it('cannot be deleted', async () => {
    await store.invalidateEveryone();
    await expect(session.query(`DELETE FROM ${GLOBAL}`)).rejects.toThrow('would live again');
    expect(await rows()).toHaveLength(1);
  });

  it('cannot be joined by a second one', async () => {
    for (const singleton of ['true', 'false', 'NULL']) {
      const second = session.query(`INSERT INTO ${GLOBAL} (singleton) VALUES (${singleton})`);
      await expect(second).rejects.toThrow(/constraint/);
    }
  });
});

describe('an invalidation of everyone that has to wait', () => {
  it('covers the tokens that were issued while it waited', async () => {
    const { id } = await insertUser(database);
    const deleting = await Session.open(database.url);
    await deleting.query('BEGIN');
    await deleting.query('DELETE FROM users WHERE id = $1', [id]);

    const invalidated = store.invalidateEveryone();
    await untilBlocked(database, await deleting.processId());
    const start = await database.clock();
    let issuedAt = start;
    while (issuedAt <= start) issuedAt = await database.clock();
    await deleting.query('COMMIT');
    await deleting.close();

    expect((await invalidated).getTime()).toBeGreaterThanOrEqual(issuedAt.getTime());
  });
});

describe('the global table', () => {
  it('can be set again after somebody emptied the table', async () => {
    await store.invalidateEveryone();
    await session.query(`TRUNCATE ${GLOBAL}`);
    const { id, token_version } = await insertUser(database);

    const cutoff = await store.invalidateEveryone();

    const reading = await store.read([{ subject: id }], { timeoutMs: 10_000 });
    expect(reading.everyoneLoggedOutAt).toEqual(cutoff);
    await session.query('DELETE FROM users WHERE id = $1', [id]);
    expect(await rows()).toMatchObject([
      { everyone_logged_out_at: cutoff, retired_version: String(token_version + 1) },
    ]);
  });
});
