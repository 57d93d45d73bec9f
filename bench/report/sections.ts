import type { Results, Series } from '../results.js';
import { chartsOf } from './charts.js';
import { platformLabel } from './labels.js';
import { picture } from './markdown.js';
import { platformsOf, pointsOf } from './series.js';
import {
  machineTable,
  mainTable,
  plainTable,
  soakTable,
  targetsTable,
  variedTable,
} from './tables.js';

const NOT_MEASURED = 'Not measured in this run.';

/** What goes between the markers of docs/benchmarks.md, by their names. */
export function sectionsOf(results: Results): Record<string, string> {
  const charts = chartsOf(results);
  const chart = (name: string) =>
    charts.filter((each) => each.name === name).map((each) => picture(name, each.description));
  const plain = (series: Series) =>
    pointsOf(results, series).length > 0 ? [plainTable(results, series)] : [];
  const varied = (series: Parameters<typeof variedTable>[1]) =>
    pointsOf(results, series).length > 0 ? [variedTable(results, series)] : [];
  const main = platformsOf(pointsOf(results, 'main')).flatMap((platform) => [
    `### ${platformLabel(platform)}`,
    mainTable(results, platform),
  ]);
  const { soak } = results;
  return {
    machine: machineTable(results),
    main: section([...chart('throughput'), ...chart('cpu'), ...chart('p99'), ...main]),
    targets: targetsTable(results),
    'one-connection': section(plain('one-connection')),
    users: section([...chart('users'), ...varied('users')]),
    concurrency: section([...chart('concurrency'), ...varied('concurrency')]),
    'one-user': section(plain('one-user')),
    refused: section(varied('refused')),
    sessions: section(plain('sessions')),
    'session-rows': section(varied('session-rows')),
    rotations: section(plain('rotations')),
    refresh: section(varied('refresh')),
    soak: section(soak === undefined ? [] : [...chart('soak'), soakTable(soak)]),
  };
}

function section(parts: readonly string[]): string {
  return parts.length === 0 ? NOT_MEASURED : parts.join('\n\n');
}
