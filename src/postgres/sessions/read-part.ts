import type { SessionEnd, SessionState } from '../../rule/session-state.js';
import type { StateQuery } from '../../state/token-state.store.js';
import { FIRST_VALUE, type StateRow } from '../state-row.js';
import { isText, isUuid } from '../subject-format.js';
import { arrayOfWords } from '../sql.js';
import type { UserColumns } from '../user-columns.js';
import { isIdleAt, isSightDueAt, sessionTables } from './session-columns.js';

/** What a batch of queries asks besides the users. A batch that asks nothing more runs the statement without any of it. */
export type ReadNeeds = 'nothing' | 'session' | 'token' | 'both';

/** What the statement of the read has besides. */
export interface ReadPart {
  readonly columns: readonly string[];
  /** What each query names, with its type. */
  readonly asked: readonly AskedColumn[];
  readonly joins: string;
}

/** A column of `asked`, which a parameter brings. */
export interface AskedColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * The session is joined by its id alone. With its user in the condition, PostgreSQL may take the index on the user, and
 * read all sessions of that user.
 */
export function readWith(columns: UserColumns, needs: ReadNeeds): ReadPart {
  const { sessions, revokedTokens } = sessionTables(columns);
  const ofSession: ReadPart = {
    columns: [`CASE WHEN s.user_id = asked.id THEN ${SESSION_STATE} END`],
    asked: [{ name: 'sid', type: 'uuid' }],
    joins: ` LEFT JOIN ${sessions} AS s ON s.id = asked.sid`,
  };
  const ofToken: ReadPart = {
    columns: [
      `CASE WHEN EXISTS (SELECT FROM ${revokedTokens} AS r WHERE r.jti = asked.jti) THEN 'revoked' END`,
    ],
    asked: [{ name: 'jti', type: 'text' }],
    joins: '',
  };
  const needed = [
    ...(asksForSession(needs) ? [ofSession] : []),
    ...(asksForToken(needs) ? [ofToken] : []),
  ];
  return {
    columns: needed.flatMap((part) => part.columns),
    asked: needed.flatMap((part) => part.asked),
    joins: needed.map((part) => part.joins).join(''),
  };
}

/** SQL: this moment. Instants of sessions are whole milliseconds, so a comparison needs no truncation. */
const MOMENT = 'clock_timestamp()';

/**
 * SQL: all of a session in one text, because each value costs time on each request: the generation, and the version of
 * everyone at the start. Where something is wrong, what follows: the first that holds of why it was ended, `expired`,
 * `idle` and `due`.
 */
const SESSION_STATE =
  `s.generation || ' ' || s.everyone_version || coalesce(' ' || ` +
  `CASE WHEN s.ended_at IS NOT NULL THEN 'ended:' || s.ended_reason WHEN s.expires_at <= ${MOMENT} THEN 'expired' ` +
  `WHEN ${isIdleAt(MOMENT)} THEN 'idle' WHEN ${isSightDueAt(MOMENT)} THEN 'due' END, '')`;

export function needsOf(queries: readonly StateQuery[]): ReadNeeds {
  const session = queries.some(({ sessionId }) => sessionId !== undefined);
  const token = queries.some(({ tokenId }) => tokenId !== undefined);
  if (session) return token ? 'both' : 'session';
  return token ? 'token' : 'nothing';
}

/** How many columns a read has besides. */
export function columnsOf(needs: ReadNeeds): number {
  if (needs === 'nothing') return 0;
  return needs === 'both' ? 2 : 1;
}

/** What to send for one query besides its subject. What cannot be an id must not fail the others, and finds nothing. */
export function valuesOf(
  needs: ReadNeeds,
  { sessionId, tokenId }: StateQuery,
): readonly (string | null)[] {
  const values: (string | null)[] = [];
  if (asksForSession(needs)) {
    values.push(sessionId !== undefined && isUuid(sessionId) ? sessionId : null);
  }
  if (asksForToken(needs)) {
    values.push(tokenId !== undefined && isText(tokenId) ? tokenId : null);
  }
  return values;
}

/** The same for several queries, in lists. */
export function listsOf(needs: ReadNeeds, queries: readonly StateQuery[]): readonly unknown[] {
  const values = queries.map((query) => valuesOf(needs, query));
  const lists: unknown[] = [];
  if (asksForSession(needs)) lists.push(arrayOfWords(values.map(([sid]) => sid ?? 'NULL')));
  if (asksForToken(needs)) lists.push(values.map((each) => each.at(-1)));
  return lists;
}

function asksForSession(needs: ReadNeeds): boolean {
  return needs === 'session' || needs === 'both';
}

function asksForToken(needs: ReadNeeds): boolean {
  return needs === 'token' || needs === 'both';
}

/** The session that the row found for its query; `undefined`: none was asked for. */
export function sessionOf(
  row: StateRow,
  { sessionId }: StateQuery,
): SessionState | null | undefined {
  if (sessionId === undefined) return undefined;
  const text = row[FIRST_VALUE] as string | null;
  if (text === null) return null;
  const [generation, version, what = ''] = text.split(' ');
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
