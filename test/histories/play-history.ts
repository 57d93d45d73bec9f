import { setTimeout } from 'node:timers/promises';
import { DatabaseAccess } from './database-access.js';
import { DatabasePair } from './database-pair.js';
import { HttpConnections } from './http-connections.js';
import type { NodeSettings } from './node-settings.js';
import { DEEDS, Operator, type Pauses } from './operator.js';
import { type Random, randomStreams } from './random.js';
import { Recorder } from './recorder.js';
import type { Report } from './report.js';
import { ServerProcess } from './server-process.js';
import { buildServer, type ServerSource } from './server-program.js';
import { type PooledUser, UserPool, type UserSource } from './user-pool.js';
import { type Violation, violation } from './violation.js';
import type { Stage, World } from './world.js';

export interface HistoryOptions<Fault extends string = string> {
  readonly processes: number;
  readonly clients: number;
  readonly seconds: number;
  /** Ends the run as soon as there were so many. */
  readonly operations?: number;
  readonly seed: number;
  /** For the tests of the checker. */
  readonly fault?: Fault | undefined;
  /** Ends the run at the first violation that is found. */
  readonly stopAtViolation?: boolean;
}

/** What is played: the servers, the users, and what clients do to them. */
export interface Play<User extends PooledUser> {
  readonly server: ServerSource;
  readonly settings: Pick<NodeSettings, 'fault' | 'lapseStart'>;
  readonly pauses: Pauses;
  /** How many users are in use at once. */
  readonly usersPerClient: number;
  /** Makes the databases ready, before any server starts. */
  prepare(databases: DatabasePair): Promise<void>;
  users(stage: Stage, random: Random): UserSource<User>;
  client(world: World<User>, number: number, random: Random): { run(): Promise<void> };
}

/** The clocks of any two servers, or of one and the database, are as far apart as the library allows. */
const MOST_APART_SECONDS = 300;

/** Lets clients loose on servers over one database, and judges what they saw. */
export async function playHistory<User extends PooledUser>(
  options: HistoryOptions,
  play: Play<User>,
): Promise<Report> {
  const streams = randomStreams(options.seed, 2 + DEEDS.length + options.clients);
  const [clocks, users] = streams.splice(0, 2) as [Random, Random];
  const deeds = streams.splice(0, DEEDS.length);
  const program = await buildServer(play.server);
  const databases = await DatabasePair.open();
  const stage = createStage(databases, serversOf(options, { clocks, play, databases, program }));
  try {
    await play.prepare(databases);
    await Promise.all(stage.servers.map((server) => server.start()));
    const world = Object.assign(stage, { users: new UserPool(play.users(stage, users)) });
    await world.users.fill(Math.ceil(options.clients * play.usersPerClient));
    const clients = streams.map((random, index) => play.client(world, index, random));
    const operator = new Operator(
      world,
      clients.length,
      Object.fromEntries(DEEDS.map((deed, index) => [deed, deeds[index]!])) as never,
      { runSeconds: options.seconds, pauses: play.pauses },
    );
    const started = performance.now();
    await letLoose(world, { clients, operator, options });
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
    await tearDown(stage);
    program.remove();
  }
}

function createStage(databases: DatabasePair, servers: readonly ServerProcess[]): Stage {
  const database = new DatabaseAccess(databases.primaryUrl);
  const recorder = new Recorder(database);
  return { servers, databases, database, http: new HttpConnections(), recorder, stopping: false };
}

function serversOf<User extends PooledUser>(
  { processes }: HistoryOptions,
  parts: { clocks: Random; play: Play<User>; databases: DatabasePair; program: { script: string } },
): ServerProcess[] {
  const { clocks, play, databases, program } = parts;
  const { url } = databases;
  return clockOffsets(clocks, processes).map(
    (clockOffsetSeconds, index) =>
      // One server still takes tokens from before the library, and so remembers no signatures.
      new ServerProcess(index, program.script, {
        ...play.settings,
        url,
        clockOffsetSeconds,
        legacy: index === 0,
      }),
  );
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

async function letLoose<User extends PooledUser>(
  world: World<User>,
  parts: {
    clients: readonly { run(): Promise<void> }[];
    operator: Operator;
    options: HistoryOptions;
  },
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

async function tearDown({ servers, http, database, databases }: Stage): Promise<void> {
  http.close();
  await Promise.all(servers.map((server) => server.stop()));
  await database.close();
  await databases.close();
}
