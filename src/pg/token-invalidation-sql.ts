import type { SchemaOptions } from '../postgres/schema/schema-options.js';
import { type SchemaSql, schemaSql } from '../postgres/schema/schema-sql.js';

/** Where the SQL puts what. Names as they are in the database, not quoted. */
export type TokenInvalidationSqlOptions = SchemaOptions;

/**
 * The SQL that adds what makes tokens revocable, for a migration of any tool: three columns, a table of one row for
 * everyone, and the triggers that hold for every writer. Needs PostgreSQL 13 or newer and a role that owns the users
 * table.
 *
 * `up` and `down` are one statement each: they do all or nothing, with and without a transaction, and can be run again.
 * Adding the columns rewrites nothing; the table is locked for some milliseconds, and `lockTimeout` limits the wait for
 * the lock.
 *
 * What it does is frozen: `to` is `{ core: 2 }` in every later release, unless you say otherwise.
 *
 * @throws TypeError when an option is unknown, or a name is missing or too long
 * @example
 * ```ts
 * const { up, down } = tokenInvalidationSql({ table: 'users', password: 'password_hash' });
 * await client.query(up);
 * ```
 */
export function tokenInvalidationSql(options: TokenInvalidationSqlOptions): SchemaSql {
  return schemaSql(options, { name: 'tokenInvalidationSql' });
}
