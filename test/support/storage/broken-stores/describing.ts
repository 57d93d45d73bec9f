import type { MakeStore } from '../memory-harness.js';
import { broken, copyOf } from './broken.js';

export const DESCRIBING: Record<string, MakeStore> = {
  'guesses the version': broken((_store, { describe }) => ({
    describe: (user) => describe(copyOf(user, { tokenVersion: user.tokenVersion ?? 0 })),
  })),
  'guesses a cutoff': broken((_store, { describe }) => ({
    describe: (user) => describe(copyOf(user, { logoutAllAt: user.logoutAllAt ?? null })),
  })),
  'guesses the id': broken((_store, { describe }) => ({
    describe: (user) =>
      describe(copyOf(user, { id: (user.id as unknown) === undefined ? '' : user.id })),
  })),
  'throws another error at an incomplete record': broken((_store, { describe }) => ({
    describe: (user) => {
      try {
        return describe(user);
      } catch {
        throw new Error('incomplete');
      }
    },
  })),
  'describes what is stored and not the record': broken((store, { describe }) => ({
    describe: (user) => describe(store.find(user.id) ?? user),
  })),
  'confuses the cutoffs': broken((_store, { describe }) => ({
    describe: (user) =>
      describe(
        copyOf(user, { logoutAllAt: user.passwordChangedAt, passwordChangedAt: user.logoutAllAt }),
      ),
  })),
  'shows the state of a user whom it read': broken((_store, { read }) => ({
    read: async (queries) => {
      const { everyone, records } = await read(queries);
      const shown = records.map((record) => {
        if (record === undefined || record instanceof Error) return record;
        const { user } = record;
        const entries = Reflect.ownKeys(user).map((name) => [name, Reflect.get(user, name)]);
        return Object.assign(record, { user: Object.fromEntries(entries) as typeof user });
      });
      return { everyone, records: shown };
    },
  })),
};
