import type { MakeStore } from '../memory-harness.js';
import { broken } from './broken.js';

export const DESCRIBING: Record<string, MakeStore> = {
  'guesses the version': broken((_store, { describe }) => ({
    describe: (user) => describe({ ...user, tokenVersion: user.tokenVersion ?? 0 }),
  })),
  'guesses a cutoff': broken((_store, { describe }) => ({
    describe: (user) => describe({ ...user, logoutAllAt: user.logoutAllAt ?? null }),
  })),
  'guesses the id': broken((_store, { describe }) => ({
    describe: (user) =>
      describe({ ...user, id: (user.id as unknown) === undefined ? '' : user.id }),
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
      describe({
        ...user,
        logoutAllAt: user.passwordChangedAt,
        passwordChangedAt: user.logoutAllAt,
      }),
  })),
};
