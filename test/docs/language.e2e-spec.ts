import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { documents, root } from './code-blocks.js';

/** Words that a native reviewer would not use as this project once did. */
const BANNED =
  /.{0,40}\b(?:told|heard|beside|whoever|stands in|of its own|anew|in silence)\b.{0,40}/gis;

/** Where one of them is right: a file, and words around it. */
const EXCEPTIONS: readonly (readonly [path: string, words: string])[] = [];

const SKIPPED = new Set(['dist', 'node_modules', 'results']);

/** Without what is linked into node_modules: this repository, among others. */
function filesIn(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return SKIPPED.has(entry.name) ? [] : filesIn(path);
  });
}

const sources = ['src', 'demo', 'bench']
  .flatMap(filesIn)
  .filter((path) => /\.(?:ts|mts|js|mjs|html|css)$/.test(path));

describe('the language', () => {
  it.each([
    ['documents', documents],
    ['comments and texts', sources],
  ])('of the %s is plain', (_, paths) => {
    expect(paths.flatMap(findings)).toEqual([]);
  });

  it('has few exceptions, each of them needed', () => {
    expect(EXCEPTIONS.length).toBeLessThanOrEqual(10);
    const unused = EXCEPTIONS.filter(
      ([path, words]) => !proseOf(path).some((text) => text.includes(words)),
    );
    expect(unused).toEqual([]);
  });
});

function findings(path: string): string[] {
  return proseOf(path)
    .filter((text) => !EXCEPTIONS.some(([file, words]) => file === path && text.includes(words)))
    .flatMap((text) => withoutNames(text).match(BANNED) ?? [])
    .map((words) => `${path}: ${words.replaceAll(/\s+/g, ' ').trim()}`);
}

/** Names are no prose: command-line flags, what is quoted as code, and paths. */
function withoutNames(text: string): string {
  return text.replaceAll(/`[^`]*`|--[\w-]+|[\w-]+(?:\/[\w.-]+)+/g, '');
}

/** Prose, sentence by sentence or so: line breaks of a comment must not hide two words. */
function proseOf(path: string): string[] {
  const text = readFileSync(root + path, 'utf8');
  if (path.endsWith('.md')) return text.replaceAll(/^```.*?^```$/gms, '').split(/\n\n+/);
  if (!/\.m?[jt]s$/.test(path)) return text.split('\n');
  return [...commentsOf(text), ...textsOf(path, text)];
}

/** Each comment; lines of `//` that follow each other are one. */
function commentsOf(text: string): string[] {
  const comments = text.match(/\/\*[^]*?\*\/|(?:^[ \t]*\/\/[^\n]*\n)+|[ \t]\/\/ [^\n]*$/gm) ?? [];
  return comments.map((comment) => comment.replaceAll(/\n\s*(?:\*|\/\/)/g, ' '));
}

/** Texts between quotes, of more than one word: a single word is a name. */
function textsOf(path: string, text: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node)
    ) {
      if (node.text.trim().includes(' ')) texts.push(node.text.replaceAll(/\s+/g, ' '));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return texts;
}
