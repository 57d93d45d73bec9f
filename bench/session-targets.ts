import { type JudgedTarget, judged, type Measured } from './judge.js';
import type { Figures, Point } from './results.js';
import { eachRound, median, medianInterval } from './statistics.js';
import { type Platform, PLATFORMS } from './variants/variant.js';

const LEAST_THROUGHPUT = 0.95;
const MOST_CPU_MICROSECONDS = 3;
const LEAST_REFRESHES = 3;

/** What sessions may cost, and what a refresh must be better than. Each is the median of pairs, with its interval. */
export function sessionTargets(run: Measured): JudgedTarget[] {
  return [
    ...PLATFORMS.flatMap((platform) => check(run, platform)),
    ...PLATFORMS.map((platform) => refreshes(run, platform)),
    rotations(run),
    ...PLATFORMS.map((platform) => flatOverSessions(run, platform)),
  ];
}

function check(run: Measured, platform: Platform): JudgedTarget[] {
  const of = (variant: string) => run.point('sessions', platform, { variant });
  const [own, without] = [of('library-sessions'), of('library')];
  const throughput = pairs(own, without, throughputOf);
  const cpu = pairs(own, without, (one, other) => one.cpuMicroseconds - other.cpuMicroseconds);
  return [
    judgedPairs(
      `${platform}: throughput with sessions at least ${LEAST_THROUGHPUT} times that without`,
      throughput,
      { isMet: (value) => value >= LEAST_THROUGHPUT },
    ),
    judgedPairs(
      `${platform}: CPU with sessions at most ${MOST_CPU_MICROSECONDS} us above that without`,
      cpu,
      { isMet: (value) => value <= MOST_CPU_MICROSECONDS, unit: 'us', digits: 1 },
    ),
  ];
}

/** Both with refreshes that are due, which is the dearer case for the library: another within the window writes nothing. */
function refreshes(run: Measured, platform: Platform): JudgedTarget {
  const variant = 'better-auth-refresh';
  const of = (name: string) => run.point('refresh', platform, { variant: name, refresh: 'due' });
  return judgedPairs(
    `${platform}: refreshes that are due at least ${LEAST_REFRESHES} times those of ${variant}`,
    pairs(of('library-refresh'), of(variant), throughputOf),
    { isMet: (value) => value >= LEAST_REFRESHES },
  );
}

/** In the server's process: of a refresh over HTTP, what is the same for both would be most of what is compared. */
function rotations(run: Measured): JudgedTarget {
  const of = (variant: string) => run.point('rotations', 'fastify', { variant });
  return judgedPairs(
    `rotations at least ${LEAST_REFRESHES} times those of delete-insert`,
    pairs(of('library-sessions'), of('delete-insert'), throughputOf),
    { isMet: (value) => value >= LEAST_REFRESHES },
  );
}

function flatOverSessions(run: Measured, platform: Platform): JudgedTarget {
  const at = (sessionRows: number) => run.point('session-rows', platform, { sessionRows });
  return judgedPairs(
    `${platform}: throughput with 10 million sessions within 10 % of that with 10 thousand`,
    pairs(at(10_000_000), at(10_000), throughputOf),
    { isMet: (value) => Math.abs(value - 1) <= 0.1 },
  );
}

function throughputOf(one: Figures, other: Figures): number {
  return one.requestsPerSecond / other.requestsPerSecond;
}

function pairs(
  one: Point | undefined,
  other: Point | undefined,
  compare: (one: Figures, other: Figures) => number,
): number[] | undefined {
  return one && other && eachRound(one, other, compare);
}

interface PairsJudgement {
  readonly isMet: (value: number) => boolean;
  readonly unit?: string;
  readonly digits?: number;
}

function judgedPairs(
  target: string,
  values: readonly number[] | undefined,
  { isMet, unit = 'times', digits = 2 }: PairsJudgement,
): JudgedTarget {
  const show = (value: number) => {
    const { low, high, confidence } = medianInterval(values!);
    const [middle, from, to] = [value, low, high].map((each) => each.toFixed(digits));
    return `${middle} ${unit} (${from} to ${to} with ${(confidence * 100).toFixed(0)} %)`;
  };
  return judged(target, values && median(values), { isMet, show });
}
