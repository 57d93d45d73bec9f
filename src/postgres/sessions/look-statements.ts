import type { PresentedRefresh } from '../../state/session.store.js';
import { quoteName, quoteTable } from '../sql.js';
import { stateColumns } from '../state-row.js';
import { hash, hex, SECRET } from './secret-hash.js';
import { type SessionParts, sessionTables } from './session-columns.js';
import { refreshed } from './session-row.js';

/** Where the values of the loader's columns begin in a row of `rotate` and `look`: after a `StateRow` and the session. */
export const FIRST_OF_USER = 8;

/** Always a row, which says where it was looked. Parameters: 1 the session's id, 2 the hash. */
export function look(parts: SessionParts): string {
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
export function lookTogether(parts: SessionParts): string {
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

/** The parameters of `lookTogether`. */
export function lookTogetherValues(asked: readonly PresentedRefresh[]): unknown[] {
  return [asked.map(({ sessionId }) => sessionId), asked.map(({ secretHash }) => hex(secretHash))];
}

/** The head of a SELECT of a session with its user. Aliases: `s`, `u`, `asked`. */
export function selectRecord(
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
