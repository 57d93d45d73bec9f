import { runSql } from './database.js';
import type { Call, Refresh } from './load/messages.js';
import type { Case, LoadProcess } from './measure.js';
import { WARM_UP_SECONDS } from './run-series.js';
import type { ServerProcess } from './server/server-process.js';
import { AGE_SESSIONS, DUE, REPEATED, SEE_SESSIONS } from './session-rows.js';
import type { Credential, RefreshRoute } from './variants/variant.js';

interface RefreshTimes {
  readonly connections: number;
  /** Of each measurement. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** More than any server makes: of each session one refresh is due in a measurement. */
const PER_SECOND = { refreshes: 20_000, rotations: 40_000 };

/**
 * Each server with refreshes that are all due, as those of a client are that comes back when its access token has
 * expired. The library also with clients that refresh again soon after a rotation, for which it writes nothing.
 */
export async function refreshCases(
  servers: readonly ServerProcess[],
  load: LoadProcess,
  times: RefreshTimes,
): Promise<Case[]> {
  const cases: Case[] = [];
  for (const server of servers) cases.push(...(await casesOf(server, times)));
  for (const measured of cases) await warmUp(measured, load, times);
  return cases;
}

async function casesOf(server: ServerProcess, times: RefreshTimes): Promise<Case[]> {
  const count = countOf('refreshes', times);
  const due = await server.startSessions({ count, label: DUE });
  const { variant, database } = server;
  const dueCase = caseOf(server, due, { ...times, refresh: 'due', prepare: makeDue(server) });
  if (variant.sessions === undefined) return [dueCase];
  const repeated = await server.startSessions({
    count: database.userIds.length,
    label: REPEATED,
  });
  return [
    dueCase,
    caseOf(server, repeated, {
      ...times,
      refresh: 'repeated',
      prepare: statements(server, SEE_SESSIONS),
    }),
  ];
}

/** Each server's refreshes that are due, made in its own process: what HTTP costs either of them is left out. */
export async function rotationCases(
  servers: readonly ServerProcess[],
  load: LoadProcess,
  times: RefreshTimes,
): Promise<Case[]> {
  const count = countOf('rotations', times);
  const shape = { connections: times.connections, distinctTokens: count, forgedPercent: 0 };
  const cases: Case[] = [];
  for (const server of servers) {
    await server.startSessions({ count, label: DUE });
    const prepare = makeDue(server);
    cases.push({ server, shape: { ...shape, refresh: 'due' }, isDirect: true, prepare });
  }
  for (const measured of cases) await warmUp(measured, load, times);
  return cases;
}

function countOf(kind: keyof typeof PER_SECOND, { seconds }: RefreshTimes): number {
  return Math.ceil(PER_SECOND[kind] * (seconds + WARM_UP_SECONDS));
}

/** The rows of the others are due as they are. The library's are vacuumed as well, when they are made due. */
function makeDue(server: ServerProcess): () => Promise<void> {
  return statements(server, server.variant.sessions === undefined ? ['VACUUM'] : AGE_SESSIONS);
}

function statements({ database }: ServerProcess, texts: readonly string[]): () => Promise<void> {
  return async () => {
    await runSql(database.url, texts);
  };
}

function caseOf(
  server: ServerProcess,
  { path, credentials }: RefreshRoute,
  { connections, refresh, prepare }: RefreshTimes & Required<Pick<Case, 'prepare'>> & Wanted,
): Case {
  const shape = { connections, distinctTokens: credentials.length, forgedPercent: 0, refresh };
  const call = (credential: string | Credential): Call | Refresh =>
    typeof credential === 'string'
      ? { path, refreshToken: credential, rotates: refresh === 'due' }
      : { method: 'POST', path, credential, status: 200 };
  return { server, shape, calls: credentials.map(call), prepare };
}

interface Wanted {
  readonly refresh: 'due' | 'repeated';
}

/** The code of the route is compiled while it runs, as that of `GET /me` was when the server started. */
async function warmUp(measured: Case, load: LoadProcess, times: RefreshTimes): Promise<void> {
  const { seconds, warmUpSeconds } = times;
  for (let spent = 0; spent < warmUpSeconds; spent += seconds) {
    await load.measure(measured, { warmUpSeconds: 0, seconds });
  }
}
