import type { TokenState } from 'nestjs-token-invalidation';
import { describe, expect, it } from 'vitest';
import { withoutTriggers } from '../support/triggers/without-triggers.js';
import { useApp } from '../support/use-app.js';
import { createUser, PASSWORD } from '../support/users.js';

describe('promise 4: nothing revives a token', () => {
  const app = useApp();

  /** The entity hides its state from comparisons. */
  async function stateOf(id: string): Promise<TokenState> {
    const { tokenVersion, passwordChangedAt, logoutAllAt } = await app().users.findOneByOrFail({
      id,
    });
    return { tokenVersion, passwordChangedAt, logoutAllAt };
  }

  it('not the save() of a user loaded before the invalidation', async () => {
    const { email, id } = await createUser(app().dataSource);
    const stale = await app().users.findOneByOrFail({ id });
    const token = await app().login(email, PASSWORD);
    await app().invalidator.logoutEverywhere(id);

    stale.role = 'editor';
    await app().users.save(stale);

    expect(await app().users.findOneBy({ id })).toMatchObject({ role: 'editor', tokenVersion: 1 });
    expect(await app().ask(token)).toBe('401 logged_out_everywhere');
  });

  it('not that save() where the trigger is missing either', async () => {
    const { email, id } = await createUser(app().dataSource);
    const stale = await app().users.findOneByOrFail({ id });
    const token = await app().login(email, PASSWORD);
    await withoutTriggers(app().dataSource, async () => {
      await app().invalidator.logoutEverywhere(id);
      stale.role = 'editor';
      await app().users.save(stale);
    });
    expect(await app().users.findOneBy({ id })).toMatchObject({ role: 'editor', tokenVersion: 1 });
    expect(await app().ask(token)).toBe('401 logged_out_everywhere');
  });

  it.each([
    ['a lower version', 'token_version = 0'],
    ['a cutoff set to NULL', 'logout_all_at = NULL, password_changed_at = NULL'],
    ['an earlier cutoff', `logout_all_at = '2000-01-01', password_changed_at = '2000-01-01'`],
    ['all of it', 'token_version = 0, logout_all_at = NULL, password_changed_at = NULL'],
  ])('not %s written by SQL', async (_, set) => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    await app().invalidator.logoutEverywhere(user.id);
    await app().invalidator.invalidateAfterPasswordChange(user.id);
    const before = await stateOf(user.id);

    await app().dataSource.query(`UPDATE users SET ${set} WHERE id = $1`, [user.id]);

    expect(await app().ask(token)).toMatch(/^401 /);
    expect(before).toMatchObject({
      tokenVersion: 2,
      logoutAllAt: expect.any(Date) as Date,
      passwordChangedAt: expect.any(Date) as Date,
    });
    expect(await stateOf(user.id)).toEqual(before);
  });

  it('not a user created again under the id of a deleted one', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    await app().users.delete({ id: user.id });
    expect(await app().ask(token)).toBe('401 user_unknown');

    const again = await createUser(app().dataSource, { id: user.id, email: user.email });

    expect(await app().ask(token)).toBe('401 version_stale');
    expect(await app().ask(app().issuer.issue(again))).toBe(200);
  });

  it('not an e-mail address that goes to another user', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    await app().users.delete({ id: user.id });
    await createUser(app().dataSource, { email: user.email });

    expect(await app().ask(token)).toBe('401 user_unknown');
  });

  it('not a database restored from a backup: a version above the row is refused', async () => {
    const user = await createUser(app().dataSource);
    await app().invalidator.logoutEverywhere(user.id);
    const token = await app().login(user.email, PASSWORD);
    expect(await app().ask(token)).toBe(200);

    const restore = 'UPDATE users SET token_version = 0, logout_all_at = NULL WHERE id = $1';
    await withoutTriggers(app().dataSource, () => app().dataSource.query(restore, [user.id]));

    expect(await app().ask(token)).toBe('401 version_ahead');
  });

  it('a user who was deactivated and comes back finds the tokens as they were, unless they were ended', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    await app().users.update({ id: user.id }, { active: false });
    expect(await app().ask(token)).toBe('401 user_inactive');
    await app().users.update({ id: user.id }, { active: true });
    expect(await app().ask(token)).toBe(200);

    await app().users.update({ id: user.id }, { active: false });
    await app().invalidator.invalidate(user.id);
    await app().users.update({ id: user.id }, { active: true });
    expect(await app().ask(token)).toMatch(/^401 /);
  });

  it('not the row for everyone cleared, moved back or deleted', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    const { version, effectiveAt } = await app().invalidator.invalidateEveryone();
    const everyone = 'users_token_invalidation';

    await app().dataSource.query(`UPDATE ${everyone} SET everyone_logged_out_at = NULL`);
    await app().dataSource.query(`UPDATE ${everyone} SET everyone_logged_out_at = '2000-01-01'`);
    await app().dataSource.query(`UPDATE ${everyone} SET everyone_version = 0`);
    const removal = app().dataSource.query(`DELETE FROM ${everyone}`);
    await expect(removal).rejects.toThrow('cannot be deleted');

    expect(await app().ask(token)).toBe('401 everyone_logged_out');
    expect(await app().dataSource.query(`SELECT * FROM ${everyone}`)).toMatchObject([
      { everyone_version: String(version), everyone_logged_out_at: effectiveAt },
    ]);
  });
});
