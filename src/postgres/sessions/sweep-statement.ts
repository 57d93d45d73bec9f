import { CLOCK } from '../sql.js';
import { type SessionParts, sessionTables } from './session-columns.js';

/** How many rows one statement removes. */
const SWEEP = 500;

/** How many rows a login or a revocation removes besides. */
export const SWEEP_OF_USER = 50;

/** Removes sessions that are over, of any user. */
export function sweep({ columns }: SessionParts): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH removed AS (DELETE FROM ${sessions} WHERE id IN (SELECT s.id FROM ${sessions} AS s ` +
    `WHERE s.expires_at < ${CLOCK} LIMIT ${SWEEP} FOR UPDATE SKIP LOCKED) RETURNING 1) ` +
    `SELECT count(*)::text AS removed FROM removed`
  );
}
