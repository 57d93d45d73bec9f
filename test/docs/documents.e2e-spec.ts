import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allCodeBlocks, type CodeBlock, documents, readDocument, root } from './code-blocks.js';
import { removeBlocks, writeBlocks } from './generated-files.js';
import { problemOfCommand } from './shell-commands.js';

const blocks = allCodeBlocks();
/** The commands of an application generate files of it. */
const generates = ({ language, application }: CodeBlock) =>
  language === 'sh' && application !== undefined;
/** A schema of Prisma is compiled to the client that the code of its application imports. */
const isCompiled = ({ language, application }: CodeBlock) =>
  language === 'ts' || (language === 'prisma' && application !== undefined);
const where = ({ document, line }: CodeBlock) => `${document}:${line}`;

describe('the code in the documents', () => {
  let folder: string;

  beforeAll(() => {
    folder = writeBlocks(
      blocks.filter((block) => isCompiled(block) || generates(block)),
      'documents',
    );
  });

  afterAll(() => removeBlocks(folder));

  it('compiles', () => {
    expect(compile(folder)).toEqual([]);
    // A compiler with the types of all libraries takes minutes on a busy machine.
  }, 300_000);

  it('is compiled or run, each block of it', () => {
    // ts and Prisma's schema: here. sql: sql.e2e-spec.ts. sh: below, and curl in quick-start.e2e-spec.ts. json: on a generated page.
    const others = blocks
      .filter((block) => !isCompiled(block) && !['sql', 'sh'].includes(block.language))
      .filter(({ language, document }) => language !== 'json' || document !== 'docs/errors.md');
    expect(others.map(where)).toEqual([]);
  });

  it('is in blocks that are found', () => {
    const unseen = documents.filter((document) => {
      const fences = readDocument(document).match(/^[ >]*(?:```|~~~)/gm) ?? [];
      return fences.length !== 2 * blocks.filter((block) => block.document === document).length;
    });
    expect(unseen).toEqual([]);
  });

  it('has commands of which every script and file is there', () => {
    const problems = blocks
      .filter(({ language }) => language === 'sh')
      .flatMap((block) =>
        block.code
          .trim()
          .split('\n')
          .map((line) => [where(block), problemOfCommand(line)] as const),
      )
      .filter(([, problem]) => problem !== undefined);
    expect(problems).toEqual([]);
  });
});

describe('the links of the documents', () => {
  it('lead to files and headings that are there', () => {
    const broken = documents.flatMap((document) =>
      [...readDocument(document).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
        .map(([link, path, heading]) => ({
          link,
          target: path === '' ? document : normalize(join(dirname(document), path!)),
          heading,
        }))
        .filter(({ target, heading }) => !leadsSomewhere(target, heading))
        .map(({ link }) => `${document}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});

describe('SECURITY.md', () => {
  it('names each spec of a promise', () => {
    const folders = ['promises', 'triggers', 'servers', 'faults', 'hostile', 'rule'];
    const specs = folders.flatMap((folder) =>
      readdirSync(`${root}test/${folder}`)
        .filter((name) => name.endsWith('spec.ts'))
        .map((name) => `(test/${folder}/${name})`),
    );
    const text = readDocument('SECURITY.md');
    expect(specs.filter((spec) => !text.includes(spec))).toEqual([]);
  });
});

describe('the README', () => {
  it('has at most 300 lines', () => {
    expect(readDocument('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(300);
  });
});

/** What the compiler says, as for an application that `nest new` made: stricter is not asked of one. */
function compile(folder: string): string[] {
  const settings = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path))
    .config as object;
  const { options } = ts.parseJsonConfigFileContent(settings, ts.sys, root);
  const program = ts.createProgram({
    rootNames: ts.sys.readDirectory(folder, ['.ts'], ['**/node_modules']),
    options: {
      ...options,
      exactOptionalPropertyTypes: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
  });
  return program
    .getSourceFiles()
    .filter((file) => file.fileName.startsWith(folder))
    .flatMap((file) => ts.getPreEmitDiagnostics(program, file))
    .map((problem) => {
      const line = problem.file!.getLineAndCharacterOfPosition(problem.start ?? 0).line + 1;
      const message = ts.flattenDiagnosticMessageText(problem.messageText, '\n');
      return `${problem.file!.fileName.slice(folder.length + 1)}:${line} ${message}`;
    });
}

function leadsSomewhere(path: string, heading: string | undefined): boolean {
  if (!existsSync(root + path)) return false;
  return heading === undefined || headingsOf(path).includes(heading);
}

/** As GitHub makes anchors of headings. */
function headingsOf(path: string): string[] {
  const text = readFileSync(root + path, 'utf8');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}
