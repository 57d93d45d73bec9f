import { CLOCK, NOW, quoteName, quoteTable } from '../sql.js';
import { moved, prepared, type PreparedText, raised } from '../state-statements.js';
import { stateColumns } from '../state-row.js';
import {
  everyoneVersion,
  IS_LIVE,
  IS_REPEAT_DUE,
  IS_SIGHT_DUE,
  isLiveAt,
  isOfThisVersion,
  LAST_USE,
  listOf,
  seconds,
  type SessionParts,
  sessionTables,
  setEnded,
  writerColumns,
} from './session-columns.js';
import { LISTED, refreshed, STARTED } from './session-row.js';

/** How many rows one statement removes. */
const SWEEP = 500;
const SWEEP_OF_USER = 50;

/**
 * The texts of all statements about sessions, written once at boot. Each is a SELECT, whatever it writes: some libraries
 * answer an UPDATE in another form. Lists are sent as one text, and hashes as hexadecimal digits.
 */
export interface SessionStatements {
  readonly start: string;
  readonly fork: string;
  readonly rotate: PreparedText;
  readonly rotateTogether: PreparedText;
  readonly look: string;
  readonly lookTogether: PreparedText;
  readonly adopt: string;
  readonly repeat: string;
  readonly markSeen: string;
  /** By what the session must be known. */
  readonly end: { readonly subject: string; readonly secretHash: string };
  readonly endOthers: string;
  readonly replace: {
    readonly login: string;
    readonly logout: string;
    /** Absent: there is no password column. */
    readonly password: string | undefined;
  };
  readonly list: string;
  readonly sweep: string;
  readonly revokeToken: string;
}

/** Where the values of the loader's columns begin in a row of `rotate` and `look`: after a `StateRow` and the session. */
export const FIRST_OF_USER = 8;

export function sessionStatements(parts: SessionParts): SessionStatements {
  return {
    start: start(parts),
    fork: fork(parts),
    rotate: prepared(rotate(parts)),
    rotateTogether: prepared(rotateTogether(parts)),
    look: look(parts),
    lookTogether: prepared(lookTogether(parts)),
    adopt: adopt(parts),
    repeat: repeat(parts),
    markSeen: markSeen(parts),
    end: {
      subject: end(parts, `s.user_id = $2::${parts.columns.idType}`),
      secretHash: end(parts, `s.secret_hash = ${hash('$2')}`),
    },
    endOthers: endOthers(parts),
    replace: replacements(parts),
    list: list(parts),
    sweep: sweep(parts),
    revokeToken: revokeToken(parts),
  };
}

function replacements(parts: SessionParts): SessionStatements['replace'] {
  const { password, passwordChangedAt, logoutAllAt } = parts.columns;
  return {
    login: replace(parts, { due: `${version(parts)} = $9::bigint` }),
    logout: replace(parts, { due: 'true', cutoff: logoutAllAt }),
    password:
      password === undefined
        ? undefined
        : replace(parts, {
            due: `u.${quoteName(password)} IS NOT DISTINCT FROM $9`,
            set: `${quoteName(password)} = $10`,
            cutoff: passwordChangedAt,
          }),
  };
}

/** The columns of a session in the order in which every INSERT names them. */
const INSERTED =
  'id, secret_hash, user_id, user_version, everyone_version, started_at, auth_time, expires_at, ' +
  'idle_seconds, persistent, label, user_agent, started_from, last_from, rotated_at, seen_at';

/**
 * Starts a session while the user's version is the one that is named: a login that was overtaken by an invalidation starts
 * nothing. Parameters 1 to 9 as of `insertion()`; 10 the version, 11 the absolute end, 12 the idle end, 13 persistent.
 */
