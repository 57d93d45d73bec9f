import { describe, expect, it } from 'vitest';
import type { StorageDatabase, TypeOrmStore } from '../support/storage/database.js';
import { useUsers } from '../support/storage/use-users.js';
import { insertUser, Session, untilBlocked } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';
import { enableTriggers } from '../support/enable-triggers.js';

let database: StorageDatabase;
let store: TypeOrmStore<User>;
let session: Session;

useUsers((users) => ({ database, store, session } = users));

const EVERYONE = 'users_token_invalidation';
const rows = () => session.query(`SELECT * FROM ${EVERYONE}`);

describe('the cutoff of everyone', () => {
  it.each([
    'everyone_logged_out_at = NULL',
    "everyone_logged_out_at = everyone_logged_out_at - interval '1 ms'",
    "everyone_logged_out_at = '-infinity'",
    'retired_version = retired_version - 1',
    'retired_version = NULL',
    'everyone_version = everyone_version - 1',
    'everyone_version = NULL',
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
        everyone_version: expect.stringMatching(/^[1-9]/),
        retired_version: expect.stringMatching(/^[1-9]/),
      },
    ]);

    await session.query(`UPDATE ${EVERYONE} SET ${assignment}`);

    expect(await rows()).toEqual(before);
  });

  it.each(["'infinity'", "clock_timestamp() + interval '1 day'"])(
    'of %s is brought back to the clock',
    async (future) => {
      const [before] = await rows();
      const earliest = await database.clock();
      await session.query(`UPDATE ${EVERYONE} SET everyone_logged_out_at = ${future}`);
      const [row] = await rows();
      const latest = await database.clock();
      const cutoff = Number(row!['everyone_logged_out_at']);
      expect(cutoff).toBeGreaterThanOrEqual(earliest.getTime());
      expect(cutoff).toBeLessThanOrEqual(latest.getTime());
      expect(Number(row!['everyone_version'])).toBe(Number(before!['everyone_version']) + 1);
    },
  );

  it('cannot be deleted', async () => {
    await store.invalidateEveryone();
    await expect(session.query(`DELETE FROM ${EVERYONE}`)).rejects.toThrow('cannot be deleted');
    expect(await rows()).toHaveLength(1);
  });

  it('cannot be joined by a second one', async () => {
    const before = await rows();
    for (const singleton of ['true', 'false', 'NULL']) {
      await session.query(`INSERT INTO ${EVERYONE} (singleton) VALUES (${singleton})`);
    }
    expect(await rows()).toEqual(before);
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

    expect((await invalidated).effectiveAt.getTime()).toBeGreaterThanOrEqual(issuedAt.getTime());
  });
});

describe('the table of everyone', () => {
  it('can be set again after somebody emptied the table', async () => {
    await store.invalidateEveryone();
    await session.query(`ALTER TABLE ${EVERYONE} DISABLE TRIGGER USER`);
    await session.query(`TRUNCATE ${EVERYONE}`);
    await session.query(enableTriggers(EVERYONE));
    const { id, token_version } = await insertUser(database);

    const { version, effectiveAt } = await store.invalidateEveryone();

    const reading = await store.read([{ subject: id }], { timeoutMs: 10_000 });
    expect(reading.everyone).toEqual({ version, loggedOutAt: effectiveAt });
    await session.query('DELETE FROM users WHERE id = $1', [id]);
    expect(await rows()).toMatchObject([
      { everyone_logged_out_at: effectiveAt, retired_version: String(token_version + 1) },
    ]);
  });
});
