import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every document that users and contributors read, by its path in the repository. */
export const documents: readonly string[] = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A block of code in a document. */
export interface CodeBlock {
  readonly document: string;
  /** The line in which its code begins. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** The file that its first line names, `// app.module.ts`; `undefined` for a block that is complete with the prelude. */
  readonly file: string | undefined;
  /** The application that the block belongs to: of the comment `<!-- application: … -->` around it, or of a fold. */
  readonly application: string | undefined;
}

export function readDocument(document: string): string {
  return readFileSync(root + document, 'utf8');
}

/** Where an application begins, with its name, and where it ends. */
const MARKS =
  /<!-- (?:application: (\w+)|\/application) -->|<summary><b>(?:Plain )?(\w+)|<\/details>/g;

/** All blocks of code of all documents. */
export function allCodeBlocks(): CodeBlock[] {
  return documents.flatMap(codeBlocks);
}

function codeBlocks(document: string): CodeBlock[] {
  const text = readDocument(document);
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => {
    const [, language, code] = match;
    const before = text.slice(0, match.index);
    const file = /^\/\/ (\S+\.(?:ts|prisma))\n/.exec(code!)?.[1];
    const marks = [...before.matchAll(MARKS)];
    const application = marks
      .at(-1)
      ?.slice(1)
      .find((name) => name !== undefined)
      ?.toLowerCase();
    const line = before.split('\n').length + 1;
    return { document, line, language: language!, code: code!, file, application };
  });
}
