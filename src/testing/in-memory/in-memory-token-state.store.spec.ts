import { beforeEach, describe, expect, it } from 'vitest';
import { InMemoryTokenStateStore } from './in-memory-token-state.store.js';

describe('InMemoryTokenStateStore', () => {
  let store: InMemoryTokenStateStore;
  beforeEach(() => {
    store = new InMemoryTokenStateStore();
  });

  it('keeps nothing of what the caller does to its objects', () => {
    const added = store.add({ id: '1', passwordHash: 'hash' });
    Object.assign(added, { tokenVersion: 9 });
    Object.assign(store.find('1')!, { passwordHash: 'other' });
    expect(store.find('1')).toMatchObject({ tokenVersion: 0, passwordHash: 'hash' });
  });

  it('invalidates when the hash is another, and at no other change', () => {
    store.add({ id: '1', passwordHash: 'hash' });
    expect(store.update('1', { deletedAt: null })).toMatchObject({ tokenVersion: 0 });
    expect(store.update('1', { passwordHash: 'hash' })).toMatchObject({ tokenVersion: 0 });
    expect(store.update('1', { passwordHash: 'new' })).toMatchObject({
      tokenVersion: 1,
      passwordChangedAt: expect.any(Date),
    });
  });

  it('lets no update touch the state', () => {
    store.add({ id: '1', passwordHash: 'hash' });
    const changes = { id: '2', tokenVersion: 7 } as object;
    expect(store.update('1', changes)).toMatchObject({ id: '1', tokenVersion: 0 });
  });

  it('says what is wrong with an id', () => {
    store.add({ id: '1', passwordHash: 'hash' });
    expect(() => store.add({ id: '1', passwordHash: 'hash' })).toThrow('"1" exists');
    expect(() => store.update('2', {})).toThrow('no user "2"');
    expect(() => store.remove('2')).not.toThrow();
  });

  it('gives up a transaction when others changed what it relied on', async () => {
    store.add({ id: '1', passwordHash: 'old' });
    let committed: (() => Promise<boolean>) | undefined;
    const overtaken = store.transaction(async (transaction) => {
      const replacement = { currentHash: 'old', newHash: 'mine' };
      const change = await store.changePassword('1', replacement, transaction);
      committed = typeof change === 'object' ? change.committed : undefined;
      store.update('1', { passwordHash: 'theirs' });
    });
    await expect(overtaken).rejects.toThrow('rolled back');
    expect(await committed?.()).toBe(false);
    expect(store.find('1')).toMatchObject({ passwordHash: 'theirs', tokenVersion: 1 });
  });

  it('goes on after a rollback to a savepoint', async () => {
    store.add({ id: '1', passwordHash: 'old' });
    await store.transaction(async (transaction) => {
      await store.invalidate({ subject: '1' }, 'logout', transaction);
      const undone = transaction.savepoint(async () => {
        await store.invalidate({ subject: '1' }, 'password', transaction);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      const replacement = { currentHash: 'old', newHash: 'new' };
      const change = await store.rehashPassword('1', replacement, transaction);
      expect(change).toMatchObject({ version: 1 });
    });
    expect(store.find('1')).toMatchObject({
      passwordHash: 'new',
      tokenVersion: 1,
      passwordChangedAt: null,
    });
  });

  it('refuses to write in a transaction that has ended', async () => {
    store.add({ id: '1', passwordHash: 'old' });
    const ended = await store.transaction(async (transaction) => transaction);
    const late = store.invalidate({ subject: '1' }, 'logout', ended);
    await expect(late).rejects.toThrow('The transaction is over');
  });

  it('keeps its rows when the caller changes a date that it got', async () => {
    store.add({ id: '1', passwordHash: 'old' });
    const changes = [
      await store.invalidateEveryone(),
      await store.invalidate({ subject: '1' }, 'logout'),
    ];
    const before = structuredClone(await store.read([{ subject: '1' }]));
    for (const change of changes) {
      if (typeof change === 'object') change.effectiveAt.setTime(0);
    }
    const reading = await store.read([{ subject: '1' }]);
    expect(reading).toEqual(before);
    reading.everyone.loggedOutAt?.setTime(0);
    expect(await store.read([{ subject: '1' }])).toEqual(before);
  });
});
