import { describe, expect, it } from 'vitest';
import { tries } from '../support/properties.js';
import { ours, peers, play, type Schedule } from '../support/sessions/schedule.js';

/** Thousands of schedules, on a machine that may be busy. */
const PATIENT = { timeout: 300_000 };
const { seed: SEED, numRuns: SCHEDULES } = tries(10_000);

/** How each of these schedules ended. */
async function playAll(count: number, schedule: Omit<Schedule, 'seed'>) {
  const outcomes = [];
  for (let index = 0; index < count; index += 1) {
    const seed = SEED + index;
    outcomes.push({ seed, ...(await play({ ...schedule, seed })) });
  }
  return outcomes;
}

describe('T13: owners, thieves and the network', PATIENT, () => {
  it('never refuses an owner who is alone, in 10 000 schedules', async () => {
    const outcomes = await playAll(SCHEDULES, { server: ours, seconds: 1000, lostSights: 0.2 });
    expect(outcomes.filter(({ refused, ended }) => refused ?? ended)).toEqual([]);
    const rotations = outcomes.reduce((sum, outcome) => sum + outcome.rotations, 0);
    expect(rotations / outcomes.length).toBeGreaterThan(2);
  });

  it('refuses at least one in a hundred where the grace counts from the rotation', async () => {
    const count = Math.ceil(SCHEDULES / 20);
    const outcomes = await playAll(count, { server: peers, seconds: 8000 });
    const refused = outcomes.filter((outcome) => outcome.refused !== undefined);
    expect(refused.length / count).toBeGreaterThan(0.01);
  });

  it.each([
    ['uses a copy independently of the owner', 'independent'],
    ['sends the former token before every sight', 'repeating'],
  ] as const)('finds every thief who %s', async (_, thief) => {
    const schedule = { server: ours, seconds: 20_000, thief };
    const outcomes = await playAll(Math.ceil(SCHEDULES / 40), schedule);
    expect(outcomes.filter(({ ended }) => ended !== 'refresh_reused')).toEqual([]);
  });
});