function start(parts: SessionParts): string {
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
function fork(parts: SessionParts): string {
  const { sessions } = sessionTables(parts.columns);
  return insertion(parts, {
    source:
      `SELECT holder.id, s.user_version AS version, s.everyone_version AS everyone, s.auth_time, s.expires_at, ` +
      `s.idle_seconds, s.persistent FROM holder JOIN ${sessions} AS s ON s.user_id = holder.id ` +
      `WHERE s.id = $10::uuid AND s.generation >= $11::integer AND s.user_version = holder.version ` +
      `AND s.everyone_version >= ${everyoneVersion(parts.everyoneTable)} AND ${IS_LIVE}`,
  });
}

/**
 * SQL: the clock as `clock.instant`, read once for all that a session gets.
 *
 * @param after - SQL: `FROM` what must have been read before, such as a row behind a lock
 */
function clock(after: string): string {
  return `clock AS MATERIALIZED (SELECT ${CLOCK} AS instant ${after})`;
}

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
    `WITH holder AS MATERIALIZED (SELECT ${id} AS id, ${version(parts)} AS version FROM ${users} AS u ` +
    `WHERE ${id} = $1::${columns.idType}), ` +
    `live AS MATERIALIZED (SELECT s.id, row_number() OVER (ORDER BY ${LAST_USE} DESC, s.id DESC) AS place ` +
    `FROM ${sessions} AS s JOIN holder ON s.user_id = holder.id AND s.user_version = holder.version ` +
    `WHERE ${IS_LIVE}), ` +
    `${clock('')}, source AS MATERIALIZED (${source}), ` +
    `inserted AS (INSERT INTO ${sessions} (${INSERTED}) ` +
    `SELECT $2::uuid, ${hash('$3')}, source.id, source.version, source.everyone, clock.instant, source.auth_time, ` +
    `source.expires_at, source.idle_seconds, source.persistent, $4::text, $5::text, $6::inet, $6::inet, ` +
    `clock.instant, clock.instant FROM source CROSS JOIN clock ` +
    `WHERE $7::integer IS NULL OR NOT $8::boolean OR (SELECT count(*) FROM live) < $7::integer ` +
    `RETURNING *, ${writerColumns(sessions)}), ` +
    `evicted AS (UPDATE ${sessions} AS s SET ${setEnded(`'evicted'`, '$9::float8')} FROM live ` +
    `WHERE s.id = live.id AND live.place >= $7::integer AND s.ended_at IS NULL ` +
    `AND EXISTS (SELECT FROM inserted) RETURNING s.id), ` +
    `removed AS (DELETE FROM ${sessions} WHERE id IN (SELECT s.id FROM ${sessions} AS s JOIN holder ` +
    `ON s.user_id = holder.id WHERE s.expires_at <= ${CLOCK} OR s.user_version < holder.version ` +
    `LIMIT ${SWEEP_OF_USER} FOR UPDATE OF s SKIP LOCKED)) ` +
    `SELECT CASE WHEN s.id IS NOT NULL THEN ${STARTED} END AS started, ` +
    `(SELECT string_agg(evicted.id::text, ' ') FROM evicted) AS evicted, ` +
    `(EXISTS (SELECT FROM source))::text AS due, s.writer, s.transaction ` +
    `FROM holder LEFT JOIN inserted AS s ON true`
  );
}

/**
 * The refresh: one row at most is written, and none is inserted. A waiter behind the lock of the row looks at the new row,
 * and misses. Nothing rests on how fresh the user is: the access token carries the version of the session.
 *
 * Parameters: 1 the session's id, 2 the hash, 3 the generation, 4 the grace, 5 user agent, 6 address.
 */
function rotate(parts: SessionParts): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  return (
    `WITH rotated AS (UPDATE ${sessions} AS s SET ${setRotated(CLOCK, '$5::text', '$6::inet')} FROM ${users} AS u ` +
    `WHERE ${isPresented('$3::integer')} AND u.${quoteName(columns.id)} = s.user_id ` +
    `AND ${isOfThisVersion(parts)} AND ${IS_LIVE} ` +
    `AND ${isRotationDueAt(CLOCK, '$4::float8')} RETURNING s.*) ` +
    `${selectRecord(parts, SECRET)} FROM rotated AS s JOIN ${users} AS u ON u.${quoteName(columns.id)} = s.user_id ` +
    `CROSS JOIN (SELECT 1) AS asked (position)`
  );
}

/**
 * The refreshes of several sessions, by the same rules. It never waits for the lock of a row, and so cannot be part of a
 * deadlock: what is locked is not due now, as far as this statement can say.
 *
 * Parameters: lists of what one refresh takes, in the same order.
 */
function rotateTogether(parts: SessionParts): string {
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

/** Always a row, which says where it was looked. Parameters: 1 the session's id, 2 the hash. */
function look(parts: SessionParts): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  return (
    `${selectRecord(parts, SECRET)} FROM (SELECT 1) AS asked (position) ` +
    `LEFT JOIN ${sessions} AS s ON s.id = $1::uuid ` +
    `LEFT JOIN ${users} AS u ON u.${quoteName(columns.id)} = s.user_id`
  );
}

