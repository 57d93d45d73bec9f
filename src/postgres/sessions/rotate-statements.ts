import type { PresentedRefresh, RefreshVisit } from '../../state/session.store.js';
import { CLOCK, NOW, quoteName, quoteTable } from '../sql.js';
import { selectRecord } from './look-statements.js';
import { hash, hex, isPresented, SECRET } from './secret-hash.js';
import {
  IS_LIVE,
  isLiveAt,
  isOfThisVersion,
  seconds,
  type SessionParts,
  sessionTables,
  writerColumns,
} from './session-columns.js';

/** A refresh that is to be made. */
export interface Rotation {
  readonly presented: PresentedRefresh;
  readonly visit: RefreshVisit;
}

/**
 * The refresh: one row at most is written, and none is inserted. A waiter behind the lock of the row looks at the new row,
 * and misses. Nothing rests on how fresh the user is: the access token carries the version of the session.
 *
 * Parameters: 1 the session's id, 2 the hash, 3 the generation, 4 the grace, 5 user agent, 6 address.
 */
export function rotate(parts: SessionParts): string {
  return rotation(parts, { returning: 's.*', more: '' });
}

/** The same in a transaction of the caller's. Two values more at the end of the row: see `writerColumns()`. */
export function rotateWithin(parts: SessionParts): string {
  const returning = `s.*, ${writerColumns('s')}`;
  return rotation(parts, { returning, more: ', s.writer, s.transaction' });
}

function rotation(
  parts: SessionParts,
  { returning, more }: { readonly returning: string; readonly more: string },
): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  return (
    `WITH rotated AS (UPDATE ${sessions} AS s SET ${setRotated(CLOCK, '$5::text', '$6::inet')} FROM ${users} AS u ` +
    `WHERE ${isPresented('$3::integer')} AND u.${quoteName(columns.id)} = s.user_id ` +
    `AND ${isOfThisVersion(parts)} AND ${IS_LIVE} ` +
    `AND ${isRotationDueAt(CLOCK, '$4::float8')} RETURNING ${returning}) ` +
    `${selectRecord(parts, SECRET)}${more} FROM rotated AS s JOIN ${users} AS u ON u.${quoteName(columns.id)} = s.user_id ` +
    `CROSS JOIN (SELECT 1) AS asked (position)`
  );
}

/**
 * The refreshes of several sessions, by the same rules. It never waits for the lock of a row, and so cannot be part of a
 * deadlock: what is locked is not due now, as far as this statement can say.
 *
 * Parameters: lists of what one refresh takes, in the same order.
 */
export function rotateTogether(parts: SessionParts): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  const id = `u.${quoteName(columns.id)}`;
  const types = ['uuid', 'text', 'integer', 'float8', 'text', 'inet'];
  const lists = types.map((type, index) => `(SELECT $${index + 1}::${type}[])`).join(', ');
  return (
    `WITH asked AS MATERIALIZED (SELECT * FROM unnest(${lists}) WITH ORDINALITY ` +
    `AS each (id, hash, generation, grace, user_agent, address, position)), ` +
    `due AS MATERIALIZED (SELECT asked.* FROM asked JOIN ${sessions} AS s ON s.id = asked.id ` +
    `AND s.secret_hash = ${hash('asked.hash')} AND s.generation = asked.generation ` +
    `JOIN ${users} AS u ON ${id} = s.user_id WHERE ${isOfThisVersion(parts)} AND ${isLiveAt(NOW)} ` +
    `AND ${isRotationDueAt(NOW, 'asked.grace')} FOR NO KEY UPDATE OF s SKIP LOCKED), ` +
    `rotated AS (UPDATE ${sessions} AS s SET ${setRotated(NOW, 'due.user_agent', 'due.address')} FROM due ` +
    `WHERE s.id = due.id AND s.generation = due.generation RETURNING s.*, due.position) ` +
    `${selectRecord(parts, 'true')} FROM rotated AS s JOIN ${users} AS u ON ${id} = s.user_id ` +
    `CROSS JOIN LATERAL (SELECT s.position) AS asked`
  );
}

/** What a rotation writes. A client that does not say who it is keeps what was known of it. */
function setRotated(instant: string, userAgent: string, address: string): string {
  return (
    `generation = s.generation + 1, rotated_at = ${instant}, seen_at = NULL, repeats = 0, ` +
    `user_agent = coalesce(${userAgent}, s.user_agent), last_from = coalesce(${address}, s.last_from)`
  );
}

/** At that instant, twice the grace had passed since the client was seen to have the generation. */
function isRotationDueAt(instant: string, grace: string): string {
  return `s.seen_at + ${seconds(`(2 * ${grace})`)} <= ${instant}`;
}

/** The parameters of `rotate` and `rotateWithin`. */
export function rotateValues({ presented, visit }: Rotation): unknown[] {
  const { sessionId, secretHash, generation } = presented;
  const { graceSeconds, userAgent, from } = visit;
  return [sessionId, hex(secretHash), generation, graceSeconds, userAgent ?? null, from ?? null];
}
