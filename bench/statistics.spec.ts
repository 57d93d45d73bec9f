import { describe, expect, it } from 'vitest';
import { medianInterval } from './statistics.js';

const ranks = (count: number) => Array.from({ length: count }, (_, index) => count - index);

describe('medianInterval', () => {
  // From the published tables for the median's order statistics.
  it.each([
    { count: 6, low: 1, high: 6, confidence: 0.969 },
    { count: 9, low: 2, high: 8, confidence: 0.961 },
    { count: 12, low: 3, high: 10, confidence: 0.961 },
    { count: 25, low: 8, high: 18, confidence: 0.957 },
  ])('takes the values at $low and $high of $count', ({ count, low, high, confidence }) => {
    const interval = medianInterval(ranks(count));
    expect(interval).toMatchObject({ low, high });
    expect(interval.confidence).toBeCloseTo(confidence, 3);
  });

  it('gives the ends of few values, and how little they say', () => {
    expect(medianInterval([3, 1, 2])).toEqual({ low: 1, high: 3, confidence: 0.75 });
    expect(medianInterval([1])).toEqual({ low: 1, high: 1, confidence: 0 });
  });
});
