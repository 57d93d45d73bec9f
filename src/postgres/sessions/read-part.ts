import type { SessionEnd, SessionState } from '../../rule/session-state.js';
import type { StateQuery, StateRecord } from '../../state/token-state.store.js';
import { FIRST_VALUE, type StateRow } from '../state-row.js';
import { CLOCK } from '../sql.js';
import type { UserColumns } from '../user-columns.js';
import { IS_IDLE, IS_SIGHT_DUE, sessionTables } from './session-columns.js';

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
 * The session is joined by its id and by the id that was asked for: joined by the user's column, it would be found through
 * the index on that column, and take longer.
 */
export function readWith(columns: UserColumns, needs: ReadNeeds): ReadPart {
  const { sessions, revokedTokens } = sessionTables(columns);
  const ofSession: ReadPart = {
    columns: [SESSION],
    lists: ', (SELECT $2::uuid[])',
    asked: 'sid, ',
    joins: ` LEFT JOIN ${sessions} AS s ON s.id = asked.sid AND s.user_id = asked.id`,
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
 * All of a session in one value, because each costs time on each request: the version of everyone, the generation, and the
 * first that holds of why it was ended, `expired`, `idle` and `due`. NULL: no such session.
 */
const SESSION =
  `s.everyone_version || ' ' || s.generation || ' ' || CASE ` +
  `WHEN s.ended_at IS NOT NULL THEN 'ended:' || s.ended_reason WHEN s.expires_at <= ${CLOCK} THEN 'expired' ` +
  `WHEN ${IS_IDLE} THEN 'idle' WHEN ${IS_SIGHT_DUE} THEN 'due' ELSE '' END`;

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

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The lists to send. What cannot be an id must not fail the others, and finds nothing. */
export function listsOf(
  needs: ReadNeeds,
  asked: readonly { readonly index: number }[],
  queries: readonly StateQuery[],
): (string | null)[][] {
  const of = asked.map(({ index }) => queries[index]!);
  const sessions = of.map(({ sessionId = '' }) => (UUID.test(sessionId) ? sessionId : null));
  const tokens = of.map(({ tokenId }) =>
    tokenId === undefined || !isText(tokenId) ? null : tokenId,
  );
  if (needs === 'both') return [sessions, tokens];
  return [needs === 'session' ? sessions : tokens];
}

function isText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

/** What the row answers besides, to what its query asked. */
export function readMore(
  needs: ReadNeeds,
  row: StateRow,
  { sessionId, tokenId }: StateQuery,
): Pick<StateRecord<unknown>, 'session' | 'tokenRevoked'> {
  const session = row[FIRST_VALUE] as string | null;
  const revoked = row[FIRST_VALUE + columnsOf(needs) - 1] as string | null;
  return {
    session: sessionId === undefined ? undefined : decodeSession(session),
    tokenRevoked: tokenId === undefined ? undefined : revoked !== null,
  };
}

function decodeSession(text: string | null): SessionState | null {
  if (text === null) return null;
  const [everyoneVersion, generation, what = ''] = text.split(' ');
  return {
    everyoneVersion: Number(everyoneVersion),
    generation: Number(generation),
    endedReason: what.startsWith('ended:') ? (what.slice('ended:'.length) as SessionEnd) : null,
    isExpired: what === 'expired',
    isIdle: what === 'idle',
    isSightDue: what === 'due',
  };
}
