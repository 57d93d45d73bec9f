import { schemaSql } from '../postgres/schema/schema-sql.js';
import { resolveSchema } from '../postgres/schema/schema-options.js';
import { type Arguments, type Output, readArguments } from './arguments.js';
import { drizzleSnippet } from './drizzle-snippet.js';
import { prismaSnippet } from './prisma-snippet.js';
import { typeOrmMigration } from './typeorm-migration.js';
import { USAGE } from './usage.js';

const CALLER = 'generate';

/** What the command prints, and whether it failed. */
export interface Answer {
  readonly text: string;
  readonly isError: boolean;
}

/** @param args - what follows the name of the command */
export function answer(args: readonly string[]): Answer {
  try {
    const read = readArguments(args);
    return { text: read === 'help' ? USAGE : GENERATORS[read.what](read), isError: false };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return {
      text: `${error.message}\nRun npx nestjs-token-invalidation --help to see how.`,
      isError: true,
    };
  }
}

const GENERATORS: Readonly<Record<Output, (given: Arguments) => string>> = {
  sql: ({ down, options }) => {
    const sql = schemaSql(options, { name: CALLER });
    return `${down ? sql.down : sql.up};`;
  },
  typeorm: ({ options }) => typeOrmMigration(options, Date.now()),
  prisma: ({ options, tables }) => prismaSnippet(resolveSchema(options, CALLER).names, tables),
  drizzle: ({ options, tables }) => drizzleSnippet(resolveSchema(options, CALLER).names, tables),
};
