import {
  MOST_REPEATS,
  REPEAT_AFTER_SECONDS,
  SIGHT_AFTER_SECONDS,
} from '../../rule/refresh-rule.js';
import { CLOCK, quoteName, quoteTable, revokedTokensTableOf, sessionsTableOf } from '../sql.js';
import type { UserColumns } from '../user-columns.js';

/** What the statements of the sessions are made of. */
export interface SessionParts {
  readonly columns: UserColumns;
  /** Quoted, with its schema. */
  readonly everyoneTable: string;
  /** The columns that a read selects for the loader. */
  readonly loaded: readonly string[];
}

/** The tables of the parts, quoted. */
export function sessionTables({ schema, table }: Pick<UserColumns, 'schema' | 'table'>) {
  return {
    sessions: quoteTable(schema, sessionsTableOf(table)),
    revokedTokens: quoteTable(schema, revokedTokensTableOf(table)),
  };
}

/** SQL: so many seconds. The expression may be a parameter. */
export function seconds(expression: string): string {
  return `${expression} * interval '1 second'`;
}

/** SQL: the session's last use that was noted. greatest() ignores NULL. */
export const LAST_USE = 'greatest(s.rotated_at, s.seen_at)';

/** SQL: at that instant, the session was unused for too long. */
export function isIdleAt(instant: string): string {
  return `coalesce(${LAST_USE} + ${seconds('s.idle_seconds')} <= ${instant}, false)`;
}

/** SQL: the session was not ended, and neither of its ends had passed at that instant. */
export function isLiveAt(instant: string): string {
  return `s.ended_at IS NULL AND s.expires_at > ${instant} AND NOT ${isIdleAt(instant)}`;
}

/** SQL: neither has passed by now. */
export const IS_LIVE = isLiveAt(CLOCK);

/** SQL: the current generation was not seen yet, and its use at that instant would show that the client kept it. */
export function isSightDueAt(instant: string): string {
  return `s.seen_at IS NULL AND s.rotated_at <= ${instant} - interval '${SIGHT_AFTER_SECONDS} seconds'`;
}

/** SQL: its use by now would. */
export const IS_SIGHT_DUE = isSightDueAt(CLOCK);

/** SQL: the current generation was not seen yet, and giving it out again has to be noted. */
export const IS_REPEAT_DUE =
  `s.seen_at IS NULL AND s.repeats < ${MOST_REPEATS} ` +
  `AND s.rotated_at <= ${CLOCK} - interval '${REPEAT_AFTER_SECONDS} seconds'`;

/** SQL: the version of everyone, also where the row is missing. */
export function everyoneVersion(everyoneTable: string): string {
  return `coalesce((SELECT e.everyone_version FROM ${everyoneTable} AS e), 0)`;
}

/** SQL: neither the user `u` nor everyone was invalidated since the session `s` started. */
export function isOfThisVersion({ columns, everyoneTable }: SessionParts): string {
  const version = versionOf({ columns });
  return `s.user_version = ${version} AND s.everyone_version >= ${everyoneVersion(everyoneTable)}`;
}

/** SQL: what ends a session. The row stays for so many seconds. */
export function setEnded(reason: string, retention: string): string {
  return (
    `ended_at = ${CLOCK}, ended_reason = ${reason}, ` +
    `expires_at = least(s.expires_at, ${CLOCK} + ${seconds(retention)})`
  );
}

/** SQL: a list that was sent as one text, which every data layer passes on alike: see `arrayOfWords()`. */
export function listOf(parameter: string, type: string): string {
  return `${parameter}::text::${type}[]`;
}

/** SQL: who wrote the row, and in which transaction: see `fullTransactionId()`. */
export function writerColumns(table: string): string {
  return `${table}.xmin::text AS writer, pg_current_xact_id()::text AS transaction`;
}

/** SQL: the columns of a session in the order in which every INSERT names them. */
export const INSERTED =
  'id, secret_hash, user_id, user_version, everyone_version, started_at, auth_time, expires_at, ' +
  'idle_seconds, persistent, label, user_agent, started_from, last_from, rotated_at, seen_at';

/**
 * SQL: the clock as `clock.instant`, read once for all that a session gets.
 *
 * @param after - SQL: `FROM` what must have been read before, such as a row behind a lock
 */
export function clock(after: string): string {
  return `clock AS MATERIALIZED (SELECT ${CLOCK} AS instant ${after})`;
}

/** SQL: the version of the user `u`. */
export function versionOf({ columns }: Pick<SessionParts, 'columns'>): string {
  return `u.${quoteName(columns.tokenVersion)}`;
}
