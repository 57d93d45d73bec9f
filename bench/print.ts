import type { FigureName, Point, Results } from './results.js';
import { EARLIER } from './earlier-library.js';
import { eachRound, median, medianInterval, timesInEachRound, timesOf } from './statistics.js';
import { judgeTargets } from './targets.js';

/** The results as text. */
export function print(results: Results): void {
  for (const key of new Set(
    results.points.map(({ series, platform }) => `${series}, ${platform}`),
  )) {
    const points = results.points.filter(
      ({ series, platform }) => `${series}, ${platform}` === key,
    );
    console.log(`\n${key}`);
    printTable([HEADINGS, ...points.map((point) => cells(point, points))]);
    printPairs(points);
  }
  console.log('\ntargets');
  const verdicts = { true: 'met', false: 'NOT MET', undefined: 'not measured' };
  printTable(
    judgeTargets(results).map(({ target, measured, met }) => [
      target,
      measured,
      verdicts[`${met}`],
    ]),
  );
}

/** The library against each of its earlier versions, round by round. */
function printPairs(points: readonly Point[]): void {
  const earlier = points.filter(({ variant }) => variant.startsWith(EARLIER));
  const rows = earlier.flatMap((point) => {
    const own = libraryUnderLoadOf(point, points);
    if (!own) return [];
    const pair = (figure: FigureName) => medianOf(timesInEachRound(own, point, figure), 'x');
    const dearer = eachRound(own, point, (mine, its) => mine.cpuMicroseconds - its.cpuMicroseconds);
    return [
      [
        point.variant,
        loadOf(point),
        pair('requestsPerSecond'),
        pair('cpuMicroseconds'),
        medianOf(dearer, 'us'),
      ],
    ];
  });
  if (rows.length === 0) return;
  console.log(`  the library to its earlier self, pairs of ${earlier[0]!.rounds.length} rounds`);
  printTable([PAIR_HEADINGS, ...rows]);
}

const PAIR_HEADINGS = ['variant', 'load', 'throughput', 'CPU', 'CPU dearer by'];

/** The median with its interval. */
function medianOf(values: readonly number[], unit: string): string {
  const { low, high, confidence } = medianInterval(values);
  const [middle, from, to] = [median(values), low, high].map((value) => value.toFixed(2));
  return `${middle} ${unit} (${from} to ${to} with ${(confidence * 100).toFixed(0)} %)`;
}

/** The library, by its variants. */
const OWN = new Set(['library', 'library-sessions', 'library-refresh']);

const HEADINGS = [
  'variant',
  'load',
  'us CPU',
  'of the database',
  'req/s',
  'library is',
  'p50 ms',
  'p99 ms',
  'RSS MB',
  'stmts/req',
];

function cells(point: Point, points: readonly Point[]): string[] {
  const { statementsPerRequest } = point;
  const figures = point.median;
  return [
    point.variant,
    loadOf(point),
    figures.cpuMicroseconds.toFixed(1),
    figures.databaseCpuMicroseconds?.toFixed(1) ?? '',
    figures.requestsPerSecond.toFixed(0),
    ratio(point, points),
    figures.p50Milliseconds.toFixed(2),
    figures.p99Milliseconds.toFixed(2),
    figures.rssMegabytes.toFixed(0),
    statementsPerRequest?.toFixed(3) ?? '',
  ];
}

function loadOf({ connections, users, distinctTokens, forgedPercent, refresh }: Point): string {
  if (refresh !== undefined) return `${connections} conn., refreshes ${refresh}`;
  const forged = forgedPercent > 0 ? `, ${forgedPercent} % forged` : '';
  return `${connections} conn., ${distinctTokens} of ${users} users${forged}`;
}

/** How many times as many requests the library answers under the same load, and how many times its CPU each takes. */
function ratio(point: Point, points: readonly Point[]): string {
  const own = libraryUnderLoadOf(point, points);
  if (!own || own === point) return '';
  const times = (figure: FigureName) => timesOf(own, point, figure).toFixed(2);
  return `${times('requestsPerSecond')} x, CPU ${times('cpuMicroseconds')} x`;
}

function libraryUnderLoadOf(point: Point, points: readonly Point[]): Point | undefined {
  const own = points.filter(({ variant }) => OWN.has(variant));
  return own.find((other) => loadOf(other) === loadOf(point));
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length)),
  );
  for (const row of rows) {
    console.log(
      `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
    );
  }
}
