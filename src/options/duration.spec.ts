import { describe, expect, it } from 'vitest';
import { type Duration, durationProblem, durationSeconds, requireSeconds } from './duration.js';

describe('durationSeconds', () => {
  it.each<[Duration, number]>([
    [0, 0],
    [900, 900],
    [0.5, 0.5],
    ['500ms', 0.5],
    ['0s', 0],
    ['15m', 900],
    ['1.5h', 5400],
    ['12 hours', 43_200],
    ['30d', 2_592_000],
    ['2 Days', 172_800],
    ['1y', 31_557_600],
  ])('reads %j as %d seconds', (duration, seconds) => {
    expect(durationSeconds(duration)).toBe(seconds);
  });

  it.each([
    ['900'],
    [''],
    [' '],
    ['m'],
    ['soon'],
    ['15 parsecs'],
    ['15m30s'],
    ['-5m'],
    ['15m; drop'],
    ['15m '],
    [`${'9'.repeat(100)}m`],
    [-1],
    [Number.NaN],
    [Infinity],
    [null],
    [undefined],
    [true],
    [{}],
    [['15m']],
    [new Date(0)],
  ])('does not take %j for a duration', (nonsense) => {
    expect(durationSeconds(nonsense as Duration)).toBeUndefined();
  });
});

describe('requireSeconds', () => {
  it('reads a duration', () => {
    expect(requireSeconds('10m', 'maxAuthAge')).toBe(600);
    expect(requireSeconds(0, 'maxAuthAge')).toBe(0);
  });

  it('names the setting and what to give', () => {
    expect(() => requireSeconds('900', 'maxAuthAge')).toThrow(
      new TypeError(
        `maxAuthAge is "900": give seconds as a number, or text with a unit such as '15m'.`,
      ),
    );
  });
});

describe('durationProblem', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [-1, '-1'],
    [{ m: 15 }, '{ m: 15 }'],
    [{ minutes: { of: 'a request' } }, '{ minutes: [Object] }'],
    [Number.NaN, 'NaN'],
  ])('shows %j as it was given', (duration, shown) => {
    expect(durationProblem(duration)).toContain(`is ${shown}: `);
  });
});
