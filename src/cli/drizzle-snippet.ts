import type { SchemaNames } from '../postgres/schema/schema-options.js';
import { camelCase } from './snippet-names.js';

/** What a schema of Drizzle needs: every column, table and constraint that the migration makes. */
export function drizzleSnippet(names: SchemaNames): string {
  const { schema, users, everyone } = names;
  const [table, of] =
    schema === undefined
      ? ['pgTable', 'pgTable']
      : ['pgSchema', `pgSchema(${quote(schema)}).table`];
  return `import { sql } from 'drizzle-orm';
import { bigint, boolean, check, integer, ${table}, timestamp } from 'drizzle-orm/pg-core';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** Into the columns of the table ${users}: { …, ...revocableTokens }. */
export const revocableTokens = {
  tokenVersion: integer(${quote(names.tokenVersion)}).notNull().default(0),
  passwordChangedAt: instant(${quote(names.passwordChangedAt)}),
  logoutAllAt: instant(${quote(names.logoutAllAt)}),
};

/** drizzle-kit push would drop a table that is not exported. */
export const ${camelCase(everyone)} = ${of}(
  ${quote(everyone)},
  {
    singleton: boolean('singleton').primaryKey().default(true),
    everyoneLoggedOutAt: instant('everyone_logged_out_at'),
    everyoneVersion: bigint('everyone_version', { mode: 'number' }).notNull().default(0),
    retiredVersion: bigint('retired_version', { mode: 'number' }).notNull().default(0),
  },
  () => [check(${quote(`${everyone}_singleton_check`)}, sql\`singleton\`)],
);`;
}

function quote(name: string): string {
  return `'${name.replaceAll(/[\\']/g, '\\$&')}'`;
}
