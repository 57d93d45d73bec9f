import type { TokenState } from 'nestjs-token-invalidation';
import type { InMemoryRows, WritableUser } from '../../../../src/testing/index.js';
import { InMemoryTokenStateStore } from '../../../../src/testing/in-memory/in-memory-token-state.store.js';
import type { MakeStore } from '../memory-harness.js';

export type Store = InMemoryTokenStateStore;
export type Method =
  'describe' | 'read' | 'invalidate' | 'changePassword' | 'rehashPassword' | 'invalidateEveryone';
export type Methods = Pick<Store, Method>;

/** A store of which one thing is broken. */
export function broken(breakIt: (store: Store, whole: Methods) => Partial<Store>): MakeStore {
  return (clock) => {
    const store = new InMemoryTokenStateStore(clock);
    const whole: Methods = {
      describe: store.describe.bind(store),
      read: store.read.bind(store),
      invalidate: store.invalidate.bind(store),
      changePassword: store.changePassword.bind(store),
      rehashPassword: store.rehashPassword.bind(store),
      invalidateEveryone: store.invalidateEveryone.bind(store),
    };
    return Object.assign(store, breakIt(store, whole));
  };
}

export function rows(store: Store): InMemoryRows<WritableUser> {
  return store.database.rows;
}

export function row(store: Store, id: string): WritableUser {
  return rows(store).users.get(id) ?? ({} as WritableUser);
}

/** A copy of a record with what a spread leaves out, and with some changes. */
export function copyOf<User extends object>(user: User, changes: Partial<User> = {}): User {
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(user));
  return Object.assign(copy, changes) as User;
}

/** What lets other work come in between. */
export const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Changes the user after an invalidation that went well. */
export function afterInvalidation(
  change: (user: WritableUser, before: TokenState, store: Store) => void,
): MakeStore {
  return broken((store, whole) => ({
    invalidate: async (target, kind, transaction) => {
      const before = { ...row(store, target.subject) };
      const outcome = await whole.invalidate(target, kind, transaction);
      if (typeof outcome === 'object') change(row(store, target.subject), before, store);
      return outcome;
    },
  }));
}
