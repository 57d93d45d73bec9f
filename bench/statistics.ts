import type { FigureName, Figures, Point } from './results.js';

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}

/** Between which values the true median lies, and how sure that is. */
export interface MedianInterval {
  readonly low: number;
  readonly high: number;
  /** From 0 to 1. */
  readonly confidence: number;
}

const CONFIDENCE = 0.95;

/**
 * The narrowest pair of order statistics around the median that holds it with 95 % confidence, whatever the distribution:
 * each value is below the true median as a coin falls. Fewer than six values are too few for 95 %; their ends are given.
 */
export function medianInterval(values: readonly number[]): MedianInterval {
  const sorted = values.toSorted((one, other) => one - other);
  const { length } = sorted;
  let depth = 1;
  while (coverage(length, depth + 1) >= CONFIDENCE) depth++;
  return {
    low: sorted[depth - 1] ?? Number.NaN,
    high: sorted[length - depth] ?? Number.NaN,
    confidence: Math.max(0, coverage(length, depth)),
  };
}

/** The probability that at least `depth` of so many fair coins fall on each side. */
function coverage(coins: number, depth: number): number {
  let combinations = 1;
  let oneSide = 0;
  for (let heads = 0; heads < depth; heads++) {
    oneSide += combinations;
    combinations = (combinations * (coins - heads)) / (heads + 1);
  }
  return 1 - (2 * oneSide) / 2 ** coins;
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
  return median(eachRound(one, other, compare));
}

/** The same, round by round. */
export function eachRound(
  one: Point,
  other: Point,
  compare: (one: Figures, other: Figures) => number,
): number[] {
  return one.rounds.map((figures, round) => compare(figures, other.rounds[round]!));
}

/** How many times the other's figure. */
export function timesOf(one: Point, other: Point, figure: FigureName): number {
  return median(timesInEachRound(one, other, figure));
}

/** How many times the other's figure, round by round. */
export function timesInEachRound(one: Point, other: Point, figure: FigureName): number[] {
  return eachRound(one, other, (mine, its) => mine[figure] / its[figure]);
}
