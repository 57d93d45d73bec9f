import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOOT_PROBLEMS } from '../../tools/docs/boot-problems.js';
import { generatedPages } from '../../tools/docs/pages.js';
import { readDocument, root } from './code-blocks.js';

describe('the generated pages', () => {
  it('are what npm run docs writes', async () => {
    const pages = await generatedPages();
    const written = Object.keys(pages).map((path) => [path, readDocument(path)]);
    expect(Object.fromEntries(written)).toEqual(pages);
  });

  it('quote problems at boot as the source has them', () => {
    const source = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
      .map((path) => readFileSync(`${root}src/${path}`, 'utf8'))
      .join('\n');
    // What varies is between the parts.
    const parts = BOOT_PROBLEMS.flatMap(({ message }) => message.split('…'))
      .map((part) => part.trim())
      .filter((part) => part.length > 5);
    expect(parts.filter((part) => !source.includes(part))).toEqual([]);
  });
});
