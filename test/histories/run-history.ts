import { addCarelessTrigger } from './careless-application.js';
import { Client } from './client.js';
import type { DatabasePair } from './database-pair.js';
import { plantInDatabase } from './faulty-database.js';
import { REWRITES } from './faulty-source.js';
import { HistoryUsers } from './history-users.js';
import type { HistoryUser } from './history-user.js';
import { PAUSES } from './operator.js';
import type { PlantedFault } from './planted-faults.js';
import { type HistoryOptions, type Play, playHistory } from './play-history.js';
import type { Report } from './report.js';
import { withPool } from './with-pool.js';

/** A history of tokens without sessions. */
export function runHistory(options: HistoryOptions<PlantedFault>): Promise<Report> {
  return playHistory(options, tokenPlay(options.fault));
}

function tokenPlay(fault: PlantedFault | undefined): Play<HistoryUser> {
  const rewrite = fault && REWRITES[fault];
  return {
    server: { main: 'node-main', rewrites: rewrite ? [rewrite] : [] },
    settings: { fault },
    pauses: PAUSES,
    // More than two clients a user on average, so that each user has quiet moments and crowded ones.
    usersPerClient: 0.5,
    prepare: (databases) => prepare(databases, fault),
    users: ({ database, recorder }, random) => new HistoryUsers(database, recorder, random),
    client: (world, number, random) => new Client(world, number, random),
  };
}

async function prepare(
  { primaryUrl }: DatabasePair,
  fault: PlantedFault | undefined,
): Promise<void> {
  await withPool(primaryUrl, async (pool) => {
    await addCarelessTrigger(pool);
    if (fault) await plantInDatabase(pool, fault);
  });
}
