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

/** Text between dollar signs, which needs no quotes doubled: the body of a function, say. */
export function dollarQuote(text: string): string {
  const tag = unusedIn(text, '$sql$');
  return `${tag}${text}${tag}`;
}

/** A variant of the mark that the text does not contain. */
export function unusedIn(text: string, mark: string): string {
  let variant = mark;
  for (let count = 1; text.includes(variant); count += 1) {
    variant = `${mark.slice(0, -1)}_${count}${mark.at(-1)}`;
  }
  return variant;
}

/**
 * An array as PostgreSQL reads it, of words without a special character, such as numbers and UUIDs; `NULL`: no value. pg
 * would put each between quotes, and PostgreSQL take them off, which costs both more than the rest of the value.
 */
export function arrayOfWords(words: readonly string[]): string {
  return `{${words.join()}}`;
}

/** The table of one row that holds what concerns everyone, unless it was given another name. */
export function everyoneTableOf(usersTable: string): string {
  return `${usersTable}_token_invalidation`;
}

/** The table of the sessions. */
export function sessionsTableOf(usersTable: string): string {
  return `${usersTable}_token_sessions`;
}

/** The table of single access tokens that were revoked. */
export function revokedTokensTableOf(usersTable: string): string {
  return `${usersTable}_revoked_tokens`;
}

/** The trigger that keeps the state of the users table. Triggers fire in the order of their names: it comes late. */
export const TRIGGER = 'zz_token_invalidation';

/** The setting by which a statement lets the trigger know that a changed hash is the same password. */
export const REHASH_SETTING = 'token_invalidation.rehash';

/** What the setting must hold: this very change and no other. The same text on both sides, SQL over two values. */
export function rehashPermit(oldHash: string, newHash: string): string {
  return `pg_catalog.format('%L %L', ${oldHash}, ${newHash})`;
}

/** The database's clock at this moment; `now()` is the transaction's start and may be long past. */
export const CLOCK = `date_trunc('milliseconds', clock_timestamp())`;

/** The same, read once for all rows of a statement: to read it for each costs more than to compare it. */
export const NOW = `(SELECT ${CLOCK})`;

/** An instant as text: milliseconds since the epoch. Text, because an application may parse any other type its own way. */
export function milliseconds(instant: string): string {
  return `(extract(epoch FROM ${instant}) * 1000)::float8::text`;
}

/**
 * A name to prepare a statement under. It comes from the text, so that behind a pooler no other version of the
 * application can have given the name to another statement.
 */
export function statementName(text: string): string {
  return `token_state_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
}
