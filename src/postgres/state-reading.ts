import type { HideProperties } from '../state/hidden-properties.js';
import type { InContext, StateQuery, StateReading } from '../state/token-state.store.js';
import type { PgClient, Statement } from './pg-pool.js';
import type { Primary } from './primary.js';
import {
  type DecodedRecord,
  decodeEveryone,
  decodeRecord,
  FIRST_VALUE,
  positionOf,
  type StateRow,
  subjectOf,
} from './state-row.js';
import {
  columnsOf,
  isRevoked,
  listsOf,
  needsOf,
  type ReadNeeds,
  sessionOf,
  valuesOf,
} from './sessions/read-part.js';
import type { UserDatabase } from './user-database.js';
import type { LoadedUser } from './user-loader.js';

/** Where to read, and how long that may take. */
export interface Source {
  readonly primary: Primary;
  readonly timeoutMs: number;
}

/** A query that was sent, with its place in the batch. */
interface Sent {
  readonly subject: string;
  readonly inContext: InContext | undefined;
  readonly index: number;
}

/** What one statement asks for. */
interface Asked {
  readonly queries: readonly StateQuery[];
  readonly sent: readonly Sent[];
  readonly needs: ReadNeeds;
}

/** A batch of queries in one statement. Subjects that cannot be ids are not sent. */
export async function readState<User>(
  database: UserDatabase<User>,
  queries: readonly StateQuery[],
  { primary, timeoutMs }: Source,
): Promise<StateReading<User>> {
  const { loader, subjects } = database;
  const sent: Sent[] = [];
  for (const [index, { subject, inContext }] of queries.entries()) {
    if (subjects.accepts(subject)) sent.push({ subject, inContext, index });
  }
  const needs = needsOf(queries);
  const asked = { queries, sent, needs };
  if (sent.length === 0) return decodeReading(database, asked, { rows: [] });

  const statement = statementFor(database, asked);
  const decode = (rows: unknown[][], client?: PgClient) =>
    decodeReading(database, asked, { rows, client });
  return loader.readsMore
    ? primary.readWith(statement, timeoutMs, decode)
    : decode(await primary.read(statement, timeoutMs));
}

/** One query is read without lists. */
function statementFor(database: UserDatabase<unknown>, asked: Asked): Statement {
  const { statements, loader } = database;
  const isAlone = asked.sent.length === 1;
  const { text, name } = (isAlone ? statements.readOne : statements.readMany)[asked.needs];
  const values = isAlone ? valuesOfOne(asked) : valuesOfMany(database, asked);
  return { text, name, values, types: loader.types };
}

function valuesOfOne({ queries, sent, needs }: Asked): unknown[] {
  const [{ subject, index }] = sent as [Sent];
  return [subject, ...valuesOf(needs, queries[index]!)];
}

function valuesOfMany(
  { subjects }: UserDatabase<unknown>,
  { queries, sent, needs }: Asked,
): unknown[] {
  const ids = subjects.list(sent.map(({ subject }) => subject));
  const asked = sent.map(({ index }) => queries[index]!);
  return [ids, ...listsOf(needs, asked)];
}

async function decodeReading<User>(
  { loader, hide }: UserDatabase<User>,
  { queries, sent, needs }: Asked,
  answer: { readonly rows: unknown[][]; readonly client?: PgClient | undefined },
): Promise<StateReading<User>> {
  const records: StateReading<User>['records'][number][] = queries.map(() => undefined);
  const found = answer.rows as unknown as StateRow[];
  // Under a collation that ignores case, say, the database finds more than was asked for.
  const rows: StateRow[] = [];
  const asking: Sent[] = [];
  for (const row of found) {
    const asks = sent[positionOf(row)]!;
    if (asks.subject !== subjectOf(row)) continue;
    rows.push(row);
    asking.push(asks);
  }
  const contexts = loader.needsContext ? asking.map(({ inContext }) => inContext ?? directly) : [];
  const more = { client: answer.client, contexts };
  const users = await loader.load(rows, FIRST_VALUE + columnsOf(needs), more);
  const everyone = decodeEveryone(found[0]);
  for (const [index, row] of rows.entries()) {
    const place = asking[index]!.index;
    const record = recordOf(row, users[index], hide);
    records[place] = record;
    if (needs === 'nothing' || record === undefined || record instanceof Error) continue;
    record.session = sessionOf(row, queries[place]!);
    record.tokenRevoked = isRevoked(row, queries[place]!);
  }
  return { everyone, records };
}

/** What a row says of its user. */
export function recordOf<User>(
  row: StateRow,
  user: LoadedUser<User>,
  hide: HideProperties,
): DecodedRecord<User> | Error | undefined {
  if (user === undefined || user instanceof Error) return user as Error | undefined;
  hide(user as object);
  return decodeRecord(row, user);
}

/** For a query that no other request shares. */
export const directly: InContext = (code) => code();
