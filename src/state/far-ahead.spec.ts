import { expect, it } from 'vitest';
import { isFarAhead } from './far-ahead.js';

const NOW = Date.UTC(2026, 0, 15, 12);

it.each([
  [null, false],
  [new Date(0), false],
  [new Date(NOW), false],
  [new Date(NOW + 300_000), false],
  [new Date(NOW + 300_001), true],
  [new Date(Number.NaN), false],
])('a cutoff of %j is far ahead: %j', (cutoff, expected) => {
  expect(isFarAhead(cutoff, NOW)).toBe(expected);
});
