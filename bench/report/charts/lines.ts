import type { TopLevelSpec } from 'vega-lite';
import type { FigureName, Point } from '../../results.js';
import { LIBRARY, platformLabel, variantLabel } from '../labels.js';
import { platformsOf } from '../series.js';
import { configOf, type Theme } from './theme.js';

export interface LinesOptions {
  readonly x: 'connections' | 'users';
  readonly xTitle: string;
  readonly figure: FigureName;
  readonly title: string;
}

/** One line a variant, a panel a platform, to one scale. */
export function lines(points: readonly Point[], options: LinesOptions, theme: Theme): TopLevelSpec {
  const variants = variantsOf(points);
  const values = [...new Set(points.map((point) => point[options.x]))];
  return {
    config: configOf(theme),
    padding: 12,
    spacing: 36,
    resolve: { scale: { y: 'shared' } },
    hconcat: platformsOf(points).map((platform) => ({
      title: `${platformLabel(platform)}: ${options.title}`,
      width: 300,
      height: 220,
      data: {
        values: points
          .filter((point) => point.platform === platform)
          .map((point) => ({
            variant: variantLabel(point.variant),
            x: point[options.x],
            y: point.median[options.figure],
          })),
      },
      mark: { type: 'line', point: { size: 45 }, strokeWidth: 2.5 },
      encoding: {
        x: {
          field: 'x',
          type: 'quantitative',
          scale: { type: 'log', nice: false },
          title: options.xTitle,
          axis: { values, grid: false, format: '~s', labelFlush: false },
        },
        y: {
          field: 'y',
          type: 'quantitative',
          scale: { nice: 5 },
          title: null,
          axis: { tickCount: 5 },
        },
        color: colours(variants, theme),
      },
    })),
  };
}

/** The library last, so that its line lies on top. */
function variantsOf(points: readonly Point[]): string[] {
  const names = [...new Set(points.map(({ variant }) => variant))];
  return [...names.filter((name) => name !== LIBRARY), ...names.filter((name) => name === LIBRARY)];
}

function colours(variants: readonly string[], { accent, lines: others }: Theme) {
  return {
    field: 'variant',
    type: 'nominal',
    scale: {
      domain: variants.map(variantLabel),
      range: variants.map((name, at) => (name === LIBRARY ? accent : others[at % others.length]!)),
    },
    legend: { columns: 4 },
  } as const;
}
