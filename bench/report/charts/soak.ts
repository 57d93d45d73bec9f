import type { TopLevelSpec } from 'vega-lite';
import type { SoakSample } from '../../results.js';
import { configOf, type Theme } from './theme.js';

const MEMORY = { rss: 'RSS', heap: 'heap in use' } as const;

/** The memory of the server over the time of the soak. */
export function soak(samples: readonly SoakSample[], theme: Theme): TopLevelSpec {
  return {
    config: configOf(theme),
    padding: 12,
    title: 'Memory of the server over the soak, MB',
    width: 660,
    height: 220,
    data: {
      values: samples.flatMap(({ seconds, rssMegabytes, heapMegabytes }) => [
        { minutes: seconds / 60, memory: MEMORY.rss, megabytes: rssMegabytes },
        { minutes: seconds / 60, memory: MEMORY.heap, megabytes: heapMegabytes },
      ]),
    },
    mark: { type: 'line', strokeWidth: 2 },
    encoding: {
      x: {
        field: 'minutes',
        type: 'quantitative',
        title: 'minutes',
        scale: { nice: false },
        axis: { grid: false, tickCount: 8, labelFlush: false },
      },
      y: {
        field: 'megabytes',
        type: 'quantitative',
        title: null,
        scale: { zero: true },
        axis: { tickCount: 5 },
      },
      color: {
        field: 'memory',
        type: 'nominal',
        scale: { domain: Object.values(MEMORY), range: [theme.accent, theme.lines[0]!] },
      },
    },
  };
}
