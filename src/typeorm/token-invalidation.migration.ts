import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { SchemaOptions } from '../postgres/schema/schema-options.js';
import { schemaSql, type SchemaSql } from '../postgres/schema/schema-sql.js';

/** Where the migration puts what. Names as they are in the database, not quoted. */
export type TokenInvalidationMigrationOptions = SchemaOptions;

const CALLER = 'tokenInvalidationMigration';

/**
 * A migration that adds what makes tokens revocable: three columns, a table of one row for everyone, and the triggers
 * that hold for every writer. Needs PostgreSQL 13 or newer and a role that owns the users table.
 *
 * It does all or nothing, and can be run again on what is there already. Adding the columns rewrites nothing; the table
 * is locked for some milliseconds, and `lockTimeout` limits the wait for the lock. A table that is named without its
 * schema is looked for in the data source's `schema`, or else along the `search_path`.
 *
 * What it does is frozen: `to` is `{ core: 2 }` in every later release, unless you say otherwise.
 *
 * @throws TypeError when an option is unknown, or a name is missing or too long
 * @example
 * ```ts
 * export class RevocableTokens1750000000000 extends tokenInvalidationMigration({
 *   table: 'users',
 *   password: 'password_hash',
 * }) {}
 * ```
 */
export function tokenInvalidationMigration(
  options: TokenInvalidationMigrationOptions,
): new () => MigrationInterface {
  // A mistake in the options comes out here, and not first when the migration runs.
  schemaSql(options, { name: CALLER });
  const sqlFor = ({ connection }: QueryRunner): SchemaSql => {
    const { schema } = connection.options as { schema?: string };
    return schemaSql(options, { name: CALLER, defaultSchema: schema });
  };
  return class TokenInvalidationMigration implements MigrationInterface {
    async up(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(sqlFor(queryRunner).up);
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(sqlFor(queryRunner).down);
    }
  };
}
