import { quoteName, quoteTable } from '../sql.js';
import { IS_LIVE, isOfThisVersion, type SessionParts, sessionTables } from './session-columns.js';
import { LISTED } from './session-row.js';

/** Parameters: 1 the user's id, 2 how many, 3 the id after which the page begins. */
export function list(parts: SessionParts): string {
  const { columns } = parts;
  const { sessions } = sessionTables(columns);
  const users = quoteTable(columns.schema, columns.table);
  return (
    `SELECT ${LISTED} AS listed FROM ${sessions} AS s JOIN ${users} AS u ON u.${quoteName(columns.id)} = s.user_id ` +
    `WHERE s.user_id = $1::${columns.idType} AND ${isOfThisVersion(parts)} AND ${IS_LIVE} ` +
    `AND ($3::uuid IS NULL OR s.id < $3::uuid) ORDER BY s.id DESC LIMIT $2::integer`
  );
}
