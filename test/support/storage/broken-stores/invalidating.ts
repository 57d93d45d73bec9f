import type { MakeStore } from '../memory-harness.js';
import { afterInvalidation, broken, pause, row, rows } from './broken.js';

export const INVALIDATING: Record<string, MakeStore> = {
  'raises the version in two steps': broken((store, { invalidate }) => ({
    invalidate: async (target, kind, transaction) => {
      const { tokenVersion } = row(store, target.subject);
      await pause();
      const outcome = await invalidate(target, kind, transaction);
      if (typeof outcome === 'string' || transaction) return outcome;
      row(store, target.subject).tokenVersion = tokenVersion + 1;
      return { ...outcome, version: tokenVersion + 1 };
    },
  })),
  'does not raise the version': afterInvalidation((user, before) => {
    user.tokenVersion = before.tokenVersion;
  }),
  'raises the version by two': afterInvalidation((user) => {
    user.tokenVersion += 1;
  }),
  'sets no cutoff': afterInvalidation((user, before) => {
    Object.assign(user, { ...before, tokenVersion: user.tokenVersion });
  }),
  'sets both cutoffs': afterInvalidation((user) => {
    const cutoff = user.logoutAllAt ?? user.passwordChangedAt;
    Object.assign(user, { logoutAllAt: cutoff, passwordChangedAt: cutoff });
  }),
  'sets the cutoff of the other kind': broken((_store, { invalidate }) => ({
    invalidate: (target, kind, transaction) =>
      invalidate(target, kind === 'logout' ? 'password' : 'logout', transaction),
  })),
  'sets a cutoff of whole seconds': afterInvalidation((user) => {
    user.logoutAllAt &&= new Date(Math.floor(user.logoutAllAt.getTime() / 1000) * 1000 - 1000);
  }),
  'leaves cutoffs ahead': afterInvalidation((user, before) => {
    if (Number(before.passwordChangedAt) > Date.now() + 60_000) {
      user.passwordChangedAt = before.passwordChangedAt;
    }
  }),
  'invalidates others too': afterInvalidation((_user, _before, store) => {
    for (const user of rows(store).users.values()) user.tokenVersion += 1;
  }),
  'clears the password': afterInvalidation((user) => {
    user.passwordHash = '';
  }),
  'answers with the old version': broken((_store, { invalidate }) => ({
    invalidate: async (...call) => {
      const outcome = await invalidate(...call);
      return typeof outcome === 'string' ? outcome : { ...outcome, version: outcome.version - 1 };
    },
  })),
  'answers with another instant': broken((_store, { invalidate }) => ({
    invalidate: async (...call) => {
      const outcome = await invalidate(...call);
      return typeof outcome === 'string' ? outcome : { ...outcome, effectiveAt: new Date(0) };
    },
  })),
  'ignores ifVersion': broken((_store, { invalidate }) => ({
    invalidate: ({ subject }, ...rest) => invalidate({ subject }, ...rest),
  })),
  'takes ifVersion for the least version': broken((store, { invalidate }) => ({
    invalidate: ({ subject, ifVersion = 0 }, ...rest) =>
      row(store, subject).tokenVersion < ifVersion
        ? Promise.resolve('conflict')
        : invalidate({ subject }, ...rest),
  })),
  'checks ifVersion in another step': broken((store, { invalidate }) => ({
    invalidate: async ({ subject, ifVersion }, ...rest) => {
      const { tokenVersion } = row(store, subject);
      await pause();
      if (ifVersion !== undefined && tokenVersion !== undefined && tokenVersion !== ifVersion) {
        return 'conflict';
      }
      return invalidate({ subject }, ...rest);
    },
  })),
  'changes something at a conflict': broken((store, { invalidate }) => ({
    invalidate: async (target, ...rest) => {
      const outcome = await invalidate(target, ...rest);
      if (outcome === 'conflict') row(store, target.subject).logoutAllAt = new Date();
      return outcome;
    },
  })),
  'takes an unknown user for a conflict': broken((_store, { invalidate }) => ({
    invalidate: async (...call) => {
      const outcome = await invalidate(...call);
      return outcome === 'unknown' ? 'conflict' : outcome;
    },
  })),
  'throws at an unknown user': broken((_store, { invalidate }) => ({
    invalidate: async (...call) => {
      const outcome = await invalidate(...call);
      if (outcome === 'unknown') throw new Error('unknown');
      return outcome;
    },
  })),
  'invalidates whom the trimmed subject names': brokenTarget((subject) => subject.trim()),
  'invalidates whom the subject as a number names': brokenTarget((subject) =>
    Number.isNaN(Number(subject)) ? subject : String(Number(subject)),
  ),
};

function brokenTarget(change: (subject: string) => string): MakeStore {
  return broken((_store, { invalidate }) => ({
    invalidate: ({ subject, ...target }, kind, transaction) =>
      invalidate({ ...target, subject: change(subject) }, kind, transaction),
  }));
}
