import type { UsersDatabase } from './database.js';
import type { Case, LoadProcess, LoadShape, Measurement } from './measure.js';
import { progress } from './progress.js';
import type { Point, Series } from './results.js';
import type { ServerProcess } from './server/server-process.js';
import { median, medianFigures } from './statistics.js';

export interface SeriesPlan {
  readonly series: Series;
  readonly cases: readonly Case[];
  /** The numbers of the rounds that these servers take: not always all of the run's. */
  readonly rounds: readonly number[];
  readonly seconds: number;
  /** Of each server, before its first measurement. */
  readonly warmUpSeconds: number;
}

/** What the connections of a warm server do before they are measured, in every round. */
export const WARM_UP_SECONDS = 0.3;

/** Above this share of a core the load itself may be what was measured. */
const BUSY_LOAD = 0.95;

/** Each round measures each case once, and begins with another one. */
export async function runSeries(plan: SeriesPlan, load: LoadProcess): Promise<Point[]> {
  const taken = new Map<Case, Measurement[]>(plan.cases.map((item) => [item, []]));
  const warm = new Set<ServerProcess>();
  for (const round of plan.rounds) {
    progress(`${plan.series}: round ${round + 1}`);
    for (const item of rotated(plan.cases, round)) {
      const warmUpSeconds = warm.has(item.server) ? WARM_UP_SECONDS : plan.warmUpSeconds;
      const measurement = await load.measure(item, { warmUpSeconds, seconds: plan.seconds });
      warm.add(item.server);
      requireNoReads(item, measurement);
      taken.get(item)!.push(measurement);
      report(item, measurement);
    }
  }
  return plan.cases.map((item) => toPoint(plan.series, item, taken.get(item)!));
}

/** The rounds of a series that each had new servers, as if the same servers had taken them all. */
export function joinRounds(parts: readonly (readonly Point[])[]): Point[] {
  return parts[0]!.map((_, index) => joined(parts.map((points) => points[index]!)));
}

function joined(parts: readonly Point[]): Point {
  const rounds = parts.flatMap((part) => part.rounds);
  return {
    ...parts[0]!,
    rounds,
    median: medianFigures(rounds),
    statementsPerRequest: median(parts.map((part) => part.statementsPerRequest ?? Number.NaN)),
  };
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function report({ server, shape }: Case, { figures, loadCoreShare }: Measurement): void {
  const { requestsPerSecond, cpuMicroseconds, p50Milliseconds, p99Milliseconds } = figures;
  const busy = loadCoreShare > BUSY_LOAD ? ' (the load process is at its limit)' : '';
  const forged = shape.forgedPercent > 0 ? `, ${shape.forgedPercent} % forged` : '';
  const kind = shape.refresh === undefined ? forged : `, refreshes ${shape.refresh}`;
  progress(
    `  ${server.name}, ${shape.connections} connections, ${server.database.users} users${kind}: ` +
      `${requestsPerSecond.toFixed(0)}/s, ${cpuMicroseconds.toFixed(1)} us CPU, ` +
      `p50 ${p50Milliseconds.toFixed(2)} ms, p99 ${p99Milliseconds.toFixed(2)} ms, ` +
      `load ${(loadCoreShare * 100).toFixed(0)} %${busy}`,
  );
}

/** An attacker without a key must not reach the database. */
function requireNoReads({ server, shape }: Case, measurement: Measurement): void {
  const { statementsPerRequest } = measurement;
  if (shape.forgedPercent < 100 || statementsPerRequest === 0) return;
  throw new Error(
    `${server.name}: ${statementsPerRequest} statements for each request with a bad signature`,
  );
}

function toPoint(series: Series, item: Case, measurements: readonly Measurement[]): Point {
  const { server, shape } = item;
  const rounds = measurements.map(({ figures }) => figures);
  return {
    series,
    platform: server.platform,
    variant: server.variant.name,
    users: server.database.users,
    ...(server.database.sessionRows !== undefined && {
      sessionRows: server.database.sessionRows,
    }),
    ...shape,
    rounds,
    median: medianFigures(rounds),
    statementsPerRequest: median(measurements.map((one) => one.statementsPerRequest)),
  };
}

/** Each caller of the database has a token; all of them are good, unless some are forged. */
export function usualLoad(
  database: UsersDatabase,
  connections: number,
  forgedPercent = 0,
): LoadShape {
  return { connections, distinctTokens: database.userIds.length, forgedPercent };
}