/** The same for several sessions. Parameters: lists of the ids and of the hashes. */
function lookTogether(parts: SessionParts): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  return (
    `${selectRecord(parts, `s.secret_hash = ${hash('asked.hash')}`)} ` +
    `FROM unnest((SELECT $1::uuid[]), (SELECT $2::text[])) WITH ORDINALITY AS asked (id, hash, position) ` +
    `LEFT JOIN ${sessions} AS s ON s.id = asked.id ` +
    `LEFT JOIN ${users} AS u ON u.${quoteName(columns.id)} = s.user_id`
  );
}

/** Parameters: 1 the session's id, 2 the hash, 3 the generation that the client holds. */
function adopt(parts: SessionParts): string {
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
function repeat({ columns }: SessionParts): string {
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
function markSeen({ columns }: SessionParts): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH due AS MATERIALIZED (SELECT s.id FROM unnest(${listOf('$1', 'uuid')}, ${listOf('$2', 'integer')}) ` +
    `AS asked (id, generation) JOIN ${sessions} AS s ON s.id = asked.id AND s.generation = asked.generation ` +
    `WHERE ${IS_SIGHT_DUE} AND ${IS_LIVE} ORDER BY s.id FOR NO KEY UPDATE OF s SKIP LOCKED), ` +
    `seen AS (UPDATE ${sessions} AS s SET seen_at = ${CLOCK} FROM due WHERE s.id = due.id ` +
    `AND s.seen_at IS NULL RETURNING s.id) SELECT count(*)::text AS seen FROM seen`
  );
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
function endOthers({ columns }: SessionParts): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH others AS MATERIALIZED (SELECT s.id FROM ${sessions} AS s WHERE s.user_id = $1::${columns.idType} ` +
    `AND s.id IS DISTINCT FROM $2::uuid AND ${IS_LIVE} ORDER BY s.id FOR NO KEY UPDATE), ` +
    `ended AS (UPDATE ${sessions} AS s SET ${setEnded('$3::text', '$4::float8')} FROM others ` +
    `WHERE s.id = others.id AND s.ended_at IS NULL RETURNING ${ENDED}) SELECT * FROM ended`
  );
}

const ENDED = `s.id::text AS id, s.user_id::text AS subject, ${writerColumns('s')}`;

/** What happens to the user when a session is replaced. */
interface UserChange {
  /** The condition on the user `u` as it was locked. */
  readonly due: string;
  /** What changes besides version and cutoff. */
  readonly set?: string;
  /** The cutoff that moves. Absent: the user does not change. */
  readonly cutoff?: string;
}

/**
 * The user is locked first, as everything does that writes both, and then the session: of two that replace it at once the
 * second finds it ended, and changes nothing.
 *
 * Parameters: 1 the session's id, 2 the user's id, 3 the new id, 4 the new hash, 5 whether credentials were entered, 6 the
 * absolute end, 7 the idle end, 8 the retention; from 9 on as `due` and `set` say. No row: no such user.
 */
