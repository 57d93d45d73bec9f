import type { SessionEnd, SessionState } from '../../rule/session-state.js';
import type { EveryoneState } from '../../rule/token-state.js';
import type { StateQuery } from '../../state/token-state.store.js';
import { FIRST_VALUE, type StateRow } from '../state-row.js';
import { isText, isUuid } from '../subject-format.js';
import { arrayOfWords, NOW } from '../sql.js';
import type { UserColumns } from '../user-columns.js';
import { everyoneVersion, isIdleAt, isSightDueAt, sessionTables } from './session-columns.js';

/** What a batch of queries asks besides the users. A batch that asks nothing more runs the statement without any of it. */
export type ReadNeeds = 'session' | 'token' | 'both';

/** What the statement of the read has besides. */
export interface ReadPart {
  readonly columns: readonly string[];
  /** Arguments of `unnest`, each with a comma before it. */
  readonly lists: string;
  /** The names of their columns, each with a comma after it. */
  readonly asked: string;
  readonly joins: string;
}

export const NOTHING_MORE: ReadPart = { columns: [], lists: '', asked: '', joins: '' };

/**
 * The session is joined by its id alone. With its user in the condition, PostgreSQL may take the index on the user, and
 * read all sessions of that user.
 *
 * @param everyoneTable - quoted, with its schema
 */
export function readWith(columns: UserColumns, everyoneTable: string, needs: ReadNeeds): ReadPart {
  const { sessions, revokedTokens } = sessionTables(columns);
  const ofSession: ReadPart = {
    columns: [`CASE WHEN s.user_id = asked.id THEN ${sessionState(everyoneTable)} END`],
    lists: ', (SELECT $2::uuid[])',
    asked: 'sid, ',
    joins: ` LEFT JOIN ${sessions} AS s ON s.id = asked.sid`,
  };
  const ofToken: ReadPart = {
    columns: [
      `CASE WHEN EXISTS (SELECT FROM ${revokedTokens} AS r WHERE r.jti = asked.jti) THEN 'revoked' END`,
    ],
    lists: `, (SELECT $${needs === 'both' ? 3 : 2}::text[])`,
    asked: 'jti, ',
    joins: '',
  };
  const parts = { session: [ofSession], token: [ofToken], both: [ofSession, ofToken] }[needs];
  return {
    columns: parts.flatMap((part) => part.columns),
    lists: parts.map((part) => part.lists).join(''),
    asked: parts.map((part) => part.asked).join(''),
    joins: parts.map((part) => part.joins).join(''),
  };
}

/**
 * SQL: all of a session in one text, because each value costs time on each request. The generation alone, nearly always:
 * nothing is wrong. Otherwise the session's version of everyone follows, and the first that holds of why it was ended,
 * `expired`, `idle` and `due`.
 */
function sessionState(everyoneTable: string): string {
  const what =
    `CASE WHEN s.ended_at IS NOT NULL THEN 'ended:' || s.ended_reason WHEN s.expires_at <= ${NOW} THEN 'expired' ` +
    `WHEN ${isIdleAt(NOW)} THEN 'idle' WHEN ${isSightDueAt(NOW)} THEN 'due' ` +
    `WHEN s.everyone_version <> ${everyoneVersion(everyoneTable)} THEN '' END`;
  const all = `concat_ws(' ', s.generation, s.everyone_version, ${what})`;
  return `CASE WHEN ${what} IS NULL THEN s.generation::text ELSE ${all} END`;
}

export function needsOf(queries: readonly StateQuery[]): ReadNeeds | undefined {
  const session = queries.some(({ sessionId }) => sessionId !== undefined);
  const token = queries.some(({ tokenId }) => tokenId !== undefined);
  if (session) return token ? 'both' : 'session';
  return token ? 'token' : undefined;
}

/** How many columns a read has besides. */
export function columnsOf(needs: ReadNeeds | undefined): number {
  if (needs === undefined) return 0;
  return needs === 'both' ? 2 : 1;
}

/** The lists to send. What cannot be an id must not fail the others, and finds nothing. */
export function listsOf(
  needs: ReadNeeds,
  asked: readonly { readonly index: number }[],
  queries: readonly StateQuery[],
): unknown[] {
  const of = asked.map(({ index }) => queries[index]!);
  const lists: unknown[] = [];
  if (needs !== 'token') {
    lists.push(
      arrayOfWords(of.map(({ sessionId = '' }) => (isUuid(sessionId) ? sessionId : 'NULL'))),
    );
  }
  if (needs !== 'session') {
    lists.push(
      of.map(({ tokenId }) => (tokenId !== undefined && isText(tokenId) ? tokenId : null)),
    );
  }
  return lists;
}

/** The session that the row found for its query; `undefined`: none was asked for. */
export function sessionOf(
  row: StateRow,
  { sessionId }: StateQuery,
  everyone: EveryoneState,
): SessionState | null | undefined {
  if (sessionId === undefined) return undefined;
  const text = row[FIRST_VALUE] as string | null;
  if (text === null) return null;
  const [generation, version = everyone.version, what = ''] = text.split(' ');
  return {
    everyoneVersion: Number(version),
    generation: Number(generation),
    endedReason: what.startsWith('ended:') ? (what.slice('ended:'.length) as SessionEnd) : null,
    isExpired: what === 'expired',
    isIdle: what === 'idle',
    isSightDue: what === 'due',
  };
}

/** Whether the row found the token of its query revoked; `undefined`: none was asked for. */
export function isRevoked(
  row: StateRow,
  { tokenId }: StateQuery,
  needs: ReadNeeds,
): boolean | undefined {
  if (tokenId === undefined) return undefined;
  return row[FIRST_VALUE + columnsOf(needs) - 1] !== null;
}
