import type { HideProperties } from '../state/hidden-properties.js';
import type {
  InContext,
  StateQuery,
  StateReading,
  StateRecord,
} from '../state/token-state.store.js';
import type { PgClient } from './pg-pool.js';
import type { Primary } from './primary.js';
import {
  decodeEveryone,
  decodeRecord,
  FIRST_VALUE,
  positionOf,
  type StateRow,
  subjectOf,
} from './state-row.js';
import { columnsOf, listsOf, needsOf, readMore } from './sessions/read-part.js';
import type { UserDatabase } from './user-database.js';
import type { LoadedUser } from './user-loader.js';

/** Where to read, and how long that may take. */
export interface Source {
  readonly primary: Primary;
  readonly timeoutMs: number;
}

/** A batch of queries in one statement. Subjects that cannot be ids are not sent. */
export async function readState<User>(
  { subjects, loader, hide, statements }: UserDatabase<User>,
  queries: readonly StateQuery[],
  { primary, timeoutMs }: Source,
): Promise<StateReading<User>> {
  const records: StateReading<User>['records'][number][] = queries.map(() => undefined);
  const asked = queries
    .map(({ subject, inContext }, index) => ({ subject, inContext, index }))
    .filter(({ subject }) => subjects.accepts(subject));
  if (asked.length === 0) return { everyone: decodeEveryone(undefined), records };

  const needs = needsOf(queries);
  const ids = asked.map(({ subject }) => subject);
  const { types } = loader;
  const statement =
    needs === undefined
      ? { ...statements.read, values: [ids], types }
      : { ...statements.readWith[needs], values: [ids, ...listsOf(needs, asked, queries)], types };
  const decode = async (answer: unknown[][], client?: PgClient): Promise<StateReading<User>> => {
    const found = answer as unknown as StateRow[];
    // Under a collation that ignores case, say, the database finds more than was asked for.
    const rows = found.filter((row) => asked[positionOf(row)]!.subject === subjectOf(row));
    const contexts = loader.needsContext
      ? rows.map((row) => asked[positionOf(row)]!.inContext ?? directly)
      : [];
    const users = await loader.load(rows, FIRST_VALUE + columnsOf(needs), { client, contexts });
    for (const [index, row] of rows.entries()) {
      const place = asked[positionOf(row)]!.index;
      const record = recordOf(row, users[index], hide);
      records[place] = record;
      if (needs === undefined || record === undefined || record instanceof Error) continue;
      Object.assign(record, readMore(needs, row, queries[place]!));
    }
    return { everyone: decodeEveryone(found[0]), records };
  };
  return loader.readsMore
    ? primary.readWith(statement, timeoutMs, decode)
    : decode(await primary.read(statement, timeoutMs));
}

/** What a row says of its user. */
export function recordOf<User>(
  row: StateRow,
  user: LoadedUser<User>,
  hide: HideProperties,
): StateRecord<User> | Error | undefined {
  if (user === undefined || user instanceof Error) return user as Error | undefined;
  hide(user as object);
  return decodeRecord(row, user);
}

/** For a query that no other request shares. */
export const directly: InContext = (code) => code();
