import { CLOCK } from '../sql.js';
import { type SessionParts, sessionTables, writerColumns } from './session-columns.js';
import { SWEEP_OF_USER } from './sweep-statement.js';

/** Cleans up as it writes. Parameters: 1 the token's id, 2 its end in milliseconds. */
export function revokeToken({ columns }: SessionParts): string {
  const { revokedTokens } = sessionTables(columns);
  return (
    `WITH removed AS (DELETE FROM ${revokedTokens} WHERE jti IN (SELECT r.jti FROM ${revokedTokens} AS r ` +
    `WHERE r.expires_at <= ${CLOCK} AND r.jti <> $1 LIMIT ${SWEEP_OF_USER} FOR UPDATE SKIP LOCKED)), ` +
    `revoked AS (INSERT INTO ${revokedTokens} AS r (jti, expires_at) ` +
    `VALUES ($1, to_timestamp($2::float8 / 1000)) ` +
    `ON CONFLICT (jti) DO UPDATE SET expires_at = greatest(r.expires_at, excluded.expires_at) RETURNING ${writerColumns('r')}) ` +
    `SELECT * FROM revoked`
  );
}
