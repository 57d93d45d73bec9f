import { describe, expect, it } from 'vitest';
import { withoutTriggers } from '../support/triggers/without-triggers.js';
import { useApp } from '../support/use-app.js';
import { User } from '../support/user.entity.js';
import { createUser, PASSWORD } from '../support/users.js';
import { enableTriggers } from '../support/enable-triggers.js';

describe('promise 3: version and cutoff move in one statement, by the clock of the database', () => {
  const app = useApp();

  it('a hundred concurrent invalidations raise the version by a hundred', async () => {
    const user = await createUser(app().dataSource);
    const receipts = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        index % 2 === 0
          ? app().invalidator.logoutEverywhere(user.id)
          : app().invalidator.invalidateAfterPasswordChange(user.id),
      ),
    );
    const versions = receipts.map((receipt) => receipt.version).toSorted((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await app().users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 100 });
  });

  it('the receipt says what the row says', async () => {
    const user = await createUser(app().dataSource);
    const receipt = await app().invalidator.logoutEverywhere(user.id);
    const row = await app().users.findOneByOrFail({ id: user.id });
    expect(receipt).toEqual({
      subject: user.id,
      version: row.tokenVersion,
      effectiveAt: row.logoutAllAt,
      reason: 'logged_out_everywhere',
    });
    expect(row.passwordChangedAt).toBeNull();
  });

  it('the cutoff is the moment of the statement and not the start of its transaction', async () => {
    const user = await createUser(app().dataSource);
    await app().dataSource.transaction(async (transaction) => {
      await transaction.query('SELECT now()');
      const started = await clockOfDatabase();
      const receipt = await app().invalidator.logoutEverywhere(user.id, { transaction });
      expect(receipt.effectiveAt.getTime()).toBeGreaterThanOrEqual(started);
    });
  });

  it('a password changed by SQL late in a transaction gets the moment of the change, too', async () => {
    const user = await createUser(app().dataSource);
    await app().dataSource.transaction(async (transaction) => {
      await transaction.query('SELECT now()');
      const started = await clockOfDatabase();
      await transaction.query(`UPDATE users SET password_hash = 'x' WHERE id = $1`, [user.id]);
      const row = await transaction.findOneByOrFail(User, { id: user.id });
      expect(row.passwordChangedAt!.getTime()).toBeGreaterThanOrEqual(started);
    });
  });

  it('a cutoff that lies ahead returns to the clock, and a login is in all the same', async () => {
    const user = await createUser(app().dataSource);
    await aheadOfClock(user.id, '1 day');
    const earliest = await clockOfDatabase();

    const receipt = await app().invalidator.logoutEverywhere(user.id);

    expect(receipt.version).toBe(1);
    expect(Number(receipt.effectiveAt)).toBeGreaterThanOrEqual(earliest);
    expect(Number(receipt.effectiveAt)).toBeLessThanOrEqual(await clockOfDatabase());
    expect(await app().ask(await app().login(user.email, PASSWORD))).toBe(200);
  });

  it('an invalidation invalidates tokens also when the cutoff moves back to the clock', async () => {
    const user = await createUser(app().dataSource);
    await aheadOfClock(user.id, '4 minutes');
    const token = await app().login(user.email, PASSWORD);
    expect(await app().ask(token)).toBe(200);

    await app().invalidator.logoutEverywhere(user.id);

    expect(await app().ask(token)).toBe('401 version_stale');
  });

  /** The database's clock, once it has gone on by some milliseconds since the call. */
  async function clockOfDatabase(): Promise<number> {
    const first = await readClock();
    let now = first;
    while (now < first + 5) now = await readClock();
    return now;
  }

  async function readClock(): Promise<number> {
    const [row] = await app().dataSource.query('SELECT clock_timestamp() AS now');
    return (row.now as Date).getTime();
  }

  /** A cutoff as it was written before the database's clock was set back. */
  async function aheadOfClock(id: string, interval: string): Promise<Date> {
    const ahead = 'UPDATE users SET logout_all_at = clock_timestamp() + $2::interval WHERE id = $1';
    await withoutTriggers(app().dataSource, () => app().dataSource.query(ahead, [id, interval]));
    return (await app().users.findOneByOrFail({ id })).logoutAllAt!;
  }
});

describe('promise 3: the row for everyone has a version too', () => {
  const app = useApp();

  it('fifty concurrent invalidations raise the version by fifty', async () => {
    const before = await everyoneRow();
    const receipts = await Promise.all(
      Array.from({ length: 50 }, () => app().invalidator.invalidateEveryone()),
    );
    const versions = receipts.map(({ version }) => version - before.version);
    expect(versions.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    const last = receipts.find(({ version }) => version === before.version + 50);
    expect(await everyoneRow()).toEqual({ version: last!.version, cutoff: last!.effectiveAt });
  });

  it('a cutoff that is written by SQL raises the version in the same statement', async () => {
    const before = await everyoneRow();
    await app().dataSource.query(
      'UPDATE users_token_invalidation SET everyone_logged_out_at = clock_timestamp()',
    );
    expect(await everyoneRow()).toMatchObject({ version: before.version + 1 });
  });

  it('an invalidation returns a cutoff that lies ahead to the clock, and raises the version', async () => {
    const { version } = await app().invalidator.invalidateEveryone();
    const ahead = await aheadOfClock('4 minutes');
    const receipt = await app().dataSource.transaction((transaction) =>
      app().invalidator.invalidateEveryone({ transaction }),
    );
    expect(receipt.version).toBe(version + 1);
    expect(Number(receipt.effectiveAt)).toBeLessThan(Number(ahead) - 200_000);
    expect(await everyoneRow()).toEqual({ version: version + 1, cutoff: receipt.effectiveAt });
  });

  async function everyoneRow(): Promise<{ version: number; cutoff: Date | null }> {
    const [row] = await app().dataSource.query('SELECT * FROM users_token_invalidation');
    return { version: Number(row.everyone_version), cutoff: row.everyone_logged_out_at };
  }

  /** A cutoff as it was written before the database's clock was set back. */
  async function aheadOfClock(interval: string): Promise<Date> {
    const table = 'users_token_invalidation';
    await app().dataSource.transaction(async (transaction) => {
      await transaction.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      const ahead = `UPDATE ${table} SET everyone_logged_out_at = clock_timestamp() + $1::interval`;
      await transaction.query(ahead, [interval]);
      await transaction.query(enableTriggers(table));
    });
    return (await everyoneRow()).cutoff!;
  }
});
