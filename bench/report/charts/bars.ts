import type { TopLevelSpec } from 'vega-lite';
import type { FigureName, Point } from '../../results.js';
import type { Platform } from '../../variants/variant.js';
import { LIBRARY, platformLabel, variantLabel } from '../labels.js';
import { number } from '../markdown.js';
import { platformsOf } from '../series.js';
import { configOf, type Theme } from './theme.js';

export interface BarsOptions {
  readonly figure: FigureName;
  /** What the bars are, with the unit. */
  readonly title: string;
  readonly best: 'longest' | 'shortest';
}

/** One horizontal bar a variant, the best on top; a panel a platform, all to one scale. */
export function bars(points: readonly Point[], options: BarsOptions, theme: Theme): TopLevelSpec {
  const longest = Math.max(...points.map(({ median }) => median[options.figure]));
  return {
    config: configOf(theme),
    padding: 12,
    spacing: 28,
    vconcat: platformsOf(points).map((platform) => ({
      title: `${platformLabel(platform)}: ${options.title}`,
      width: 460,
      height: { step: 26 },
      data: { values: rows(points, platform, options) },
      encoding: {
        y: { field: 'variant', type: 'nominal', sort: null, title: null, axis: labels(theme) },
        x: {
          field: 'value',
          type: 'quantitative',
          // The same for all panels, with room for the figure behind the longest bar.
          scale: { domain: [0, longest * 1.15], nice: false },
          axis: null,
          stack: null,
        },
      },
      layer: [
        {
          mark: { type: 'bar', cornerRadiusEnd: 3, height: 17 },
          encoding: { color: ours(theme.accent, theme.bar) },
        },
        {
          mark: { type: 'text', align: 'left', dx: 6, fontSize: 12 },
          encoding: { text: { field: 'label' }, color: ours(theme.text, theme.muted) },
        },
      ],
    })),
  };
}

function rows(points: readonly Point[], platform: Platform, { figure, best }: BarsOptions) {
  const sign = best === 'longest' ? -1 : 1;
  return points
    .filter((point) => point.platform === platform)
    .toSorted((a, b) => sign * (a.median[figure] - b.median[figure]))
    .map(({ variant, median }) => ({
      variant: variantLabel(variant),
      value: median[figure],
      label: number(median[figure]),
      ours: variant === LIBRARY,
    }));
}

function ours(color: string, other: string) {
  return { condition: { test: 'datum.ours', value: color }, value: other };
}

function labels({ text, muted }: Theme) {
  const test = `datum.value === '${variantLabel(LIBRARY)}'`;
  return {
    labelLimit: 0,
    labelFontSize: 13,
    // The panels begin at the same place, and their labels have room in any font.
    minExtent: 190,
    labelColor: { condition: { test, value: text }, value: muted },
    labelFontWeight: { condition: { test, value: 'bold' }, value: 'normal' },
  } as const;
}
