import type { EveryoneState } from '../../../../src/rule/token-state.js';
import type { MakeStore } from '../memory-harness.js';
import { broken, copyOf, row, rows, type Store } from './broken.js';

export const READING: Record<string, MakeStore> = {
  'answers in another order': broken((_store, { read }) => ({
    read: async (queries) => {
      const { records, everyone } = await read(queries);
      return { everyone, records: records.toReversed() };
    },
  })),
  'leaves out whom it does not find': broken((_store, { read }) => ({
    read: async (queries) => {
      const { records, everyone } = await read(queries);
      return { everyone, records: records.filter((record) => record !== undefined) };
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
        return { ...structuredClone(reading), records: reading.records.map(copyOfRecord) };
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
    remove: (id) => void rows(store).users.delete(id),
  })),
  'answers every query with the first user': broken((_store, { read }) => ({
    read: async (queries) => read(queries.map(() => queries[0]!)),
  })),
  'does not read the cutoff of everyone': brokenEveryone(({ version }) => ({
    version,
    loggedOutAt: null,
  })),
  'does not read the version of everyone': brokenEveryone(({ loggedOutAt }) => ({
    version: 0,
    loggedOutAt,
  })),
  'reads no version of everyone': brokenEveryone(
    ({ loggedOutAt }) => ({ loggedOutAt }) as EveryoneState,
  ),
  'repairs nothing': broken((store) => {
    store.database.repair = () => {};
    return {};
  }),
  'repairs a user with each read': broken((store, { read }) => ({
    read: async (queries) => {
      const reading = await read(queries);
      for (const { subject } of queries) {
        const user = row(store, subject);
        if (Number(user.logoutAllAt) > 0) user.tokenVersion += 1;
      }
      return reading;
    },
  })),
  'repairs cutoffs that are hardly ahead': broken((store, { read }) => ({
    read: async (queries) => {
      const reading = await read(queries);
      for (const { subject } of queries) {
        const user = row(store, subject);
        if (Number(user.logoutAllAt) > Date.now() + 60_000) user.tokenVersion += 1;
      }
      return reading;
    },
  })),
  'reads everyone only where every subject is a user': broken((_store, { read }) => ({
    read: async (queries) => {
      const reading = await read(queries);
      const { everyone, records } = reading;
      if (!records.includes(undefined)) return reading;
      return { records, everyone: { ...everyone, version: 0 } };
    },
  })),
};

function brokenSubject(change: (subject: string) => string): MakeStore {
  return broken((_store, whole) => ({
    read: (queries) => whole.read(queries.map(({ subject }) => ({ subject: change(subject) }))),
  }));
}

/** Reads another state of everyone than the stored one. */
function brokenEveryone(change: (everyone: EveryoneState) => EveryoneState): MakeStore {
  return broken((_store, { read }) => ({
    read: async (queries) => {
      const { everyone, records } = await read(queries);
      return { everyone: change(everyone), records };
    },
  }));
}

type Answer = Awaited<ReturnType<Store['read']>>['records'][number];

function copyOfRecord(record: Answer): Answer {
  if (record === undefined || record instanceof Error) return record;
  return { ...record, user: copyOf(record.user) };
}
