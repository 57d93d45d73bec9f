import type { SchemaNames } from '../postgres/schema/schema-options.js';
import { revokedTokensTableOf, sessionsTableOf } from '../postgres/sql.js';
import { pascalCase } from './snippet-names.js';
import type { IdType, SnippetTables } from './snippet-tables.js';

const ID_FIELDS: Readonly<Record<IdType, string>> = {
  uuid: 'String    @map("user_id") @db.Uuid',
  integer: 'Int       @map("user_id")',
  bigint: 'BigInt    @map("user_id")',
  text: 'String    @map("user_id")',
};

/** What schema.prisma needs: every column and table that the migration makes. */
export function prismaSnippet(names: SchemaNames, tables: SnippetTables): string {
  const { schema, users, everyone } = names;
  const inSchema = schema === undefined ? '' : `\n  @@schema(${quote(schema)})`;
  return `// Into the model of the table ${users}, with the fields that it has:
  tokenVersion      Int       @default(0) @map(${quote(names.tokenVersion)})
  passwordChangedAt DateTime? @map(${quote(names.passwordChangedAt)}) @db.Timestamptz(3)
  logoutAllAt       DateTime? @map(${quote(names.logoutAllAt)}) @db.Timestamptz(3)${tables.sessions ? `\n  tokenSessions     ${pascalCase(sessionsTableOf(users))}[]` : ''}

// Next to it. Prisma would drop a table that the schema does not have.
model ${pascalCase(everyone)} {
  singleton           Boolean   @id @default(true)
  everyoneLoggedOutAt DateTime? @map("everyone_logged_out_at") @db.Timestamptz(3)
  everyoneVersion     BigInt    @default(0) @map("everyone_version")
  retiredVersion      BigInt    @default(0) @map("retired_version")

  @@map(${quote(everyone)})${inSchema}
}${tables.sessions ? sessionsModel(names, tables.idType) : ''}${tables.revokedTokens ? revokedTokensModel(names) : ''}`;
}

const SESSION_FIELDS = `  userVersion     Int       @map("user_version")
  id              String    @id @db.Uuid
  everyoneVersion BigInt    @map("everyone_version")
  secretHash      Bytes     @map("secret_hash")
  startedAt       DateTime  @map("started_at") @db.Timestamptz(3)
  authTime        DateTime  @map("auth_time") @db.Timestamptz(3)
  expiresAt       DateTime  @map("expires_at") @db.Timestamptz(3)
  idleSeconds     Int?      @map("idle_seconds")
  persistent      Boolean
  generation      Int       @default(0)
  seenAt          DateTime? @map("seen_at") @db.Timestamptz(3)
  rotatedAt       DateTime  @map("rotated_at") @db.Timestamptz(3)
  repeats         Int       @default(0) @db.SmallInt
  endedAt         DateTime? @map("ended_at") @db.Timestamptz(3)
  endedReason     String?   @map("ended_reason")
  label           String?
  userAgent       String?   @map("user_agent")
  startedFrom     String?   @map("started_from") @db.Inet
  lastFrom        String?   @map("last_from") @db.Inet`;

function sessionsModel({ schema, users, id }: SchemaNames, idType: IdType): string {
  const table = sessionsTableOf(users);
  const inSchema = schema === undefined ? '' : `\n  @@schema(${quote(schema)})`;
  return `

model ${pascalCase(table)} {
  // Your model of the users, by its name and the name of its id there.
  user            User      @relation(fields: [userId], references: [${id}], onDelete: Cascade, onUpdate: Cascade, map: ${quote(`${table}_user_id_fkey`)})
  userId          ${ID_FIELDS[idType]}
${SESSION_FIELDS}

  @@index([userId], map: ${quote(`${table}_user`)})
  @@index([expiresAt], map: ${quote(`${table}_end`)})
  @@map(${quote(table)})${inSchema}
}`;
}

function revokedTokensModel({ schema, users }: SchemaNames): string {
  const table = revokedTokensTableOf(users);
  const inSchema = schema === undefined ? '' : `\n  @@schema(${quote(schema)})`;
  return `

model ${pascalCase(table)} {
  jti       String   @id
  expiresAt DateTime @map("expires_at") @db.Timestamptz(3)

  @@index([expiresAt], map: ${quote(`${table}_end`)})
  @@map(${quote(table)})${inSchema}
}`;
}

function quote(name: string): string {
  return `"${name.replaceAll(/[\\"]/g, '\\$&')}"`;
}
