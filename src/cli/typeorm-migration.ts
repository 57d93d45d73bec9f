import type { SchemaOptions } from '../postgres/schema/schema-options.js';
import { schemaSql } from '../postgres/schema/schema-sql.js';

/**
 * A migration class for TypeORM.
 *
 * @param timestamp - milliseconds: TypeORM orders its migrations by it
 * @throws TypeError when an option cannot be used
 */
export function typeOrmMigration(options: SchemaOptions, timestamp: number): string {
  // A mistake in the names comes out here, and not first when the migration runs.
  schemaSql(options, { name: 'generate' });
  const lines = Object.entries(options).map(([name, value]) => `  ${name}: ${literal(value)},`);
  return `import { tokenInvalidationMigration } from 'nestjs-token-invalidation/typeorm';

/** What makes the tokens of these users revocable. */
export class RevocableTokens${timestamp} extends tokenInvalidationMigration({
${lines.join('\n')}
}) {}`;
}

function literal(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value === null) return 'null';
  const parts = Object.entries(value as object).map(([part, version]) => `${part}: ${version}`);
  return `{ ${parts.join(', ')} }`;
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
