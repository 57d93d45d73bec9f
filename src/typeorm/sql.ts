import { createHash } from 'node:crypto';

/** An SQL identifier, quoted. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name with its schema, quoted. Without a schema the connection's `search_path` decides. */
export function quoteTable(schema: string | undefined, table: string): string {
  return schema === undefined ? quoteName(table) : `${quoteName(schema)}.${quoteName(table)}`;
}

/** An SQL text literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The table beside the users table that holds what concerns all users. */
export function globalTableOf(usersTable: string): string {
  return `${usersTable}_token_invalidation`;
}

/** The trigger that keeps the state of the users table. Triggers fire in the order of their names: it comes late. */
export const TRIGGER = 'zz_token_invalidation';

/** The setting by which a statement tells the trigger that a changed hash is the same password. */
export const REHASH_SETTING = 'token_invalidation.rehash';

/** What the setting must say: this very change and no other. The same text on both sides, SQL over two values. */
export function rehashPermit(oldHash: string, newHash: string): string {
  return `pg_catalog.format('%L %L', ${oldHash}, ${newHash})`;
}

/**
 * A name to prepare a statement under. By its text, so that behind a pooler no other version of the application can
 * have given the name to another statement.
 */
export function statementName(text: string): string {
  return `token_state_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
}
