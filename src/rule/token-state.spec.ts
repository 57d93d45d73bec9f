import { describe, expect, it } from 'vitest';
import { wholeSecond } from './token-state.js';

describe('wholeSecond', () => {
  it.each([
    ['2026-01-15T12:00:00.000Z', 1_768_478_400],
    ['2026-01-15T12:00:00.001Z', 1_768_478_400],
    ['2026-01-15T12:00:00.999Z', 1_768_478_400],
    ['2026-01-15T12:00:01.000Z', 1_768_478_401],
    ['1970-01-01T00:00:00.999Z', 0],
    ['1969-12-31T23:59:59.999Z', -1],
    ['1969-12-31T23:59:59.000Z', -1],
  ])('puts %s into the second %i', (instant, second) => {
    expect(wholeSecond(new Date(instant))).toBe(second);
  });

  it('is NaN for an invalid date', () => {
    expect(wholeSecond(new Date('never'))).toBeNaN();
  });
});
