import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type InvalidationEvent, TokenEventListener } from '../events/token-event.listener.js';
import { TokenEvents } from '../events/token-events.js';
import { FrozenClock } from '../testing/frozen-clock.js';
import { InMemoryTokenStateStore } from '../testing/in-memory-token-state.store.js';
import type { InMemoryTransaction } from '../testing/in-memory-transaction.js';
import {
  PasswordConflictError,
  UserUnknownError,
  VersionConflictError,
} from './invalidation.errors.js';
import { TokenInvalidator } from './token-invalidator.service.js';

class Heard extends TokenEventListener {
  readonly events: InvalidationEvent[] = [];

  override invalidated(event: InvalidationEvent): void {
    this.events.push(event);
  }
}

const NEW_HASH = { currentHash: 'old', newHash: 'new' };

let clock: FrozenClock;
let store: InMemoryTokenStateStore;
let heard: Heard;
let invalidator: TokenInvalidator<InMemoryTransaction>;
let effectiveAt: Date;

beforeEach(() => {
  clock = new FrozenClock();
  effectiveAt = new Date(clock.now());
  store = new InMemoryTokenStateStore(clock);
  heard = new Heard();
  invalidator = new TokenInvalidator(store, new TokenEvents(heard));
  store.add({ id: '7', passwordHash: 'old' });
});

/** Each way to end one user's tokens, with the reason that it gives and the cutoff that it moves. */
const WAYS = [
  ['logoutEverywhere', 'logged_out_everywhere', 'logoutAllAt'],
  ['passwordChanged', 'password_changed', 'passwordChangedAt'],
  ['invalidate', 'invalidated', 'logoutAllAt'],
] as const;

describe.each(WAYS)('%s', (method, reason, cutoff) => {
  it('ends the tokens of the user, and says so in receipt and event', async () => {
    const receipt = await invalidator[method](7);
    expect(receipt).toEqual({ subject: '7', version: 1, effectiveAt, reason });
    expect(heard.events).toStrictEqual([{ ...receipt, pending: false }]);
    expect(store.find('7')).toEqual({
      id: '7',
      passwordHash: 'old',
      tokenVersion: 1,
      passwordChangedAt: null,
      logoutAllAt: null,
      [cutoff]: effectiveAt,
    });
  });

  it('joins a transaction, and the event says that it is pending', async () => {
    await store.transaction(async (transaction) => {
      await invalidator[method](7n, { transaction });
      expect(store.find('7')).toMatchObject({ tokenVersion: 0 });
    });
    expect(store.find('7')).toMatchObject({ tokenVersion: 1 });
    expect(heard.events).toMatchObject([{ reason, pending: true }]);
  });

  it('of nobody is an error, and no event', async () => {
    await expect(invalidator[method]('8')).rejects.toThrow(UserUnknownError);
    expect(heard.events).toEqual([]);
  });
});

describe('logoutEverywhere under the condition of a version', () => {
  it('is done when the version is that of the user', async () => {
    expect(await invalidator.logoutEverywhere('7', { ifVersion: 0 })).toMatchObject({ version: 1 });
  });

  it('is a conflict when it no longer is, and changes nothing', async () => {
    await invalidator.logoutEverywhere('7');
    const late = invalidator.logoutEverywhere('7', { ifVersion: 0 });
    await expect(late).rejects.toThrow(VersionConflictError);
    expect(store.find('7')).toMatchObject({ tokenVersion: 1 });
    expect(heard.events).toHaveLength(1);
  });

  it('asks the store for the kind of cutoff, and nothing of a version when none is given', async () => {
    const invalidate = vi.spyOn(store, 'invalidate');
    await invalidator.logoutEverywhere('7');
    await invalidator.logoutEverywhere('7', { ifVersion: 1 });
    await invalidator.passwordChanged('7');
    expect(invalidate.mock.calls).toStrictEqual([
      [{ subject: '7' }, 'logout', undefined],
      [{ subject: '7', ifVersion: 1 }, 'logout', undefined],
      [{ subject: '7' }, 'password', undefined],
    ]);
  });
});

