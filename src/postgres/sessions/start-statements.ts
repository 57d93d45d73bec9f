import type { Fork, NewSession, SessionStart } from '../../state/session.store.js';
import { CLOCK, quoteName, quoteTable } from '../sql.js';
import { hash, hex } from './secret-hash.js';
import {
  clock,
  everyoneVersion,
  INSERTED,
  IS_LIVE,
  LAST_USE,
  seconds,
  type SessionParts,
  sessionTables,
  setEnded,
  versionOf,
  writerColumns,
} from './session-columns.js';
import { STARTED } from './session-row.js';
import { SWEEP_OF_USER } from './sweep-statement.js';

/**
 * Starts a session while the user's version is the one that is named: a login that was overtaken by an invalidation starts
 * nothing. Parameters 1 to 9 as of `insertion()`; 10 the version, 11 the absolute end, 12 the idle end, 13 persistent.
 */
export function start(parts: SessionParts): string {
  return insertion(parts, {
    source:
      `SELECT holder.id, holder.version, ${everyoneVersion(parts.everyoneTable)} AS everyone, ` +
      `clock.instant AS auth_time, clock.instant + ${seconds('$11::float8')} AS expires_at, ` +
      `$12::integer AS idle_seconds, $13::boolean AS persistent FROM holder CROSS JOIN clock ` +
      `WHERE holder.version = $10::bigint`,
  });
}

/**
 * The session may have been rotated since it was judged. Parameters 1 to 9 as of `insertion()`; 10 the id of the session that
 * is forked, 11 its generation then.
 */
export function fork(parts: SessionParts): string {
  const { sessions } = sessionTables(parts.columns);
  return insertion(parts, {
    source:
      `SELECT holder.id, s.user_version AS version, s.everyone_version AS everyone, s.auth_time, s.expires_at, ` +
      `s.idle_seconds, s.persistent FROM holder JOIN ${sessions} AS s ON s.user_id = holder.id ` +
      `WHERE s.id = $10::uuid AND s.generation >= $11::integer AND s.user_version = holder.version ` +
      `AND s.everyone_version >= ${everyoneVersion(parts.everyoneTable)} AND ${IS_LIVE}`,
  });
}

/** The user may have one session more. */
const HAS_ROOM =
  '$7::integer IS NULL OR NOT $8::boolean OR (SELECT count(*) FROM live) < $7::integer';

/**
 * A login. What it removes and evicts are sessions of the same user, and it evicts only when it starts one: all beyond the
 * cap and not one, or the number would grow with each login that raced another.
 *
 * Parameters: 1 the user's id, 2 the session's id, 3 the hash, 4 label, 5 user agent, 6 address, 7 the cap, 8 whether a
 * login is refused at the cap, 9 the retention. No row: no such user.
 *
 * @param source - SQL: the session's user, versions, login time and ends. It may use `clock.instant`
 */
function insertion(parts: SessionParts, { source }: { source: string }): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  const id = `u.${quoteName(columns.id)}`;
  return (
    `WITH holder AS MATERIALIZED (SELECT ${id} AS id, ${versionOf(parts)} AS version FROM ${users} AS u ` +
    `WHERE ${id} = $1::${columns.idType}), ` +
    `live AS MATERIALIZED (SELECT s.id, row_number() OVER (ORDER BY ${LAST_USE} DESC, s.id DESC) AS place ` +
    `FROM ${sessions} AS s JOIN holder ON s.user_id = holder.id AND s.user_version = holder.version ` +
    `WHERE ${IS_LIVE}), ` +
    `${clock('')}, source AS MATERIALIZED (${source}), ` +
    `inserted AS (INSERT INTO ${sessions} (${INSERTED}) ` +
    `SELECT $2::uuid, ${hash('$3')}, source.id, source.version, source.everyone, clock.instant, source.auth_time, ` +
    `source.expires_at, source.idle_seconds, source.persistent, $4::text, $5::text, $6::inet, $6::inet, ` +
    `clock.instant, clock.instant FROM source CROSS JOIN clock ` +
    `WHERE ${HAS_ROOM} ` +
    `RETURNING *, ${writerColumns(sessions)}), ` +
    `${eviction(sessions)}, ` +
    `removed AS (DELETE FROM ${sessions} WHERE id IN (SELECT s.id FROM ${sessions} AS s JOIN holder ` +
    `ON s.user_id = holder.id WHERE s.expires_at <= ${CLOCK} OR s.user_version < holder.version ` +
    `LIMIT ${SWEEP_OF_USER} FOR UPDATE OF s SKIP LOCKED)) ` +
    `SELECT CASE WHEN s.id IS NOT NULL THEN ${STARTED} END AS started, ` +
    `(SELECT string_agg(last.id::text, ' ') FROM last) AS evicted, ` +
    `(${IS_SPARED})::text AS spared, (EXISTS (SELECT FROM source))::text AS due, ` +
    `(${HAS_ROOM})::text AS has_room, s.writer, s.transaction ` +
    `FROM holder LEFT JOIN inserted AS s ON true`
  );
}

/**
 * The sessions of `live` that are beyond the cap, as `last`, and what became of them, as `evicted`. They are locked first:
 * one that another statement ended meanwhile is none of them.
 */
function eviction(sessions: string): string {
  return (
    `last AS MATERIALIZED (SELECT s.id FROM ${sessions} AS s JOIN live ON s.id = live.id ` +
    `WHERE live.place >= $7::integer AND s.ended_at IS NULL AND EXISTS (SELECT FROM inserted) ` +
    `ORDER BY s.id FOR NO KEY UPDATE OF s), ` +
    `evicted AS (UPDATE ${sessions} AS s SET ${setEnded(`'evicted'`, '$9::float8')} FROM last ` +
    `WHERE s.id = last.id RETURNING s.id, s.ended_at)`
  );
}

/** A trigger has kept one of them. */
const IS_SPARED =
  'EXISTS (SELECT FROM last WHERE last.id NOT IN ' +
  '(SELECT evicted.id FROM evicted WHERE evicted.ended_at IS NOT NULL))';

/** The parameters of `start`. */
export function startValues(login: SessionStart): unknown[] {
  const { session, subject, userVersion, persistent, limits } = login;
  const { absoluteSeconds, idleSeconds } = limits;
  const values = [userVersion, absoluteSeconds, idleSeconds, persistent];
  return [...insertedValues(subject, session, limits), ...values];
}

/** The parameters of `fork`. */
export function forkValues({ from, session, limits }: Fork): unknown[] {
  const { subject, sessionId, generation } = from;
  return [...insertedValues(subject, session, limits), sessionId, generation];
}

function insertedValues(
  subject: string,
  { id, secretHash, label, userAgent, from }: NewSession,
  { maxSessions, atCap, retentionSeconds }: Fork['limits'],
): unknown[] {
  return [
    subject,
    id,
    hex(secretHash),
    label,
    userAgent,
    from,
    maxSessions ?? null,
    atCap === 'refuse',
    retentionSeconds,
  ];
}
