import type { MakeStore } from '../memory-harness.js';
import { broken, rows } from './broken.js';

export const TRANSACTIONS: Record<string, MakeStore> = {
  'ignores the transaction of an invalidation': broken((_store, { invalidate }) => ({
    invalidate: (target, kind) => invalidate(target, kind),
  })),
  'ignores the transaction of a change of the password': broken((_store, { changePassword }) => ({
    changePassword: (subject, replacement) => changePassword(subject, replacement),
  })),
  'ignores the transaction of a re-hash': broken((_store, { rehashPassword }) => ({
    rehashPassword: (subject, replacement) => rehashPassword(subject, replacement),
  })),
  'ignores the transaction of an invalidation of everyone': broken(
    (_store, { invalidateEveryone }) => ({ invalidateEveryone: () => invalidateEveryone() }),
  ),
  'keeps what was rolled back': broken((store) => {
    const transaction = store.transaction.bind(store);
    return {
      transaction: async (work) => {
        let failure: unknown;
        const result = await transaction((joined) =>
          work(joined).catch((error: unknown) => void (failure = error)),
        );
        if (failure !== undefined) throw failure as Error;
        return result as never;
      },
    };
  }),
  'loses what was committed': broken((store) => {
    const transaction = store.transaction.bind(store);
    return {
      transaction: async (work) => {
        const before = structuredClone(rows(store));
        const result = await transaction(work);
        store.database.rows = before;
        return result;
      },
    };
  }),
};
