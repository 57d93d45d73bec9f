import type { FigureName, Figures, Point } from './results.js';

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}

/** The median of each figure by itself. */
export function medianFigures(rounds: readonly Figures[]): Figures {
  const of = (key: FigureName) => median(rounds.map((figures) => figures[key]));
  const inDatabase = rounds.flatMap(({ databaseCpuMicroseconds: cpu }) => cpu ?? []);
  return {
    cpuMicroseconds: of('cpuMicroseconds'),
    ...(inDatabase.length > 0 && { databaseCpuMicroseconds: median(inDatabase) }),
    requestsPerSecond: of('requestsPerSecond'),
    p50Milliseconds: of('p50Milliseconds'),
    p99Milliseconds: of('p99Milliseconds'),
    rssMegabytes: of('rssMegabytes'),
    requests: of('requests'),
  };
}

/**
 * Of two points of a series, the median over the rounds of what `compare` makes of both in the same round: a machine that
 * changes its pace changes both, and drops out.
 */
export function compareRounds(
  one: Point,
  other: Point,
  compare: (one: Figures, other: Figures) => number,
): number {
  return median(one.rounds.map((figures, round) => compare(figures, other.rounds[round]!)));
}

/** How many times the other's figure. */
export function timesOf(one: Point, other: Point, figure: FigureName): number {
  return compareRounds(one, other, (mine, its) => mine[figure] / its[figure]);
}
