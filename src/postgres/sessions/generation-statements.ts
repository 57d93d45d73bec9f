import type { Sight } from '../../state/session.store.js';
import { arrayOfWords, CLOCK, quoteName, quoteTable } from '../sql.js';
import { isPresented } from './secret-hash.js';
import {
  IS_LIVE,
  IS_REPEAT_DUE,
  IS_SIGHT_DUE,
  isOfThisVersion,
  listOf,
  type SessionParts,
  sessionTables,
} from './session-columns.js';

/** Parameters: 1 the session's id, 2 the hash, 3 the generation that the client holds. */
export function adopt(parts: SessionParts): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  return (
    `WITH adopted AS (UPDATE ${sessions} AS s SET generation = $3::integer, rotated_at = ${CLOCK}, seen_at = NULL, repeats = 0 ` +
    `FROM ${users} AS u WHERE ${isPresented('$3::integer - 1')} AND u.${quoteName(columns.id)} = s.user_id ` +
    `AND ${isOfThisVersion(parts)} AND ${IS_LIVE} RETURNING s.id::text) SELECT id FROM adopted`
  );
}

/** Parameters: 1 the session's id, 2 the hash, 3 the generation that the client has. */
export function repeat({ columns }: SessionParts): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH repeated AS (UPDATE ${sessions} AS s SET rotated_at = ${CLOCK}, repeats = s.repeats + 1 ` +
    `WHERE ${isPresented('$3::integer + 1')} AND ${IS_REPEAT_DUE} AND ${IS_LIVE} RETURNING s.id::text) SELECT id FROM repeated`
  );
}

/**
 * In the order of the ids, and past what is locked: two nodes that write the same sessions never wait for each other.
 * Parameters: 1 the ids, 2 the generations.
 */
export function markSeen({ columns }: SessionParts): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH due AS MATERIALIZED (SELECT s.id FROM unnest(${listOf('$1', 'uuid')}, ${listOf('$2', 'integer')}) ` +
    `AS asked (id, generation) JOIN ${sessions} AS s ON s.id = asked.id AND s.generation = asked.generation ` +
    `WHERE ${IS_SIGHT_DUE} AND ${IS_LIVE} ORDER BY s.id FOR NO KEY UPDATE OF s SKIP LOCKED), ` +
    `seen AS (UPDATE ${sessions} AS s SET seen_at = ${CLOCK} FROM due WHERE s.id = due.id ` +
    `AND s.seen_at IS NULL RETURNING s.id) SELECT count(*)::text AS seen FROM seen`
  );
}

/** The parameters of `markSeen`. */
export function markSeenValues(sights: readonly Sight[]): unknown[] {
  return [
    arrayOfWords(sights.map(({ sessionId }) => sessionId)),
    arrayOfWords(sights.map(({ generation }) => String(generation))),
  ];
}
