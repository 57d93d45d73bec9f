import type { PasswordReplacement, TokenState } from 'nestjs-token-invalidation';
import {
  InMemoryTokenStateStore,
  InMemoryTransaction,
  type InMemoryUser,
} from '../../../src/testing/index.js';
import type { MakeStore } from './memory-harness.js';

type Store = InMemoryTokenStateStore;
type Method =
  'describe' | 'read' | 'invalidate' | 'changePassword' | 'rehashPassword' | 'invalidateEveryone';
type Methods = Pick<Store, Method>;
type Writable = { -readonly [Name in keyof InMemoryUser]: InMemoryUser[Name] };

/** A store of which one thing is broken. */
function broken(breakIt: (store: Store, whole: Methods) => Partial<Store>): MakeStore {
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

interface Insides {
  users: Map<string, Writable>;
  everyoneLoggedOutAt: Date | null;
}

function inside(store: Store): Insides {
  return Reflect.get(store, 'rows') as Insides;
}

function row(store: Store, id: string): Writable {
  return inside(store).users.get(id) ?? ({} as Writable);
}

/** What lets other work come in between. */
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

function brokenSubject(change: (subject: string) => string): MakeStore {
  return broken((_store, whole) => ({
    read: (queries) => whole.read(queries.map(({ subject }) => ({ subject: change(subject) }))),
  }));
}

function brokenTarget(change: (subject: string) => string): MakeStore {
  return broken((_store, { invalidate }) => ({
    invalidate: ({ subject, ...target }, kind, transaction) =>
      invalidate({ ...target, subject: change(subject) }, kind, transaction),
  }));
}

/** Changes the user after an invalidation that went well. */
function afterInvalidation(
  change: (user: Writable, before: TokenState, store: Store) => void,
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

const READING: Record<string, MakeStore> = {
  'answers in another order': broken((_store, { read }) => ({
    read: async (queries) => {
      const { records, everyoneLoggedOutAt } = await read(queries);
      return { everyoneLoggedOutAt, records: records.toReversed() };
    },
  })),
  'leaves out whom it does not find': broken((_store, { read }) => ({
    read: async (queries) => {
      const { records, everyoneLoggedOutAt } = await read(queries);
      return { everyoneLoggedOutAt, records: records.filter((record) => record !== undefined) };
    },
  })),
  'shares an object between the queries of a read': broken((_store, { read }) => ({
    read: async (queries) => {
      const reading = await read(queries);
      const subjects = queries.map(({ subject }) => subject);
      const records = subjects.map((subject) => reading.records[subjects.indexOf(subject)]);
      return { ...reading, records };
    },
  })),
  'shares an object between reads': broken((store, { read }) => ({
    read: async (queries) => {
      const reading = await read(queries);
      const records = reading.records.map((record) => {
        if (record === undefined || record instanceof Error) return record;
        return { ...record, user: row(store, record.user.id) };
      });
      return { ...reading, records };
    },
  })),
  'fails a read with a NUL in it': broken((_store, { read }) => ({
    read: async (queries) => {
      if (queries.some(({ subject }) => subject.includes('\0'))) throw new Error('invalid byte');
      return read(queries);
    },
  })),
  'answers a malformed subject with an error': broken((_store, { read }) => ({
    read: async (queries) => {
      const reading = await read(queries);
      const records = reading.records.map((record, index) =>
        queries[index]!.subject.isWellFormed() ? record : new Error('malformed'),
      );
      return { ...reading, records };
    },
  })),
  'trims the subject': brokenSubject((subject) => subject.trim()),
  'does not mind the case of the subject': brokenSubject((subject) => subject.toLowerCase()),
  'reads the subject as a number': brokenSubject((subject) =>
    Number.isNaN(Number(subject)) ? subject : String(Number(subject)),
  ),
  'cuts the subject off at a NUL': brokenSubject((subject) => subject.split('\0')[0]!),
  'replaces lone surrogates': brokenSubject((subject) => subject.replace(/\uD800$/, '')),
  'answers from a cache': broken((_store, { read }) => {
    const cache = new Map<string, Awaited<ReturnType<Store['read']>>>();
    return {
      read: async (queries) => {
        const key = JSON.stringify(queries);
        const reading = cache.get(key) ?? (await read(queries));
        cache.set(key, reading);
        return structuredClone(reading);
      },
    };
  }),
  'finds soft-deleted users active': broken((_store, { read }) => ({
    read: async (queries) => {
      const reading = await read(queries);
      const records = reading.records.map(
        (record) => record && !(record instanceof Error) && { ...record, active: true },
      );
      return { ...reading, records: records.map((record) => record || undefined) };
    },
  })),
  'starts at the version 0 when an id is given again': broken((store) => ({
    remove: (id) => void inside(store).users.delete(id),
  })),
  'does not read the global cutoff': broken((_store, { read }) => ({
    read: async (queries) => ({ ...(await read(queries)), everyoneLoggedOutAt: null }),
  })),
};

const DESCRIBING: Record<string, MakeStore> = {
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

const INVALIDATING: Record<string, MakeStore> = {
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
  'moves a cutoff back': afterInvalidation((user) => {
    user.logoutAllAt = user.logoutAllAt && new Date();
  }),
  'invalidates others too': afterInvalidation((_user, _before, store) => {
    for (const user of inside(store).users.values()) user.tokenVersion += 1;
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
        for (const { id } of inside(store).users.values()) await whole[method](id, hashes, tx);
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

const PASSWORDS: Record<string, MakeStore> = {
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

const EVERYONE: Record<string, MakeStore> = {
  'does not log everyone out': broken(() => ({ invalidateEveryone: async () => new Date() })),
  'moves the global cutoff back': broken((store, { invalidateEveryone }) => ({
    invalidateEveryone: (transaction) => {
      if (transaction === undefined) inside(store).everyoneLoggedOutAt = null;
      return invalidateEveryone(transaction);
    },
  })),
  'sets a global cutoff of whole seconds': broken((store, { invalidateEveryone }) => ({
    invalidateEveryone: async (transaction) => {
      const cutoff = await invalidateEveryone(transaction);
      const rounded = new Date(Math.floor(cutoff.getTime() / 1000) * 1000 - 1000);
      if (transaction === undefined) inside(store).everyoneLoggedOutAt = rounded;
      return rounded;
    },
  })),
  'raises every version with the global cutoff': broken((store, { invalidateEveryone }) => ({
    invalidateEveryone: (transaction) => {
      for (const user of inside(store).users.values()) user.tokenVersion += 1;
      return invalidateEveryone(transaction);
    },
  })),
};

const TRANSACTIONS: Record<string, MakeStore> = {
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
  'loses what was committed': broken((store) => ({
    transaction: (work) => work(new InMemoryTransaction(structuredClone(inside(store)))),
  })),
};

/** Stores of which each breaks one promise, named by what it does. */
export const BROKEN_STORES: Readonly<Record<string, MakeStore>> = {
  ...READING,
  ...DESCRIBING,
  ...INVALIDATING,
  ...PASSWORDS,
  ...EVERYONE,
  ...TRANSACTIONS,
};
