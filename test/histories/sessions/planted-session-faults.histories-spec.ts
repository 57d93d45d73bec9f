import { describe, expect, it } from 'vitest';
import type { Report } from '../report.js';
import type { BrokenRule } from '../violation.js';
import { runSessionHistory } from './run-session-history.js';
import type { SessionFault } from './session-faults.js';

/** Every fault, and the promises of which at least one is seen broken. */
const EXPECTED: Record<SessionFault, readonly BrokenRule[]> = {
  'new-child-grace': ['two successors of one refresh token'],
  'grace-from-rotation': ['honest client refused'],
  'sights-at-once': ['honest client refused'],
  'sights-from-rotation': ['honest client refused'],
  'token-without-rotation': ['refresh token without a rotation'],
  'ahead-by-one': ['honest client refused'],
  'fresh-version': ['token differs from its session', 'accepted after an invalidation'],
  'insert-on-refresh': ['accepted after its session was over', 'state moved back'],
  'ownership-dropped': ['live token refused', 'honest client refused'],
  'everyone-by-instant': ['accepted after everyone was logged out'],
  'expiry-by-node': ['accepted after its session was over'],
  'reuse-before-expiry': ['reuse of a session that is over'],
  'reuse-overlooked': ['old refresh token accepted'],
  'cap-dropped': ['more sessions than allowed'],
  'activity-dropped': ['accepted while inactive'],
};

const play = (seconds: number, fault?: SessionFault): Promise<Report> =>
  runSessionHistory({
    processes: 2,
    clients: 8,
    seconds,
    seed: 1,
    fault,
    stopAtViolation: true,
  });

describe('the checker of histories with sessions', () => {
  it('finds nothing where nothing is broken', async () => {
    const report = await play(20);
    expect(report.violations).toEqual([]);
    expect(report.counts.get('refresh done')).toBeGreaterThan(50);
  });

  it.each(Object.entries(EXPECTED) as [SessionFault, readonly BrokenRule[]][])(
    'finds the planted fault %s within 60 seconds',
    async (fault, expected) => {
      const { violations, seconds, operations } = await play(60, fault);
      const rules = violations.map(({ rule }) => rule);
      console.log(`${fault}: found after ${seconds.toFixed(1)} s, ${operations} operations`);
      expect(rules.filter((rule) => expected.includes(rule))).not.toEqual([]);
    },
  );
});
