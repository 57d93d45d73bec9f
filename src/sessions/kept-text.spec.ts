import { describe, expect, it } from 'vitest';
import { keptText } from './kept-text.js';

describe('text from a client', () => {
  it.each([
    [undefined, null],
    [5, null],
    [{}, null],
    ['', ''],
    ['abc', 'abc'],
    ['abcdef', 'abcd'],
    ['a\0b', 'ab'],
    ['abc😀', 'abc\uFFFD'],
    ['\uD800', '\uFFFD'],
  ])('%j is kept as %j', (text, kept) => {
    expect(keptText(text, 4)).toBe(kept);
  });
});
