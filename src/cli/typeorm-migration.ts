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
  const lines = Object.entries(options).map(
    ([name, value]) => `  ${name}: ${value === null ? 'null' : quote(value as string)},`,
  );
  return `import { tokenInvalidationMigration } from 'nestjs-token-invalidation/typeorm';

/** What makes the tokens of these users revocable. */
export class RevocableTokens${timestamp} extends tokenInvalidationMigration({
${lines.join('\n')}
}) {}`;
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
