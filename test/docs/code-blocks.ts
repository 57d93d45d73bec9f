import { readFileSync } from 'node:fs';

/** A block of TypeScript in a document. */
export interface CodeBlock {
  /** The file that its first line names, `// app.module.ts`; absent for a recipe. */
  readonly file?: string;
  readonly code: string;
  /** Where it stands, for messages. */
  readonly line: number;
}

/** The blocks of TypeScript of a Markdown document. */
export function codeBlocks(path: string): CodeBlock[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => {
    const code = match[1]!;
    const file = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1];
    const line = text.slice(0, match.index).split('\n').length + 1;
    return file === undefined ? { code, line } : { code, line, file };
  });
}
