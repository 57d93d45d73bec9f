import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenEventEmitter } from '../events/token-event.emitter.js';
import { type InvalidationEvent, TokenEventListener } from '../events/token-event.listener.js';
import { FrozenClock } from '../testing/frozen-clock.js';
import { InMemoryTokenStateStore } from '../testing/in-memory/in-memory-token-state.store.js';
import type { InMemoryTransaction } from '../testing/in-memory/in-memory-transaction.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import {
  PasswordConflictError,
  UserUnknownError,
  VersionConflictError,
} from './invalidation.error.js';
import { TokenInvalidator } from './token-invalidator.service.js';

class Recorder extends TokenEventListener {
  readonly events: InvalidationEvent[] = [];

  override invalidated(event: InvalidationEvent): void {
    this.events.push(event);
  }
}

const NEW_HASH = { currentHash: 'old', newHash: 'new' };

let clock: FrozenClock;
let store: InMemoryTokenStateStore;
let events: InvalidationEvent[];
let emitter: TokenEventEmitter;
let unsubscribe: () => void;
let invalidator: TokenInvalidator<InMemoryTransaction>;
let effectiveAt: Date;

beforeEach(() => {
  clock = new FrozenClock();
  effectiveAt = new Date(clock.now());
  store = new InMemoryTokenStateStore(clock);
  const recorder = new Recorder();
  events = recorder.events;
  emitter = new TokenEventEmitter();
  unsubscribe = emitter.subscribe(recorder);
  invalidator = new TokenInvalidator(store, emitter);
  store.add({ id: '7', passwordHash: 'old' });
});

afterEach(() => vi.useRealTimers());

/** Lets every promise that is settled by now have its effect. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

it.each([undefined, null, {}])(
  'an id that is none is a mistake, and no unknown user: %j',
  async (lost) => {
    const id = lost as never;
    const calls = [
      invalidator.logoutEverywhere(id),
      invalidator.invalidateAfterPasswordChange(id),
      invalidator.invalidate(id),
      invalidator.changePassword(id, NEW_HASH),
      invalidator.rehashPassword(id, NEW_HASH),
    ];
    for (const call of calls) {
      await expect(call).rejects.toThrow(/^The id of the user is \w+: give it as text/);
    }
  },
);

/** Each way to invalidate one user's tokens, with the reason that it gives and the cutoff that it moves. */
const WAYS = [
  ['logoutEverywhere', 'logged_out_everywhere', 'logoutAllAt'],
  ['invalidateAfterPasswordChange', 'password_changed', 'passwordChangedAt'],
  ['invalidate', 'invalidated', 'logoutAllAt'],
] as const;

