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
  const has = (series: Exclude<Series, 'main'>) => pointsOf(results, series).length > 0;
  const main = platformsOf(pointsOf(results, 'main')).flatMap((platform) => [
    `### ${platformLabel(platform)}`,
    mainTable(results, platform),
  ]);
  const { soak } = results;
  return {
    machine: machineTable(results),
    main: section([...chart('throughput'), ...chart('cpu'), ...chart('p99'), ...main]),
    targets: targetsTable(results),
    'one-connection': section(has('one-connection') ? [plainTable(results, 'one-connection')] : []),
    users: section(has('users') ? [...chart('users'), variedTable(results, 'users')] : []),
    concurrency: section(
      has('concurrency') ? [...chart('concurrency'), variedTable(results, 'concurrency')] : [],
    ),
    'one-user': section(has('one-user') ? [plainTable(results, 'one-user')] : []),
    refused: section(has('refused') ? [variedTable(results, 'refused')] : []),
    sessions: section(has('sessions') ? [plainTable(results, 'sessions')] : []),
    'session-rows': section(has('session-rows') ? [variedTable(results, 'session-rows')] : []),
    refresh: section(has('refresh') ? [variedTable(results, 'refresh')] : []),
    soak: section(soak === undefined ? [] : [...chart('soak'), soakTable(soak)]),
  };
}

function section(parts: readonly string[]): string {
  return parts.length === 0 ? NOT_MEASURED : parts.join('\n\n');
}
