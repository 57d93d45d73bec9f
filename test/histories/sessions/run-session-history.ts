import type { DatabasePair } from '../database-pair.js';
import { type HistoryOptions, type Play, playHistory } from '../play-history.js';
import type { Report } from '../report.js';
import { withPool } from '../with-pool.js';
import { DeviceClient } from './device-client.js';
import { SESSION_REWRITES, type SessionFault } from './session-faults.js';
import { addSlowAudit, addSessions } from './session-schema.js';
import type { SessionUser } from './session-user.js';
import { SessionUsers } from './session-users.js';
import { TimeLapse } from './time-lapse.js';

/** Rarer than without sessions, each of which has to live through some rotations, and some until their absolute end. */
const PAUSES = {
  cut: [500, 2500],
  kill: [10_000, 25_000],
  everyone: [30_000, 40_000],
  failover: [12_000, 30_000],
  lock: [500, 3000],
  forget: [500, 2000],
} as const;

/** A history of sessions. */
export function runSessionHistory(options: HistoryOptions<SessionFault>): Promise<Report> {
  return playHistory(options, sessionPlay(options.fault));
}

function sessionPlay(fault: SessionFault | undefined): Play<SessionUser> {
  const lapse = new TimeLapse(Date.now());
  return {
    server: {
      main: 'sessions/session-node-main',
      rewrites: fault ? SESSION_REWRITES[fault] : [],
    },
    settings: { lapseStart: lapse.start },
    pauses: PAUSES,
    usersPerClient: 2,
    prepare: (databases) => prepare(databases, lapse),
    users: (stage, random) => new SessionUsers(stage, random),
    client: (world, number, random) => new DeviceClient(world, number, { random, lapse }),
  };
}

async function prepare({ primaryUrl }: DatabasePair, lapse: TimeLapse): Promise<void> {
  await withPool(primaryUrl, async (pool) => {
    await addSessions(pool);
    await addSlowAudit(pool);
    await lapse.hasten(pool);
  });
}