function replace(parts: SessionParts, { due, set, cutoff }: UserChange): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  const id = `u.${quoteName(columns.id)}`;
  const assignments = [...(set ? [set] : []), raised(columns), ...(cutoff ? [moved(cutoff)] : [])];
  const changed = cutoff
    ? `UPDATE ${users} AS u SET ${assignments.join(', ')} FROM target WHERE ${id} = target.user_id ` +
      `RETURNING ${version(parts)} AS version, ` +
      `(extract(epoch FROM u.${quoteName(cutoff)}) * 1000)::float8::text AS instant`
    : `SELECT target.version, NULL::text AS instant FROM target`;
  return (
    `WITH holder AS MATERIALIZED (SELECT ${id} AS id, ${version(parts)} AS version, ${due} AS due ` +
    `FROM ${users} AS u WHERE ${id} = $2::${columns.idType} FOR NO KEY UPDATE), ` +
    `target AS MATERIALIZED (SELECT s.*, holder.version FROM ${sessions} AS s JOIN holder ON s.user_id = holder.id ` +
    `WHERE s.id = $1::uuid AND holder.due AND s.user_version = holder.version ` +
    `AND s.everyone_version >= ${everyoneVersion(parts.everyoneTable)} AND ${IS_LIVE} FOR NO KEY UPDATE OF s), ` +
    `ended AS (UPDATE ${sessions} AS s SET ${setEnded(`'replaced'`, '$8::float8')} FROM target WHERE s.id = target.id), ` +
    `changed AS (${changed}), ${clock('FROM target')}, ` +
    `inserted AS (INSERT INTO ${sessions} (${INSERTED}) ` +
    `SELECT $3::uuid, ${hash('$4')}, target.user_id, changed.version, ${everyoneVersion(parts.everyoneTable)}, clock.instant, ` +
    `CASE WHEN $5::boolean THEN clock.instant ELSE target.auth_time END, ` +
    `CASE WHEN $5::boolean THEN clock.instant + ${seconds('$6::float8')} ELSE target.expires_at END, ` +
    `CASE WHEN $5::boolean THEN $7::integer ELSE target.idle_seconds END, target.persistent, target.label, target.user_agent, target.started_from, target.last_from, ` +
    `clock.instant, clock.instant FROM target CROSS JOIN changed CROSS JOIN clock RETURNING *, ${writerColumns(sessions)}) ` +
    `SELECT holder.due::text AS due, CASE WHEN s.id IS NOT NULL THEN ${STARTED} END AS started, ` +
    `changed.version::text AS version, changed.instant, holder.version::text AS former, s.writer, s.transaction ` +
    `FROM holder LEFT JOIN inserted AS s ON true LEFT JOIN changed ON true`
  );
}

/** Parameters: 1 the user's id, 2 how many, 3 the id after which the page begins. */
function list(parts: SessionParts): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  return (
    `SELECT ${LISTED} AS listed FROM ${sessions} AS s JOIN ${users} AS u ON u.${quoteName(columns.id)} = s.user_id ` +
    `WHERE s.user_id = $1::${columns.idType} AND ${isOfThisVersion(parts)} AND ${IS_LIVE} ` +
    `AND ($3::uuid IS NULL OR s.id < $3::uuid) ORDER BY s.id DESC LIMIT $2::integer`
  );
}

function sweep({ columns }: SessionParts): string {
  const { sessions } = sessionTables(columns);
  return (
    `WITH removed AS (DELETE FROM ${sessions} WHERE id IN (SELECT s.id FROM ${sessions} AS s ` +
    `WHERE s.expires_at < ${CLOCK} LIMIT ${SWEEP} FOR UPDATE SKIP LOCKED) RETURNING 1) ` +
    `SELECT count(*)::text AS removed FROM removed`
  );
}

/** Cleans up as it writes. Parameters: 1 the token's id, 2 its end in milliseconds. */
function revokeToken({ columns }: SessionParts): string {
  const { revokedTokens } = sessionTables(columns);
  return (
    `WITH removed AS (DELETE FROM ${revokedTokens} WHERE jti IN (SELECT r.jti FROM ${revokedTokens} AS r ` +
    `WHERE r.expires_at <= ${CLOCK} AND r.jti <> $1 LIMIT ${SWEEP_OF_USER} FOR UPDATE SKIP LOCKED)), ` +
    `revoked AS (INSERT INTO ${revokedTokens} AS r (jti, expires_at) ` +
    `VALUES ($1, to_timestamp($2::float8 / 1000)) ` +
    `ON CONFLICT (jti) DO UPDATE SET expires_at = greatest(r.expires_at, excluded.expires_at) RETURNING r.jti) ` +
    `SELECT jti FROM revoked`
  );
}

/** Whether the secret is that of the session. */
const SECRET = `s.secret_hash = ${hash('$2')}`;

/** The head of a SELECT of a session with its user. Aliases: `s`, `u`, `asked`. */
function selectRecord(
  { columns, everyoneTable, loaded }: SessionParts,
  secretMatches: string,
): string {
  const selected = [
    ...stateColumns(columns, everyoneTable),
    refreshed(secretMatches),
    ...loaded.map((name) => `u.${quoteName(name)}`),
  ];
  return `SELECT ${selected.map((each, index) => `${each} AS c${index}`).join(', ')}`;
}

/** The session `s` that the token names, with its secret, at this generation. */
function isPresented(generation: string): string {
  return `s.id = $1::uuid AND s.secret_hash = ${hash('$2')} AND s.generation = ${generation}`;
}

function hash(parameter: string): string {
  return `decode(${parameter}, 'hex')`;
}

function version({ columns }: SessionParts): string {
  return `u.${quoteName(columns.tokenVersion)}`;
}
