import { describe, expect, it } from 'vitest';
import type { PlantedFault } from './planted-faults.js';
import type { Report } from './report.js';
import { runHistory } from './run-history.js';
import type { BrokenRule } from './violation.js';

/** Every fault, and the promises of which at least one is seen broken. */
const EXPECTED: Record<PlantedFault, readonly BrokenRule[]> = {
  'check-dropped': ['accepted after an invalidation'],
  'stale-copy': ['accepted after an invalidation'],
  'late-join': ['accepted after an invalidation'],
  'version-without-cutoff': ['cutoff before its invalidation'],
  'cutoff-without-version': ['version given twice', 'version out of bounds'],
  'transaction-clock': ['cutoff before its invalidation'],
  'iat-not-clamped': ['live token refused'],
  'trigger-missing': ['accepted after an invalidation', 'version out of bounds'],
  'record-read-again': ['accepted after an invalidation'],
  'outage-refuses': ['live token refused'],
  'primary-check-dropped': ['accepted after an invalidation'],
  'standby-check-alone': ['accepted after an invalidation'],
  'connection-kept': ['new primary not found'],
  'no-read-back': [
    'accepted after an invalidation',
    'accepted with an older version',
    'version given twice',
    'version out of bounds',
    'cutoff before its invalidation',
  ],
  'writes-on-pool': ['accepted after an invalidation', 'version out of bounds'],
};

const play = (seconds: number, fault?: PlantedFault): Promise<Report> =>
  runHistory({
    processes: 2,
    clients: 16,
    seconds,
    seed: 1,
    fault,
    stopAtViolation: true,
  });

describe('the checker of histories', () => {
  it('finds nothing where nothing is broken', async () => {
    const report = await play(10);
    expect(report.violations).toEqual([]);
    expect(report.operations).toBeGreaterThan(500);
    expect(report.invalidations).toBeGreaterThan(10);
  });

  it.each(Object.entries(EXPECTED) as [PlantedFault, readonly BrokenRule[]][])(
    'finds the planted fault %s within 60 seconds',
    async (fault, expected) => {
      const { violations, seconds, operations } = await play(60, fault);
      const rules = violations.map(({ rule }) => rule);
      console.log(`${fault}: found after ${seconds.toFixed(1)} s, ${operations} operations`);
      expect(rules.filter((rule) => expected.includes(rule))).not.toEqual([]);
    },
  );
});
