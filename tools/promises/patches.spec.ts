import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PATCHES } from './patches.js';

const ROOT = join(import.meta.dirname, '../..');

// Otherwise nobody notices that such a line was rewritten until the promises are next tried, which takes many minutes.
describe('a line that ensures a promise', () => {
  it.each(PATCHES)('is there once: $file: $find', ({ file, find, replace, spec }) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    expect(text.split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
    expect(existsSync(join(ROOT, spec))).toBe(true);
  });
});
