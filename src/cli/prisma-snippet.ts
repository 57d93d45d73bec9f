import type { SchemaNames } from '../postgres/schema/schema-options.js';
import { pascalCase } from './snippet-names.js';

/** What schema.prisma needs: every column and table that the migration makes. */
export function prismaSnippet(names: SchemaNames): string {
  const { schema, users, everyone } = names;
  const inSchema = schema === undefined ? '' : `\n  @@schema(${quote(schema)})`;
  return `// Into the model of the table ${users}, with the fields that it has:
  tokenVersion      Int       @default(0) @map(${quote(names.tokenVersion)})
  passwordChangedAt DateTime? @map(${quote(names.passwordChangedAt)}) @db.Timestamptz(3)
  logoutAllAt       DateTime? @map(${quote(names.logoutAllAt)}) @db.Timestamptz(3)

// Next to it. Prisma would drop a table that the schema does not have.
model ${pascalCase(everyone)} {
  singleton           Boolean   @id @default(true)
  everyoneLoggedOutAt DateTime? @map("everyone_logged_out_at") @db.Timestamptz(3)
  everyoneVersion     BigInt    @default(0) @map("everyone_version")
  retiredVersion      BigInt    @default(0) @map("retired_version")

  @@map(${quote(everyone)})${inSchema}
}`;
}

function quote(name: string): string {
  return `"${name.replaceAll(/[\\"]/g, '\\$&')}"`;
}
