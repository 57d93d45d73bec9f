import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CodeBlock, root } from './code-blocks.js';
import { generatePrismaClient } from './prisma-client.js';

/**
 * Writes blocks of TypeScript to a folder: those of an application as its files, with the client of a schema of Prisma,
 * the others each as a file that begins with the prelude. Returns the folder.
 *
 * @param name - of the folder, for one spec file
 */
export function writeBlocks(blocks: readonly CodeBlock[], name: string): string {
  const folder = `${root}test/docs/generated/${name}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The nearest settings decide how decorators are compiled.
  writeFileSync(
    `${folder}/tsconfig.json`,
    '{ "extends": "../../../../tsconfig.json", "include": ["."], "exclude": [] }',
  );
  const prelude = readFileSync(`${root}test/docs/prelude.ts`, 'utf8');
  for (const block of blocks) {
    const path = `${folder}/${pathOf(block)}`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, block.file === undefined ? withPrelude(block, prelude) : block.code);
    if (block.language === 'prisma') generatePrismaClient(path);
  }
  return folder;
}

export function removeBlocks(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

function pathOf({ document, line, file, application = 'others' }: CodeBlock): string {
  return file === undefined
    ? `${document.replaceAll(/\W/g, '-')}-line-${line}.ts`
    : `${application}/${file}`;
}

function withPrelude({ document, line, code }: CodeBlock, prelude: string): string {
  return `${prelude}\n// ${document}:${line}\n${code}\nexport {};\n`;
}
