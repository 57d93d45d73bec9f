import { describe, expect, it } from 'vitest';
import { clockWarnings } from './clock-warnings.js';

const NOW = Date.UTC(2027, 0);
const MINUTE = 60_000;

/** This node's clock is ahead of the store's by so much, before the store answers and after. */
async function warningsOf(ahead: [before: number, after: number], expiresInSeconds = 60) {
  const times = ahead.map((by) => NOW + by);
  const clock = { now: () => times.shift()! };
  return clockWarnings({ now: async () => NOW }, { clock, expiresInSeconds });
}

describe('clockWarnings', () => {
  it('warns of a node that is ahead by as long as tokens live, or longer', async () => {
    for (const by of [MINUTE, 90 * MINUTE]) {
      expect(await warningsOf([by, by])).toEqual([
        expect.stringMatching(/clock is \d+ s ahead of the database's, and tokens live 60 s/),
      ]);
    }
  });

  it('warns of a node that is behind by as long', async () => {
    expect(await warningsOf([-MINUTE, -MINUTE])).toEqual([
      expect.stringMatching(/clock is 60 s behind the database's.*NTP/),
    ]);
  });

  it('does not warn of less', async () => {
    expect(await warningsOf([MINUTE - 1, MINUTE - 1])).toEqual([]);
    expect(await warningsOf([1 - MINUTE, 1 - MINUTE])).toEqual([]);
    expect(await warningsOf([5 * MINUTE, 5 * MINUTE], 900)).toEqual([]);
  });

  it('does not count the time that the answer took', async () => {
    expect(await warningsOf([-90 * MINUTE, 90 * MINUTE])).toEqual([]);
    expect(await warningsOf([0, 90 * MINUTE])).toEqual([]);
  });

  it('does not warn where the store has no clock to ask', async () => {
    const clock = { now: () => NOW };
    const store = { now: async () => undefined };
    expect(await clockWarnings(store, { clock, expiresInSeconds: 1 })).toEqual([]);
  });
});
