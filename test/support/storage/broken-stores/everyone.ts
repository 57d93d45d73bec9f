import type { EveryoneState } from '../../../../src/rule/token-state.js';
import type { MakeStore } from '../memory-harness.js';
import { afterInvalidation, broken, pause, rows } from './broken.js';

type WritableEveryone = { -readonly [Name in keyof EveryoneState]: EveryoneState[Name] };

/** Changes the stored state of everyone, and so the answer, after an invalidation of everyone without a transaction. */
function afterEveryone(
  change: (everyone: WritableEveryone, before: EveryoneState) => void,
): MakeStore {
  return broken((store, { invalidateEveryone }) => ({
    invalidateEveryone: async (transaction) => {
      const { everyone } = rows(store);
      const before = { ...everyone };
      const outcome = await invalidateEveryone(transaction);
      if (transaction !== undefined) return outcome;
      change(everyone, before);
      return { version: everyone.version, effectiveAt: everyone.loggedOutAt ?? new Date(0) };
    },
  }));
}

export const EVERYONE: Record<string, MakeStore> = {
  'does not log everyone out': broken((store) => ({
    invalidateEveryone: async () => ({
      version: rows(store).everyone.version + 1,
      effectiveAt: new Date(),
    }),
  })),
  'does not raise the version of everyone': afterEveryone((everyone, before) => {
    everyone.version = before.version;
  }),
  'raises the version of everyone twice': afterEveryone((everyone) => {
    everyone.version += 1;
  }),
  'raises the version of everyone in two steps': broken((store, { invalidateEveryone }) => ({
    invalidateEveryone: async (transaction) => {
      const { version } = rows(store).everyone;
      await pause();
      const outcome = await invalidateEveryone(transaction);
      if (transaction !== undefined) return outcome;
      rows(store).everyone.version = version + 1;
      return { ...outcome, version: version + 1 };
    },
  })),
  'answers with the old version of everyone': broken((_store, { invalidateEveryone }) => ({
    invalidateEveryone: async (transaction) => {
      const outcome = await invalidateEveryone(transaction);
      return { ...outcome, version: outcome.version - 1 };
    },
  })),
  'raises the version of everyone with each user': afterInvalidation((_user, _before, store) => {
    rows(store).everyone.version += 1;
  }),
  'leaves the cutoff of everyone ahead': afterEveryone((everyone, before) => {
    if (Number(before.loggedOutAt) > Date.now() + 60_000) everyone.loggedOutAt = before.loggedOutAt;
  }),
  'does not raise the version of everyone while its cutoff lies ahead': afterEveryone(
    (everyone, before) => {
      if (Number(before.loggedOutAt) > Date.now() + 60_000) everyone.version = before.version;
    },
  ),
  'sets a cutoff of everyone in whole seconds': afterEveryone((everyone) => {
    const seconds = Math.floor(Number(everyone.loggedOutAt) / 1000);
    everyone.loggedOutAt = new Date(seconds * 1000 - 1000);
  }),
  'raises every version with the cutoff of everyone': broken((store, { invalidateEveryone }) => ({
    invalidateEveryone: (transaction) => {
      for (const user of rows(store).users.values()) user.tokenVersion += 1;
      return invalidateEveryone(transaction);
    },
  })),
};