describe('invalidate', () => {
  it('hands the note on to the listener', async () => {
    await invalidator.invalidate('7', { note: 'role changed' });
    expect(heard.events).toMatchObject([{ reason: 'invalidated', note: 'role changed' }]);
  });
});

describe('changePassword', () => {
  it('stores the hash, ends the tokens, and says so in receipt and event', async () => {
    const receipt = await invalidator.changePassword(7, NEW_HASH);
    expect(receipt).toEqual({ subject: '7', version: 1, effectiveAt, reason: 'password_changed' });
    expect(heard.events).toStrictEqual([{ ...receipt, pending: false }]);
    expect(store.find('7')).toMatchObject({ passwordHash: 'new', tokenVersion: 1 });
  });

  it('joins a transaction, and the event says that it is pending', async () => {
    await store.transaction(async (transaction) => {
      await invalidator.changePassword('7', NEW_HASH, { transaction });
      expect(store.find('7')).toMatchObject({ passwordHash: 'old' });
    });
    expect(store.find('7')).toMatchObject({ passwordHash: 'new' });
    expect(heard.events).toMatchObject([{ reason: 'password_changed', pending: true }]);
  });

  it('tells apart a hash that was replaced meanwhile and a user who is not there', async () => {
    const stale = { currentHash: 'another', newHash: 'new' };
    await expect(invalidator.changePassword('7', stale)).rejects.toThrow(PasswordConflictError);
    await expect(invalidator.changePassword('8', stale)).rejects.toThrow(UserUnknownError);
    expect(heard.events).toEqual([]);
  });
});

describe('rehashPassword', () => {
  it('stores the hash and ends nothing, so that there is no event', async () => {
    expect(await invalidator.rehashPassword(7, NEW_HASH)).toEqual({
      subject: '7',
      version: 0,
      effectiveAt,
      reason: 'password_rehashed',
    });
    expect(store.find('7')).toMatchObject({ passwordHash: 'new', tokenVersion: 0 });
    expect(heard.events).toEqual([]);
  });

  it('joins a transaction', async () => {
    await store.transaction(async (transaction) => {
      await invalidator.rehashPassword('7', NEW_HASH, { transaction });
      expect(store.find('7')).toMatchObject({ passwordHash: 'old' });
    });
    expect(store.find('7')).toMatchObject({ passwordHash: 'new' });
  });

  it('tells apart a hash that was replaced meanwhile and a user who is not there', async () => {
    const stale = { currentHash: 'another', newHash: 'new' };
    await expect(invalidator.rehashPassword('7', stale)).rejects.toThrow(PasswordConflictError);
    await expect(invalidator.rehashPassword('8', stale)).rejects.toThrow(UserUnknownError);
  });
});

describe('invalidateEveryone', () => {
  const everyone = { subject: null, version: null, reason: 'everyone_logged_out' };

  it('resolves when the second of the cutoff is over, and not much later', async () => {
    clock.set(980);
    const started = performance.now();
    const receipt = await invalidator.invalidateEveryone();
    const waited = performance.now() - started;
    expect(receipt).toEqual({ ...everyone, effectiveAt: new Date(980) });
    expect(heard.events).toStrictEqual([{ ...receipt, pending: false }]);
    expect(waited).toBeGreaterThanOrEqual(20);
    expect(waited).toBeLessThan(1000);
  });

  it('joins a transaction without a wait, and the event says that it is pending', async () => {
    clock.set(3000);
    const started = performance.now();
    await store.transaction(async (transaction) => {
      await invalidator.invalidateEveryone({ transaction });
      expect(await store.read([])).toMatchObject({ everyoneLoggedOutAt: null });
    });
    expect(performance.now() - started).toBeLessThan(900);
    expect(await store.read([])).toMatchObject({ everyoneLoggedOutAt: new Date(3000) });
    expect(heard.events).toMatchObject([{ ...everyone, pending: true }]);
  });
});
