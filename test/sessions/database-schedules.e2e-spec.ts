import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tries } from '../support/properties.js';
import { DatabaseServer } from '../support/sessions/database-server.js';
import { MadeUpClock } from '../support/sessions/made-up-clock.js';
import { type OpenServer, ours, play, type Schedule } from '../support/sessions/schedule.js';
import { SessionDatabase } from '../support/sessions/session-database.js';

/** Hundreds of schedules, on a machine that may be busy. */
const PATIENT = { timeout: 1_800_000 };
const { seed: SEED, numRuns: SCHEDULES } = tries(500);
const ALONE = { seconds: 500, lostSights: 0.2, calm: 4 } satisfies Omit<
  Schedule,
  'seed' | 'server'
>;
const STOLEN = { seconds: 20_000, thief: 'independent', calm: 10 } as const;

let database: SessionDatabase;
let open: OpenServer;

beforeAll(async () => {
  database = await SessionDatabase.open();
  const clock = await MadeUpClock.in(database);
  const store = database.node();
  open = () => DatabaseServer.open(database, { store, clock });
});
afterAll(() => database?.close());

describe('T13 over PostgreSQL', PATIENT, () => {
  it('never refuses an owner who is alone, in 500 schedules, and does what memory does', async () => {
    let rotations = 0;
    for (let seed = SEED; seed < SEED + SCHEDULES; seed += 1) {
      const outcome = await play({ ...ALONE, seed, server: open });
      expect({ seed, ...outcome }).toMatchObject({ refused: undefined, ended: null });
      expect(outcome).toEqual(await play({ ...ALONE, seed, server: ours }));
      rotations += outcome.rotations;
    }
    expect(rotations / SCHEDULES).toBeGreaterThan(1);
  });

  it('finds a thief who uses a copy independently of the owner', async () => {
    for (let seed = SEED; seed < SEED + SCHEDULES / 50; seed += 1) {
      const outcome = await play({ ...STOLEN, seed, server: open });
      expect({ seed, ended: outcome.ended }).toEqual({ seed, ended: 'refresh_reused' });
    }
  });
});