describe.each(WAYS)('%s', (method, reason, cutoff) => {
  it('invalidates the tokens of the user, and says so in receipt and event', async () => {
    const receipt = await invalidator[method](7);
    expect(receipt).toStrictEqual({ subject: '7', version: 1, effectiveAt, reason });
    expect(events).toStrictEqual([receipt]);
    expect(store.find('7')).toEqual({
      id: '7',
      passwordHash: 'old',
      tokenVersion: 1,
      passwordChangedAt: null,
      logoutAllAt: null,
      [cutoff]: effectiveAt,
    });
  });

  it('joins a transaction, and the event comes after its commit', async () => {
    await store.transaction(async (transaction) => {
      const receipt = await invalidator[method](7n, { transaction });
      expect(receipt).toStrictEqual({ subject: '7', version: 1, effectiveAt, reason });
      expect(store.find('7')).toMatchObject({ tokenVersion: 0 });
      await settle();
      expect(events).toEqual([]);
    });
    await settle();
    expect(store.find('7')).toMatchObject({ tokenVersion: 1 });
    expect(events).toStrictEqual([{ subject: '7', version: 1, effectiveAt, reason }]);
  });

  it('makes no event when the transaction is rolled back', async () => {
    const rolledBack = store.transaction(async (transaction) => {
      await invalidator[method]('7', { transaction });
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    await settle();
    expect(store.find('7')).toMatchObject({ tokenVersion: 0 });
    expect(events).toEqual([]);
  });

  it('says in the event who did it and from where, and in the receipt neither', async () => {
    const call = { by: 'support', address: '203.0.113.7' };
    const receipt = await invalidator[method](7, call);
    expect(receipt).toStrictEqual({ subject: '7', version: 1, effectiveAt, reason });
    expect(events).toStrictEqual([{ ...receipt, by: 'support' }]);
    await new TokenInvalidator(store, emitter, 'network')[method](7, call);
    expect(events[1]).toMatchObject({ by: 'support', address: '203.0.113.0/24' });
  });

  it('of an unknown user is an error, and no event', async () => {
    await expect(invalidator[method]('8')).rejects.toThrow(UserUnknownError);
    expect(events).toEqual([]);
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
    expect(events).toHaveLength(1);
  });

  it('gives the store the kind of cutoff, and no version when none is given', async () => {
    const invalidate = vi.spyOn(store, 'invalidate');
    await invalidator.logoutEverywhere('7');
    await invalidator.logoutEverywhere('7', { ifVersion: 1 });
    await invalidator.invalidateAfterPasswordChange('7');
    expect(invalidate.mock.calls).toStrictEqual([
      [{ subject: '7' }, 'logout', undefined],
      [{ subject: '7', ifVersion: 1 }, 'logout', undefined],
      [{ subject: '7' }, 'password', undefined],
    ]);
  });
});

describe('invalidate', () => {
  it('passes the note on to the listener, and keeps it out of the receipt', async () => {
    const receipt = await invalidator.invalidate('7', { note: 'role changed' });
    expect(receipt).not.toHaveProperty('note');
    expect(events).toStrictEqual([{ ...receipt, note: 'role changed' }]);
  });

  it('passes an empty note on, too, and the note of a transaction', async () => {
    await invalidator.invalidate('7', { note: '' });
    await store.transaction((transaction) =>
      invalidator.invalidate('7', { note: 'role changed', transaction }),
    );
    await settle();
    expect(events.map(({ note }) => note)).toEqual(['', 'role changed']);
  });
});

describe('changePassword', () => {
  it('stores the hash, invalidates the tokens, and says so in receipt and event', async () => {
    const receipt = await invalidator.changePassword(7, NEW_HASH);
    expect(receipt).toStrictEqual({
      subject: '7',
      version: 1,
      effectiveAt,
      reason: 'password_changed',
    });
    expect(events).toStrictEqual([receipt]);
    expect(store.find('7')).toMatchObject({ passwordHash: 'new', tokenVersion: 1 });
  });

  it('joins a transaction, and the event comes after its commit', async () => {
    await store.transaction(async (transaction) => {
      await invalidator.changePassword('7', NEW_HASH, { transaction, by: 'anna' });
      expect(store.find('7')).toMatchObject({ passwordHash: 'old' });
      await settle();
      expect(events).toEqual([]);
    });
    await settle();
    expect(store.find('7')).toMatchObject({ passwordHash: 'new' });
    expect(events).toStrictEqual([
      { subject: '7', version: 1, effectiveAt, reason: 'password_changed', by: 'anna' },
    ]);
  });

  it('distinguishes a hash that was replaced meanwhile from a user who is not there', async () => {
    const stale = { currentHash: 'another', newHash: 'new' };
    await expect(invalidator.changePassword('7', stale)).rejects.toThrow(PasswordConflictError);
    await expect(invalidator.changePassword('8', stale)).rejects.toThrow(UserUnknownError);
    expect(events).toEqual([]);
  });
});

describe('rehashPassword', () => {
  it('stores the hash and invalidates nothing, so that there is no event', async () => {
    expect(await invalidator.rehashPassword(7, NEW_HASH)).toStrictEqual({
      subject: '7',
      version: 0,
      effectiveAt,
      reason: 'password_rehashed',
    });
    expect(store.find('7')).toMatchObject({ passwordHash: 'new', tokenVersion: 0 });
    expect(events).toEqual([]);
  });

  it('joins a transaction, which makes no event either', async () => {
    await store.transaction(async (transaction) => {
      const receipt = await invalidator.rehashPassword('7', NEW_HASH, { transaction });
      expect(receipt).not.toHaveProperty('committed');
      expect(store.find('7')).toMatchObject({ passwordHash: 'old' });
    });
    await settle();
    expect(store.find('7')).toMatchObject({ passwordHash: 'new' });
    expect(events).toEqual([]);
  });

  it('distinguishes a hash that was replaced meanwhile from a user who is not there', async () => {
    const stale = { currentHash: 'another', newHash: 'new' };
    await expect(invalidator.rehashPassword('7', stale)).rejects.toThrow(PasswordConflictError);
    await expect(invalidator.rehashPassword('8', stale)).rejects.toThrow(UserUnknownError);
  });
});

describe('invalidateEveryone', () => {
  const everyone = { subject: null, reason: 'everyone_logged_out' };

  it('resolves when the second of the cutoff is over by the clock of the store, and not much later', async () => {
    // This node's clock is half a second away.
    vi.useFakeTimers({ toFake: ['Date'], now: 500 });
    clock.set(980);
    const order: string[] = [];
    // Timers end in their order, however busy the machine: the first is set before that of the wait, the last after it.
    const early = delay(29).then(() => order.push('29 ms'));
    const over = invalidator.invalidateEveryone().finally(() => order.push('over'));
    await settle();
    const late = delay(31).then(() => order.push('31 ms'));
    const [receipt] = await Promise.all([over, early, late]);
    expect(order).toEqual(['29 ms', 'over', '31 ms']);
    expect(receipt).toStrictEqual({ ...everyone, version: 1, effectiveAt: new Date(980) });
    expect(events).toStrictEqual([receipt]);
  });

  it('makes its event at once, not when the second is over', async () => {
    clock.set(900);
    const receipt = invalidator.invalidateEveryone({ by: 'support' });
    await settle();
    expect(events).toHaveLength(1);
    expect(events[0]).toStrictEqual({ ...(await receipt), by: 'support' });
  });

  it('counts: each receipt has the version that it made', async () => {
    clock.set(990);
    const first = await invalidator.invalidateEveryone();
    const second = await invalidator.invalidateEveryone();
    expect([first.version, second.version]).toEqual([1, 2]);
    expect(await store.read([])).toMatchObject({ everyone: { version: 2 } });
  });

  it('joins a transaction without a wait, and the event comes after its commit', async () => {
    clock.set(3000);
    const receipt = { ...everyone, version: 1, effectiveAt: new Date(3000) };
    const receipts: unknown[] = [];
    await store.transaction(async (transaction) => {
      void invalidator.invalidateEveryone({ transaction }).then((given) => receipts.push(given));
      await settle();
      expect(receipts).toStrictEqual([receipt]);
      expect(await store.read([])).toMatchObject({ everyone: { version: 0, loggedOutAt: null } });
      expect(events).toEqual([]);
    });
    await settle();
    expect(await store.read([])).toMatchObject({
      everyone: { version: 1, loggedOutAt: new Date(3000) },
    });
    expect(events).toStrictEqual([receipt]);
  });
});

/** Each method that makes an event, with what it asks of the store. */
const EMITTING = [
  ['logoutEverywhere', 'invalidate', '7'],
  ['invalidateAfterPasswordChange', 'invalidate', '7'],
  ['invalidate', 'invalidate', '7'],
  ['changePassword', 'changePassword', '7'],
  ['invalidateEveryone', 'invalidateEveryone', null],
] as const;

describe.each(EMITTING)('%s in a transaction', (method, write, subject) => {
  let end: (committed: boolean) => void;
  const committed = vi.fn<() => Promise<boolean>>();

  beforeEach(() => {
    committed.mockReset().mockReturnValue(new Promise((resolve) => (end = resolve)));
    vi.spyOn(store, write).mockResolvedValue({ version: 5, effectiveAt, committed });
  });

  const transaction = {} as InMemoryTransaction;
  const invalidate = () => {
    if (method === 'changePassword') {
      return invalidator.changePassword('7', NEW_HASH, { transaction });
    }
    if (method === 'invalidateEveryone') return invalidator.invalidateEveryone({ transaction });
    return invalidator[method]('7', { transaction });
  };

  it('resolves before the commit, with a receipt that has nothing of it', async () => {
    const receipt = await invalidate();
    expect(Object.keys(receipt).toSorted()).toEqual([
      'effectiveAt',
      'reason',
      'subject',
      'version',
    ]);
    expect(receipt).toMatchObject({ subject, version: 5, effectiveAt });
  });

  it('makes one event, after the commit', async () => {
    const receipt = await invalidate();
    await settle();
    expect(events).toEqual([]);
    end(true);
    await settle();
    expect(events).toStrictEqual([receipt]);
    expect(committed).toHaveBeenCalledOnce();
  });

  it('makes no event when it was rolled back', async () => {
    await invalidate();
    end(false);
    await settle();
    expect(events).toEqual([]);
  });

  it('asks nobody about the commit when nobody subscribes', async () => {
    unsubscribe();
    await invalidate();
    await settle();
    expect(committed).not.toHaveBeenCalled();
  });

  it('gives every subscriber the event', async () => {
    const other = new Recorder();
    emitter.subscribe(other);
    await invalidate();
    end(true);
    await settle();
    expect(other.events).toStrictEqual(events);
    expect(events).toHaveLength(1);
  });
});

describe('a transaction', () => {
  it('makes one event for each of its invalidations, in their order', async () => {
    await store.transaction(async (transaction) => {
      await invalidator.logoutEverywhere('7', { transaction });
      await invalidator.invalidate('7', { transaction });
    });
    await settle();
    expect(events.map(({ reason, version }) => [reason, version])).toEqual([
      ['logged_out_everywhere', 1],
      ['invalidated', 2],
    ]);
  });

  it('makes no event for what a savepoint took back, and one for the rest', async () => {
    await store.transaction(async (transaction) => {
      const savepoint = transaction.savepoint(async () => {
        await invalidator.invalidate('7', { transaction });
        throw new Error('taken back');
      });
      await expect(savepoint).rejects.toThrow('taken back');
      await invalidator.logoutEverywhere('7', { transaction });
    });
    await settle();
    expect(events).toMatchObject([{ reason: 'logged_out_everywhere', version: 1 }]);
  });
});

describe('a store that fails', () => {
  it('is what the caller gets, and makes no event', async () => {
    const failure = new TokenStateUnavailableError(new Error('connection lost'));
    for (const write of ['invalidate', 'changePassword', 'invalidateEveryone'] as const) {
      vi.spyOn(store, write).mockRejectedValue(failure);
    }
    await expect(invalidator.logoutEverywhere('7')).rejects.toBe(failure);
    await expect(invalidator.invalidateAfterPasswordChange('7')).rejects.toBe(failure);
    await expect(invalidator.invalidate('7')).rejects.toBe(failure);
    await expect(invalidator.changePassword('7', NEW_HASH)).rejects.toBe(failure);
    await expect(invalidator.invalidateEveryone()).rejects.toBe(failure);
    await settle();
    expect(events).toEqual([]);
  });
});

describe('a listener that fails', () => {
  it('changes nothing for the caller', async () => {
    Logger.overrideLogger(false);
    class Failing extends TokenEventListener {
      override invalidated(): never {
        throw new Error('the audit log is full');
      }
    }
    emitter.subscribe(new Failing());
    expect(await invalidator.logoutEverywhere('7')).toMatchObject({ version: 1 });
    expect(events).toHaveLength(1);
  });
});
