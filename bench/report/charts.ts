import type { TopLevelSpec } from 'vega-lite';
import type { Results } from '../results.js';
import { bars } from './charts/bars.js';
import { lines } from './charts/lines.js';
import { soak } from './charts/soak.js';
import type { Theme } from './charts/theme.js';
import { pointsOf } from './series.js';

export interface Chart {
  readonly name: string;
  /** For who cannot see it. */
  readonly description: string;
  readonly spec: (theme: Theme) => TopLevelSpec;
}

/** The charts for which there are figures. */
export function chartsOf(results: Results): Chart[] {
  return [...mainCharts(results), ...seriesCharts(results), ...soakChart(results)];
}

function mainCharts(results: Results): Chart[] {
  const points = pointsOf(results, 'main');
  if (points.length === 0) return [];
  return [
    {
      name: 'throughput',
      description: 'Requests per second of each variant',
      spec: (theme) =>
        bars(
          points,
          { figure: 'requestsPerSecond', title: 'requests per second', best: 'longest' },
          theme,
        ),
    },
    {
      name: 'cpu',
      description: 'CPU time of the server per request of each variant',
      spec: (theme) =>
        bars(
          points,
          { figure: 'cpuMicroseconds', title: 'server CPU, µs per request', best: 'shortest' },
          theme,
        ),
    },
    {
      name: 'p99',
      description: 'Time in which 99 % of the answers came, of each variant',
      spec: (theme) =>
        bars(points, { figure: 'p99Milliseconds', title: 'p99, ms', best: 'shortest' }, theme),
    },
  ];
}

function seriesCharts(results: Results): Chart[] {
  const concurrency = pointsOf(results, 'concurrency');
  const users = pointsOf(results, 'users');
  const charts: Chart[] = [
    {
      name: 'concurrency',
      description: 'Requests per second against the number of connections',
      spec: (theme) =>
        lines(
          concurrency,
          {
            x: 'connections',
            xTitle: 'connections',
            figure: 'requestsPerSecond',
            title: 'requests per second',
          },
          theme,
        ),
    },
    {
      name: 'users',
      description: 'CPU time of the server per request against the number of users',
      spec: (theme) =>
        lines(
          users,
          {
            x: 'users',
            xTitle: 'users in the table',
            figure: 'cpuMicroseconds',
            title: 'server CPU, µs per request',
          },
          theme,
        ),
    },
  ];
  return charts.filter(({ name }) => (name === 'users' ? users : concurrency).length > 0);
}

function soakChart({ soak: measured }: Results): Chart[] {
  if (measured === undefined) return [];
  return [
    {
      name: 'soak',
      description: 'RSS and heap of the server over the soak',
      spec: (theme) => soak(measured.samples, theme),
    },
  ];
}
