import type { Replacement, Replacing } from '../../state/session.store.js';
import { quoteName, quoteTable } from '../sql.js';
import { moved, raised } from '../state-statements.js';
import { hash, hex } from './secret-hash.js';
import {
  clock,
  everyoneVersion,
  INSERTED,
  IS_LIVE,
  seconds,
  type SessionParts,
  sessionTables,
  setEnded,
  versionOf,
  writerColumns,
} from './session-columns.js';
import { STARTED } from './session-row.js';

/** The texts for each reason to replace a session. */
export interface ReplaceTexts {
  readonly login: string;
  readonly logout: string;
  /** Absent: there is no password column. */
  readonly password: string | undefined;
}

export function replacements(parts: SessionParts): ReplaceTexts {
  const { password, passwordChangedAt, logoutAllAt } = parts.columns;
  return {
    login: replace(parts, { due: `${versionOf(parts)} = $9::bigint` }),
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
function replace(parts: SessionParts, change: UserChange): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  const id = `u.${quoteName(columns.id)}`;
  return (
    `WITH holder AS MATERIALIZED (SELECT ${id} AS id, ${versionOf(parts)} AS version, ${change.due} AS due ` +
    `FROM ${users} AS u WHERE ${id} = $2::${columns.idType} FOR NO KEY UPDATE), ` +
    `target AS MATERIALIZED (SELECT s.*, holder.version FROM ${sessions} AS s JOIN holder ON s.user_id = holder.id ` +
    `WHERE s.id = $1::uuid AND holder.due AND s.user_version = holder.version ` +
    `AND s.everyone_version >= ${everyoneVersion(parts.everyoneTable)} AND ${IS_LIVE} FOR NO KEY UPDATE OF s), ` +
    `ended AS (UPDATE ${sessions} AS s SET ${setEnded(`'replaced'`, '$8::float8')} FROM target WHERE s.id = target.id ` +
    `RETURNING s.ended_at), ` +
    `changed AS (${changed(parts, change)}), ${clock('FROM target')}, ` +
    `inserted AS (INSERT INTO ${sessions} (${INSERTED}) ` +
    `SELECT $3::uuid, ${hash('$4')}, target.user_id, changed.version, ${everyoneVersion(parts.everyoneTable)}, clock.instant, ` +
    `CASE WHEN $5::boolean THEN clock.instant ELSE target.auth_time END, ` +
    `CASE WHEN $5::boolean THEN clock.instant + ${seconds('$6::float8')} ELSE target.expires_at END, ` +
    `CASE WHEN $5::boolean THEN $7::integer ELSE target.idle_seconds END, target.persistent, target.label, target.user_agent, target.started_from, target.last_from, ` +
    `clock.instant, clock.instant FROM target CROSS JOIN changed CROSS JOIN clock RETURNING *, ${writerColumns(sessions)}) ` +
    `SELECT holder.due::text AS due, CASE WHEN s.id IS NOT NULL THEN ${STARTED} END AS started, ` +
    `changed.version::text AS version, changed.instant, holder.version::text AS former, s.writer, s.transaction, ` +
    `(EXISTS (SELECT FROM target))::text AS live, ` +
    `(EXISTS (SELECT FROM ended WHERE ended.ended_at IS NOT NULL))::text AS ended ` +
    `FROM holder LEFT JOIN inserted AS s ON true LEFT JOIN changed ON true`
  );
}

/** The user of the session `target` from now on. */
function changed(parts: SessionParts, { set, cutoff }: UserChange): string {
  if (cutoff === undefined) return 'SELECT target.version, NULL::text AS instant FROM target';
  const { columns } = parts;
  const assignments = [...(set === undefined ? [] : [set]), raised(columns), moved(cutoff)];
  return (
    `UPDATE ${quoteTable(columns.schema, columns.table)} AS u SET ${assignments.join(', ')} FROM target ` +
    `WHERE u.${quoteName(columns.id)} = target.user_id RETURNING ${versionOf(parts)} AS version, ` +
    `(extract(epoch FROM u.${quoteName(cutoff)}) * 1000)::float8::text AS instant`
  );
}

/** The parameters of `replace`. */
export function replaceValues(
  sessionId: string,
  subject: string,
  { session, replacing, limits, credentialsEntered }: Replacement,
): unknown[] {
  return [
    sessionId,
    subject,
    session.id,
    hex(session.secretHash),
    credentialsEntered,
    limits.absoluteSeconds,
    limits.idleSeconds,
    limits.retentionSeconds,
    ...replacingValues(replacing),
  ];
}

function replacingValues(replacing: Replacing): unknown[] {
  if (replacing.because === 'login') return [replacing.userVersion];
  if (replacing.because === 'logout') return [];
  return [replacing.password.currentHash, replacing.password.newHash];
}
