import { answer } from '../../src/cli/answer.js';
import type { CodeBlock } from './code-blocks.js';

/** A file of an application, by its path there. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** What a `generate` command of a block prints; `undefined`: the block has none for this output. */
export function printedBy({ code }: CodeBlock, output: string): string | undefined {
  const command = new RegExp(`^npx nestjs-token-invalidation (generate ${output}[^|>\\n]*)`, 'm');
  const args = command.exec(code)?.[1];
  return args === undefined ? undefined : answer(args.trim().split(' ')).text;
}

/** The files that an application has once the commands of a block have run, and their reader has done what they say. */
export function filesAfter(block: CodeBlock): GeneratedFile[] {
  const prisma = printedBy(block, 'prisma');
  const drizzle = printedBy(block, 'drizzle');
  const path = / > src\/(\S+)/.exec(block.code)?.[1];
  return [
    ...(prisma === undefined ? [] : [{ path: 'schema.prisma', text: schemaWith(prisma) }]),
    ...(drizzle === undefined ? [] : [{ path: path!, text: drizzle }]),
  ];
}

/** A schema as applications have it, with the fields in its model of the users, and the other models after that. */
function schemaWith(snippet: string): string {
  const [fields, ...models] = snippet.split('\n\n');
  return `generator client {
  provider = "prisma-client"
  output   = "./generated/prisma"
}

datasource db {
  provider = "postgresql"
}

model User {
  id       Int    @id @default(autoincrement())
  email    String @unique
  password String
${fields}

  @@map("users")
}

${models.join('\n\n')}
`;
}
