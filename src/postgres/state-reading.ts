import type { StateQuery, StateReading, StateRecord } from '../state/token-state.store.js';
import type { RunStatement } from './pg-pool.js';
import {
  decodeEveryone,
  decodeRecord,
  FIRST_VALUE,
  positionOf,
  type StateRow,
  subjectOf,
} from './state-row.js';
import type { UserDatabase } from './user-database.js';

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

  const values = [asked.map(({ subject }) => subject)];
  const found = (await run({ ...statements.read, values })) as unknown as StateRow[];
  // Under a collation that ignores case, say, the database finds more than was asked for.
  const rows = found.filter((row) => asked[positionOf(row)]!.subject === subjectOf(row));
  const users = await loader.load(rows, FIRST_VALUE);
  for (const [index, row] of rows.entries()) {
    const user = users[index];
    if (user !== undefined && !(user instanceof Error)) hide(user as object);
    records[asked[positionOf(row)]!.index] = recordOf(row, user);
  }
  return { everyone: decodeEveryone(found[0]), records };
}

function recordOf<User>(
  row: StateRow,
  user: User | Error | undefined,
): StateRecord<User> | Error | undefined {
  if (user === undefined || user instanceof Error) return user as Error | undefined;
  return decodeRecord(row, user);
}
