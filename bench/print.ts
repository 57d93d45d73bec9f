import type { FigureName, Point, Results } from './results.js';
import { timesOf } from './statistics.js';
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
  const { median, statementsPerRequest } = point;
  return [
    point.variant,
    loadOf(point),
    median.cpuMicroseconds.toFixed(1),
    median.databaseCpuMicroseconds?.toFixed(1) ?? '',
    median.requestsPerSecond.toFixed(0),
    ratio(point, points),
    median.p50Milliseconds.toFixed(2),
    median.p99Milliseconds.toFixed(2),
    median.rssMegabytes.toFixed(0),
    statementsPerRequest?.toFixed(3) ?? '',
  ];
}

function loadOf({ connections, users, distinctTokens, forgedPercent }: Point): string {
  const forged = forgedPercent > 0 ? `, ${forgedPercent} % forged` : '';
  return `${connections} conn., ${distinctTokens} of ${users} users${forged}`;
}

/** How many times as many requests the library answers under the same load, and how many times its CPU each takes. */
function ratio(point: Point, points: readonly Point[]): string {
  if (point.variant === 'library') return '';
  const own = points.find(
    (other) => other.variant === 'library' && loadOf(other) === loadOf(point),
  );
  if (!own) return '';
  const times = (figure: FigureName) => timesOf(own, point, figure).toFixed(2);
  return `${times('requestsPerSecond')} x, CPU ${times('cpuMicroseconds')} x`;
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
