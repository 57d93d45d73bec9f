import { schemaSql } from '../postgres/schema/schema-sql.js';
import { readNames } from '../postgres/schema/schema-options.js';
import { type Arguments, readArguments } from './arguments.js';
import { drizzleSnippet } from './drizzle-snippet.js';
import { prismaSnippet } from './prisma-snippet.js';
import { typeOrmMigration } from './typeorm-migration.js';
import { USAGE } from './usage.js';

/** What the command prints, and whether it failed. */
export interface Answer {
  readonly text: string;
  readonly isError: boolean;
}

/** @param args - what follows the name of the command */
export function answer(args: readonly string[]): Answer {
  try {
    const read = readArguments(args);
    return { text: read === 'help' ? USAGE : generate(read), isError: false };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return {
      text: `${error.message}\nRun npx nestjs-token-invalidation --help to see how.`,
      isError: true,
    };
  }
}

function generate({ what, down, options }: Arguments): string {
  switch (what) {
    case 'sql': {
      const sql = schemaSql(options, { name: 'generate' });
      return `${down ? sql.down : sql.up};`;
    }
    case 'typeorm':
      return typeOrmMigration(options, Date.now());
    case 'prisma':
      return prismaSnippet(readNames(options, 'generate'));
    case 'drizzle':
      return drizzleSnippet(readNames(options, 'generate'));
  }
}
