import { globSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOOT_PROBLEMS } from '../../tools/docs/boot-problems.js';
import { generatedPages } from '../../tools/docs/pages.js';
import { readDocument, root } from './code-blocks.js';

const pages = await generatedPages();

describe('the generated pages', () => {
  it.each(Object.entries(pages))('%s is what npm run docs writes', (path, text) => {
    expect(readDocument(path)).toBe(text);
  });
});
