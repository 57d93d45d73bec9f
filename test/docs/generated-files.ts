import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CodeBlock, root } from './code-blocks.js';
import { filesAfter, type GeneratedFile } from './generated-by-commands.js';
import { generatePrismaClient } from './prisma-client.js';

/**
 * Writes blocks to a folder: those of an application as its files, with what its commands generate and the client of a
 * schema of Prisma, the others each as a file that begins with the prelude. Returns the folder.
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
    for (const { path, text } of filesOf(block, prelude)) {
      mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
      writeFileSync(`${folder}/${path}`, text);
      if (path.endsWith('.prisma')) generatePrismaClient(`${folder}/${path}`);
    }
  }
  return folder;
}

export function removeBlocks(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

function filesOf(block: CodeBlock, prelude: string): GeneratedFile[] {
  const { document, line, language, file, application } = block;
  if (application !== undefined && language === 'sh') {
    return filesAfter(block).map(({ path, text }) => ({ path: `${application}/${path}`, text }));
  }
  if (file !== undefined) return [{ path: `${application ?? 'others'}/${file}`, text: block.code }];
  const path = `${document.replaceAll(/\W/g, '-')}-line-${line}.ts`;
  return [{ path, text: withPrelude(block, prelude) }];
}

function withPrelude({ document, line, code }: CodeBlock, prelude: string): string {
  return `${prelude}\n// ${document}:${line}\n${code}\nexport {};\n`;
}
