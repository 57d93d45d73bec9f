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

/** More than any server refreshes: of each session one refresh is due in a measurement. */
const REFRESHES_PER_SECOND = 10_000;

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
  const count = Math.ceil(REFRESHES_PER_SECOND * (times.seconds + WARM_UP_SECONDS));
  const due = await server.startSessions({ count, label: DUE });
  const { variant, database } = server;
  const run = (statements: readonly string[]) => async () => {
    await runSql(database.url, statements);
  };
  if (variant.sessions === undefined) {
    // The library's rows are vacuumed when they are made due.
    return [caseOf(server, due, { ...times, refresh: 'due', prepare: run(['VACUUM']) })];
  }
  const repeated = await server.startSessions({
    count: database.userIds.length,
    label: REPEATED,
  });
  return [
    caseOf(server, due, { ...times, refresh: 'due', prepare: run(AGE_SESSIONS) }),
    caseOf(server, repeated, { ...times, refresh: 'repeated', prepare: run(SEE_SESSIONS) }),
  ];
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
