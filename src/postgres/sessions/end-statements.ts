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
function end({ columns }: SessionParts, isKnown: string): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH ended AS (UPDATE ${sessions} AS s SET ${setEnded('$3::text', '$4::float8')} ` +
    `WHERE s.id = $1::uuid AND ${isKnown} AND s.ended_at IS NULL RETURNING ${ENDED}) SELECT * FROM ended`
  );
}

/** In the order of the ids, as all that write several. Parameters: 1 the user's id, 2 the one that stays, 3 and 4 as above. */
export function endOthers({ columns }: SessionParts): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH others AS MATERIALIZED (SELECT s.id FROM ${sessions} AS s WHERE s.user_id = $1::${columns.idType} ` +
    `AND s.id IS DISTINCT FROM $2::uuid AND ${IS_LIVE} ORDER BY s.id FOR NO KEY UPDATE), ` +
    `ended AS (UPDATE ${sessions} AS s SET ${setEnded('$3::text', '$4::float8')} FROM others ` +
    `WHERE s.id = others.id AND s.ended_at IS NULL RETURNING ${ENDED}) SELECT * FROM ended`
  );
}

const ENDED = `s.id::text AS id, s.user_id::text AS subject, ${writerColumns('s')}`;
