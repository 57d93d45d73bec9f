import { SECRET } from './secret-hash.js';
import {
  IS_LIVE,
  type SessionParts,
  sessionTables,
  setEnded,
  writerColumns,
} from './session-columns.js';

/** One statement for each way in which the session may be known. */
export function ends(parts: SessionParts) {
  return {
    subject: end(parts, `s.user_id = $2::${parts.columns.idType}`),
    secretHash: end(parts, SECRET),
  };
}

/** Parameters: 1 the session's id, 2 by what it is known, 3 the reason, 4 the retention. */
function end(parts: SessionParts, isKnown: string): string {
  return endAll(parts, `s.id = $1::uuid AND ${isKnown} AND s.ended_at IS NULL`);
}

/** Parameters: 1 the user's id, 2 the one that stays, 3 and 4 as above. */
export function endOthers(parts: SessionParts): string {
  return endAll(
    parts,
    `s.user_id = $1::${parts.columns.idType} AND s.id IS DISTINCT FROM $2::uuid AND ${IS_LIVE}`,
  );
}

/**
 * A row for each session to end, which says whether it was: a trigger of the application's may undo it. They are locked
 * first, so that one that another statement ends meanwhile is none of them, and in the order of the ids, as in all that
 * writes several.
 */
function endAll({ columns }: SessionParts, condition: string): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH target AS MATERIALIZED (SELECT s.id, s.user_id FROM ${sessions} AS s WHERE ${condition} ` +
    `ORDER BY s.id FOR NO KEY UPDATE), ` +
    `ended AS (UPDATE ${sessions} AS s SET ${setEnded('$3::text', '$4::float8')} FROM target ` +
    `WHERE s.id = target.id RETURNING s.id, s.ended_at, ${writerColumns('s')}) ` +
    `SELECT target.id::text AS id, target.user_id::text AS subject, ended.writer, ended.transaction, ` +
    `(ended.ended_at IS NOT NULL)::text AS done FROM target LEFT JOIN ended ON ended.id = target.id`
  );
}
