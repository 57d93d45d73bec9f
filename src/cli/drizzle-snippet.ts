import type { SchemaNames } from '../postgres/schema/schema-options.js';
import { revokedTokensTableOf, sessionsTableOf } from '../postgres/sql.js';
import { camelCase } from './snippet-names.js';
import type { IdType, SnippetTables } from './snippet-tables.js';

const ID_COLUMNS: Readonly<Record<IdType, string>> = {
  uuid: "uuid('user_id')",
  integer: "integer('user_id')",
  bigint: "bigint('user_id', { mode: 'bigint' })",
  text: "text('user_id')",
};

/** What a schema of Drizzle needs: every column, table and constraint that the migration makes. */
export function drizzleSnippet(names: SchemaNames, tables: SnippetTables): string {
  const { schema, users, everyone } = names;
  const [table, of] =
    schema === undefined
      ? ['pgTable', 'pgTable']
      : ['pgSchema', `pgSchema(${quote(schema)}).table`];
  return `import { sql } from 'drizzle-orm';
import { ${importsOf(table, tables).join(', ')} } from 'drizzle-orm/pg-core';

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
);${tables.sessions ? sessionsTable(names, of, tables.idType) : ''}${tables.revokedTokens ? revokedTokensTable(names, of) : ''}`;
}

function importsOf(table: string, { sessions, revokedTokens }: SnippetTables): string[] {
  return [
    'bigint',
    'boolean',
    'check',
    table,
    'integer',
    'timestamp',
    ...(sessions || revokedTokens ? ['index', 'text'] : []),
    ...(sessions ? ['customType', 'foreignKey', 'inet', 'smallint', 'uuid'] : []),
  ].toSorted((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1));
}

const SESSION_COLUMNS = `    userVersion: integer('user_version').notNull(),
    id: uuid('id').primaryKey(),
    everyoneVersion: bigint('everyone_version', { mode: 'number' }).notNull(),
    secretHash: bytes('secret_hash').notNull(),
    startedAt: instant('started_at').notNull(),
    authTime: instant('auth_time').notNull(),
    expiresAt: instant('expires_at').notNull(),
    idleSeconds: integer('idle_seconds'),
    persistent: boolean('persistent').notNull(),
    generation: integer('generation').notNull().default(0),
    seenAt: instant('seen_at'),
    rotatedAt: instant('rotated_at').notNull(),
    repeats: smallint('repeats').notNull().default(0),
    endedAt: instant('ended_at'),
    endedReason: text('ended_reason'),
    label: text('label'),
    userAgent: text('user_agent'),
    startedFrom: inet('started_from'),
    lastFrom: inet('last_from'),`;

/** The conditions of the table by the ends of their names. */
const SESSION_CHECKS: Readonly<Record<string, string>> = {
  _secret_hash_check: 'octet_length(secret_hash) = 32',
  _idle_seconds_check: 'idle_seconds > 0',
  _generation_check: 'generation >= 0',
  _repeats_check: 'repeats BETWEEN 0 AND 10',
  _label_check: 'char_length(label) <= 100',
  _user_agent_check: 'char_length(user_agent) <= 256',
  _check: '(ended_at IS NULL) = (ended_reason IS NULL)',
};

/** Its foreign key names the application's own table, as Drizzle's examples call it. */
function sessionsTable({ users }: SchemaNames, of: string, idType: IdType): string {
  const table = sessionsTableOf(users);
  const lines = Object.entries(SESSION_CHECKS).map(
    ([name, condition]) => `    check(${quote(`${table}${name}`)}, sql\`${condition}\`),`,
  );
  return `

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const ${camelCase(table)} = ${of}(
  ${quote(table)},
  {
    userId: ${ID_COLUMNS[idType]}.notNull(),
${SESSION_COLUMNS}
  },
  (t) => [
    index(${quote(`${table}_user`)}).on(t.userId),
    index(${quote(`${table}_end`)}).on(t.expiresAt),
    // Your table of the users.
    foreignKey({ name: ${quote(`${table}_user_id_fkey`)}, columns: [t.userId], foreignColumns: [${camelCase(users)}.id] })
      .onDelete('cascade')
      .onUpdate('cascade'),
${lines.join('\n')}
  ],
);`;
}

function revokedTokensTable({ users }: SchemaNames, of: string): string {
  const table = revokedTokensTableOf(users);
  return `

export const ${camelCase(table)} = ${of}(
  ${quote(table)},
  { jti: text('jti').primaryKey(), expiresAt: instant('expires_at').notNull() },
  (t) => [
    index(${quote(`${table}_end`)}).on(t.expiresAt),
    check(${quote(`${table}_jti_check`)}, sql\`char_length(jti) <= 255\`),
  ],
);`;
}

function quote(name: string): string {
  return `'${name.replaceAll(/[\\']/g, '\\$&')}'`;
}
