import type { SessionEnd, SessionState } from '../../rule/session-state.js';
import type { StateQuery } from '../../state/token-state.store.js';
import { FIRST_VALUE, type StateRow, textAfterPosition } from '../state-row.js';
import { isText, isUuid } from '../subject-format.js';
import { arrayOfWords } from '../sql.js';
import type { UserColumns } from '../user-columns.js';
import { isIdleAt, isSightDueAt, sessionTables } from './session-columns.js';

/** What a batch of queries asks besides the users. A batch that asks nothing more runs the statement without any of it. */
export type ReadNeeds = 'nothing' | 'session' | 'token' | 'both';

/** What the statement of the read has besides. */
export interface ReadPart {
  /** SQL: what follows the position of the query, in the same text. */
  readonly afterPosition: string;
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
    afterPosition: ` || CASE WHEN s.user_id = asked.id THEN ${SESSION_STATE} ELSE '' END`,
    columns: [],
    asked: [{ name: 'sid', type: 'uuid' }],
    joins: ` LEFT JOIN ${sessions} AS s ON s.id = asked.sid`,
  };
  const ofToken: ReadPart = {
    afterPosition: '',
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
    afterPosition: needed.map((part) => part.afterPosition).join(''),
    columns: needed.flatMap((part) => part.columns),
    asked: needed.flatMap((part) => part.asked),
    joins: needed.map((part) => part.joins).join(''),
  };
}

/** SQL: this moment. Instants of sessions are whole milliseconds, so a comparison needs no truncation. */
const MOMENT = 'clock_timestamp()';

/**
 * SQL: all of a session, after the position that pg parses anyway, because each value of a row costs time on each
 * request: the generation, and the version of everyone at the start. Where something is wrong, what follows: the first
 * that holds of why it was ended, `expired`, `idle` and `due`.
 */
const SESSION_STATE =
  `' ' || s.generation || ' ' || s.everyone_version || coalesce(' ' || ` +
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
  return asksForToken(needs) ? 1 : 0;
}

/** What to send for one query besides its subject. */
export function valuesOf(needs: ReadNeeds, query: StateQuery): readonly (string | null)[] {
  return [
    ...(asksForSession(needs) ? [sessionIdOf(query)] : []),
    ...(asksForToken(needs) ? [tokenIdOf(query)] : []),
  ];
}

/** The same for several queries, in lists. */
export function listsOf(needs: ReadNeeds, queries: readonly StateQuery[]): readonly unknown[] {
  return [
    ...(asksForSession(needs)
      ? [arrayOfWords(queries.map((query) => sessionIdOf(query) ?? 'NULL'))]
      : []),
    ...(asksForToken(needs) ? [queries.map(tokenIdOf)] : []),
  ];
}

/** What cannot be an id must not fail the others, and finds nothing. */
function sessionIdOf({ sessionId }: StateQuery): string | null {
  return sessionId !== undefined && isUuid(sessionId) ? sessionId : null;
}

function tokenIdOf({ tokenId }: StateQuery): string | null {
  return tokenId !== undefined && isText(tokenId) ? tokenId : null;
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
  // Not split into a list, which takes longer than all else here.
  const text = textAfterPosition(row);
  if (text === undefined) return null;
  const version = text.indexOf(' ') + 1;
  const more = text.indexOf(' ', version) + 1;
  const what = more === 0 ? '' : text.slice(more);
  return {
    everyoneVersion: Number.parseInt(text.slice(version), 10),
    generation: Number.parseInt(text, 10),
    endedReason: what.startsWith('ended:') ? (what.slice('ended:'.length) as SessionEnd) : null,
    isExpired: what === 'expired',
    isIdle: what === 'idle',
    isSightDue: what === 'due',
  };
}

/** Whether the row found the token of its query revoked; `undefined`: none was asked for. */
export function isRevoked(row: StateRow, { tokenId }: StateQuery): boolean | undefined {
  return tokenId === undefined ? undefined : row[FIRST_VALUE] !== null;
}
