import type { PasswordReplacement } from 'nestjs-token-invalidation';
import type { InMemoryTransaction } from '../../../../src/testing/index.js';
import type { MakeStore } from '../memory-harness.js';
import { broken, pause, row, rows } from './broken.js';

type PasswordMethod = 'changePassword' | 'rehashPassword';

function brokenPassword(method: PasswordMethod): Record<string, MakeStore> {
  const named = (what: string) => `${what} (${method})`;
  return {
    [named('does not look at the current hash')]: broken((store, whole) => ({
      [method]: (
        subject: string,
        { newHash }: PasswordReplacement,
        transaction?: InMemoryTransaction,
      ) =>
        whole[method](
          subject,
          { currentHash: store.find(subject)?.passwordHash ?? '', newHash },
          transaction,
        ),
    })),
    [named('looks at it in another step')]: broken((store, whole) => ({
      [method]: async (subject: string, hashes: PasswordReplacement, tx?: InMemoryTransaction) => {
        const stored = store.find(subject)?.passwordHash;
        await pause();
        if (stored !== undefined && stored !== hashes.currentHash) return 'conflict';
        const currentHash = store.find(subject)?.passwordHash ?? '';
        return whole[method](subject, { ...hashes, currentHash }, tx);
      },
    })),
    [named('does not mind the case of the hash')]: broken((store, whole) => ({
      [method]: (subject: string, hashes: PasswordReplacement, tx?: InMemoryTransaction) => {
        const stored = store.find(subject)?.passwordHash;
        const same = stored?.toLowerCase() === hashes.currentHash.toLowerCase();
        return whole[method](
          subject,
          stored && same ? { ...hashes, currentHash: stored } : hashes,
          tx,
        );
      },
    })),
    [named('does not store the new hash')]: broken((store, whole) => ({
      [method]: async (subject: string, hashes: PasswordReplacement, tx?: InMemoryTransaction) => {
        const outcome = await whole[method](subject, hashes, tx);
        if (typeof outcome === 'object') row(store, subject).passwordHash = hashes.currentHash;
        return outcome;
      },
    })),
    [named('writes to all who have the hash')]: broken((store, whole) => ({
      [method]: async (subject: string, hashes: PasswordReplacement, tx?: InMemoryTransaction) => {
        const outcome = await whole[method](subject, hashes, tx);
        for (const { id } of rows(store).users.values()) await whole[method](id, hashes, tx);
        return outcome;
      },
    })),
    [named('takes an unknown user for a conflict')]: broken((_store, whole) => ({
      [method]: async (subject: string, hashes: PasswordReplacement, tx?: InMemoryTransaction) => {
        const outcome = await whole[method](subject, hashes, tx);
        return outcome === 'unknown' ? 'conflict' : outcome;
      },
    })),
    [named('invalidates at a conflict')]: broken((store, whole) => ({
      [method]: async (subject: string, hashes: PasswordReplacement, tx?: InMemoryTransaction) => {
        const outcome = await whole[method](subject, hashes, tx);
        if (outcome === 'conflict') row(store, subject).tokenVersion += 1;
        return outcome;
      },
    })),
  };
}

export const PASSWORDS: Record<string, MakeStore> = {
  ...brokenPassword('changePassword'),
  ...brokenPassword('rehashPassword'),
  'invalidates nothing when the password changes': broken((_store, { rehashPassword }) => ({
    changePassword: rehashPassword,
  })),
  'invalidates at a re-hash': broken((_store, { changePassword }) => ({
    rehashPassword: changePassword,
  })),
  'moves the logout cutoff when the password changes': broken((store, { changePassword }) => ({
    changePassword: async (subject, ...rest) => {
      const outcome = await changePassword(subject, ...rest);
      row(store, subject).logoutAllAt = row(store, subject).passwordChangedAt;
      return outcome;
    },
  })),
  'answers a re-hash with the next version': broken((_store, { rehashPassword }) => ({
    rehashPassword: async (...call) => {
      const outcome = await rehashPassword(...call);
      return typeof outcome === 'string' ? outcome : { ...outcome, version: outcome.version + 1 };
    },
  })),
};
