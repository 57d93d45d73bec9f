import type { Point, Results, Series } from '../results.js';
import { timesOf } from '../statistics.js';
import { judgeTargets } from '../targets.js';
import type { Platform } from '../variants/variant.js';
import { LIBRARY, platformLabel, variantLabel } from './labels.js';
import { number, table } from './markdown.js';
import { platformsOf, pointsOf } from './series.js';

type Column = readonly [title: string, cell: (point: Point) => string];

const PLATFORM: Column = ['platform', ({ platform }) => platformLabel(platform)];
const VARIANT: Column = ['variant', ({ variant }) => variantLabel(variant)];
const CPU: Column = ['CPU, µs/request', ({ median }) => number(median.cpuMicroseconds)];
const DATABASE_CPU: Column = [
  "database's",
  ({ median }) => optional(median.databaseCpuMicroseconds),
];
const FIGURES: readonly Column[] = [
  ['requests/s', ({ median }) => number(median.requestsPerSecond)],
  ['p50, ms', ({ median }) => number(median.p50Milliseconds)],
  ['p99, ms', ({ median }) => number(median.p99Milliseconds)],
];
const RSS: Column = ['RSS, MB', ({ median }) => number(median.rssMegabytes)];
const STATEMENTS: Column = [
  'SQL/request',
  ({ statementsPerRequest }) => optional(statementsPerRequest),
];

function optional(figure: number | undefined): string {
  return figure === undefined ? '' : number(figure);
}

function tableOf(
  points: readonly Point[],
  columns: readonly Column[],
  textColumns: number,
): string {
  const head = columns.map(([title]) => title);
  const rows = points.map((point) => columns.map(([, cell]) => cell(point)));
  return table(head, rows, textColumns);
}

/** Where, with what and when it was measured. */
export function machineTable({ machine, versions, command, startedAt }: Results): string {
  const { cpu, cores, memoryGigabytes, os } = machine;
  const rows = [
    ['machine', `${cpu}, ${cores} cores, ${number(memoryGigabytes)} GB, ${os}`],
    [
      'versions',
      Object.entries(versions)
        .map((entry) => entry.join(' '))
        .join(', '),
    ],
    ['command', `\`${command}\``],
    ['date', startedAt.slice(0, 10)],
  ];
  return table(['', ''], rows, 2);
}

/** All variants of one platform, with how many times their throughput the library has. */
export function mainTable(results: Results, platform: Platform): string {
  const points = pointsOf(results, 'main', platform).toSorted(
    (a, b) => b.median.requestsPerSecond - a.median.requestsPerSecond,
  );
  const library = points.find(({ variant }) => variant === LIBRARY);
  const ratio: Column = [
    'the library to it',
    (point) => (library ? `${timesOf(library, point, 'requestsPerSecond').toFixed(2)}x` : ''),
  ];
  const variant: Column = [
    'variant',
    ({ variant: name }) => (name === LIBRARY ? `**${variantLabel(name)}**` : variantLabel(name)),
  ];
  return tableOf(points, [variant, ...figuresOf(points), RSS, ...statementsOf(points), ratio], 1);
}

export function targetsTable(results: Results): string {
  const rows = judgeTargets(results).map(({ target, measured, met }) => [
    target,
    measured,
    met === undefined ? 'not measured' : met ? 'yes' : '**no**',
  ]);
  return table(['target', 'measured', 'met'], rows, 3);
}

/** A series in which every variant was measured once a platform. */
export function plainTable(results: Results, series: Series): string {
  return seriesTable(pointsOf(results, series));
}

/** What a series varies. */
const VARIED = {
  users: ['users', ({ users }) => number(users)],
  concurrency: ['connections', ({ connections }) => number(connections)],
  refused: ['bad signatures', ({ forgedPercent }) => `${forgedPercent} %`],
  'session-rows': ['sessions', ({ sessionRows }) => optional(sessionRows)],
  refresh: ['refreshes', ({ refresh = '' }) => refresh],
} as const satisfies Partial<Record<Series, Column>>;

export function variedTable(results: Results, series: keyof typeof VARIED): string {
  return seriesTable(pointsOf(results, series), [VARIED[series]]);
}

function seriesTable(points: readonly Point[], varied: readonly Column[] = []): string {
  const grouped = platformsOf(points).flatMap((platform) =>
    inGroups(points.filter((point) => point.platform === platform)),
  );
  return tableOf(
    grouped,
    [PLATFORM, VARIANT, ...varied, ...figuresOf(points), ...statementsOf(points)],
    2,
  );
}

/** With the database's share, where it could be seen. */
function figuresOf(points: readonly Point[]): Column[] {
  const seen = points.some(({ median }) => median.databaseCpuMicroseconds !== undefined);
  return [CPU, ...(seen ? [DATABASE_CPU] : []), ...FIGURES];
}

/** The column, where anything was counted. */
function statementsOf(points: readonly Point[]): Column[] {
  return points.some(({ statementsPerRequest }) => statementsPerRequest !== undefined)
    ? [STATEMENTS]
    : [];
}

/** The points of a variant next to each other. */
function inGroups(points: readonly Point[]): Point[] {
  return [...new Set(points.map(({ variant }) => variant))].flatMap((variant) =>
    points.filter((point) => point.variant === variant),
  );
}

export function soakTable(soak: NonNullable<Results['soak']>): string {
  const { requests, seconds, samples, heapAfterGcMegabytes } = soak;
  const rss = samples.map(({ rssMegabytes }) => rssMegabytes);
  const { start, end } = heapAfterGcMegabytes;
  const rows = [
    ['requests', number(requests)],
    ['minutes', number(seconds / 60)],
    ['RSS in the middle of the run, MB', number(rss[Math.floor(rss.length / 2)] ?? NaN)],
    ['RSS at its end, MB', number(rss.at(-1) ?? NaN)],
    ['heap after a collection at the start, MB', number(start)],
    ['heap after a collection at the end, MB', number(end)],
  ];
  return table(['soak', ''], rows);
}
