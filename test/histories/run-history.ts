import { setTimeout } from 'node:timers/promises';
import { addCarelessTrigger } from './careless-application.js';
import { Client } from './client.js';
import { DatabaseAccess } from './database-access.js';
import { DatabasePair } from './database-pair.js';
import { plantInDatabase } from './faulty-database.js';
import { HttpConnections } from './http-connections.js';
import { DEEDS, Operator } from './operator.js';
import type { PlantedFault } from './planted-faults.js';
import { type Random, randomStreams } from './random.js';
import { Recorder } from './recorder.js';
import type { Report } from './report.js';
import { ServerProcess } from './server-process.js';
import { buildServer } from './server-program.js';
import { UserPool } from './user-pool.js';
import { type Violation, violation } from './violation.js';
import type { World } from './world.js';

export interface HistoryOptions {
  readonly processes: number;
  readonly clients: number;
  readonly seconds: number;
  /** Ends the run as soon as there were so many. */
  readonly operations?: number;
  readonly seed: number;
  /** For the tests of the checker. */
  readonly fault?: PlantedFault | undefined;
  /** Ends the run at the first violation that is found. */
  readonly stopAtViolation?: boolean;
}

/** The clocks of any two servers, or of one and the database, are as far apart as the library allows. */
const MOST_APART_SECONDS = 300;

/** Lets clients loose on servers over one database, and judges what they saw. */
export async function runHistory(options: HistoryOptions): Promise<Report> {
  const { seed, fault } = options;
  const streams = randomStreams(seed, 2 + DEEDS.length + options.clients);
  const [clocks, users] = streams.splice(0, 2) as [Random, Random];
  const deeds = streams.splice(0, DEEDS.length);
  const program = await buildServer(fault);
  const databases = await DatabasePair.open();
  const { script } = program;
  const world = createWorld(options, { clocks, random: users, script, databases });
  try {
    await world.database.use(addCarelessTrigger);
    if (fault) await world.database.use((pool) => plantInDatabase(pool, fault));
    await Promise.all(world.servers.map((server) => server.start()));
    // More than two clients a user on average, so that each user has quiet moments and crowded ones.
    await world.users.fill(Math.ceil(options.clients / 2));
    const clients = streams.map((random, index) => new Client(world, index, random));
    const operator = new Operator(
      world,
      clients.length,
      Object.fromEntries(DEEDS.map((deed, index) => [deed, deeds[index]!])) as never,
      options.seconds,
    );
    const started = performance.now();
    await play(world, { clients, operator, options });
    const { recorder } = world;
    return {
      ...options,
      seconds: (performance.now() - started) / 1000,
      clockOffsets: world.servers.map(({ clockOffsetSeconds }) => clockOffsetSeconds),
      operations: recorder.operations,
      invalidations: recorder.invalidations,
      counts: recorder.counts,
      users: world.users.judged,
      ...operator.done,
      violations: [...world.users.violations, ...crashes(world.servers), ...stranded(operator)],
    };
  } finally {
    await tearDown(world);
    program.remove();
  }
}

function createWorld(
  options: HistoryOptions,
  parts: { clocks: Random; random: Random; script: string; databases: DatabasePair },
): World {
  const { clocks, random, script, databases } = parts;
  const { processes, fault } = options;
  const { url } = databases;
  const database = new DatabaseAccess(databases.primaryUrl);
  const recorder = new Recorder(database);
  const offsets = clockOffsets(clocks, processes);
  return {
    servers: offsets.map(
      (clockOffsetSeconds, index) =>
        // One server still takes tokens from before the library, and so remembers no signatures.
        new ServerProcess(index, script, { url, clockOffsetSeconds, legacy: index === 0, fault }),
    ),
    databases,
    database,
    http: new HttpConnections(),
    recorder,
    users: new UserPool(database, recorder, random),
    stopping: false,
  };
}

/** One clock behind the database's, one with it, one ahead, as far apart as may be; the rest in between. */
function clockOffsets(random: Random, processes: number): number[] {
  const behind = -random.whole(1, MOST_APART_SECONDS - 1);
  const edges = [behind, 0, behind + MOST_APART_SECONDS];
  return Array.from(
    { length: processes },
    (_, index) => edges[index] ?? random.whole(behind, behind + MOST_APART_SECONDS),
  );
}

async function play(
  world: World,
  parts: { clients: readonly Client[]; operator: Operator; options: HistoryOptions },
): Promise<void> {
  const { clients, operator, options } = parts;
  const end = new AbortController();
  const playing = Promise.all([...clients.map((client) => client.run()), operator.run()]);
  const stop = () => end.abort();
  if (options.stopAtViolation) {
    world.users.onViolation(stop);
    operator.onStranded(stop);
  }
  if (options.operations !== undefined) world.recorder.onOperations(options.operations, stop);
  const time = setTimeout(options.seconds * 1000, undefined, { signal: end.signal }).catch(
    () => {},
  );
  await Promise.race([time, playing]);
  world.stopping = true;
  operator.stop();
  await playing;
  await world.users.finish();
}

function crashes(servers: readonly ServerProcess[]): Violation[] {
  return servers
    .filter((server) => server.crashes > 0)
    .map(({ index, crashes: count }) =>
      violation('server ended by itself', `Process ${index} did, ${count} times.`, []),
    );
}

function stranded(operator: Operator): Violation[] {
  return operator.stranded.map((index) =>
    violation('new primary not found', `Process ${index} stayed with the old one.`, []),
  );
}

async function tearDown({ servers, http, database, databases }: World): Promise<void> {
  http.close();
  await Promise.all(servers.map((server) => server.stop()));
  await database.close();
  await databases.close();
}
