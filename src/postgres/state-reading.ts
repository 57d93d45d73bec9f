import type { HideProperties } from '../state/hidden-properties.js';
import type { StateQuery, StateReading, StateRecord } from '../state/token-state.store.js';
import { LateRecord, LateUser } from './late-user.js';
import type { RunStatement } from './pg-pool.js';
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

/** A batch of queries in one statement. Subjects that cannot be ids are not sent. */
export async function readState<User>(
  { subjects, loader, hide, statements }: UserDatabase<User>,
  queries: readonly StateQuery[],
  run: RunStatement,
): Promise<StateReading<User>> {
  const records: StateReading<User>['records'][number][] = queries.map(() => undefined);
  const asked = queries
    .map(({ subject }, index) => ({ subject, index }))
    .filter(({ subject }) => subjects.accepts(subject));
  if (asked.length === 0) return { everyone: decodeEveryone(undefined), records };

  const needs = needsOf(queries);
  const ids = asked.map(({ subject }) => subject);
  const statement =
    needs === undefined
      ? { ...statements.read, values: [ids] }
      : { ...statements.readWith[needs], values: [ids, ...listsOf(needs, asked, queries)] };
  const found = (await run(statement)) as unknown as StateRow[];
  // Under a collation that ignores case, say, the database finds more than was asked for.
  const rows = found.filter((row) => asked[positionOf(row)]!.subject === subjectOf(row));
  const users = await loader.load(rows, FIRST_VALUE + columnsOf(needs));
  for (const [index, row] of rows.entries()) {
    const place = asked[positionOf(row)]!.index;
    const record = recordOf(row, users[index], hide);
    records[place] = record;
    if (needs === undefined || record === undefined || record instanceof Error) continue;
    Object.assign(record, readMore(needs, row, queries[place]!));
  }
  return { everyone: decodeEveryone(found[0]), records };
}

/** What a row says of its user. */
export function recordOf<User>(
  row: StateRow,
  user: LoadedUser<User>,
  hide: HideProperties,
): StateRecord<User> | Error | undefined {
  if (user === undefined || user instanceof Error) return user as Error | undefined;
  if (!(user instanceof LateUser)) {
    hide(user as object);
    return decodeRecord(row, user);
  }
  const make = (): User => {
    const made = user.make();
    hide(made as object);
    return made;
  };
  const { state, active } = decodeRecord(row, undefined);
  return new LateRecord(new LateUser(make), state, active);
}
