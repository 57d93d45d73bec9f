import type { Point, Results } from '../results.js';
import { type Platform, PLATFORMS } from '../variants/variant.js';

export type Series = Point['series'];

/** The points of a series, or of its platform; in the order in which they were measured. */
export function pointsOf(results: Results, series: Series, platform?: Platform): Point[] {
  return results.points.filter(
    (point) => point.series === series && (platform === undefined || point.platform === platform),
  );
}

/** The platforms that a series was measured on. */
export function platformsOf(points: readonly Point[]): Platform[] {
  return PLATFORMS.filter((platform) => points.some((point) => point.platform === platform));
}

/** What a series varies; the main one has a place in each. */
const VARIED = {
  users: 'users',
  concurrency: 'connections',
  refused: 'forgedPercent',
} as const satisfies Partial<Record<Series, keyof Point>>;

/** A series, and where it crosses the main one the point that was measured there for the same variant. */
export function withMainPoints(results: Results, series: keyof typeof VARIED): Point[] {
  const points = pointsOf(results, series);
  const key = VARIED[series];
  const isMissing = (main: Point) => {
    const line = points.filter(
      ({ platform, variant }) => platform === main.platform && variant === main.variant,
    );
    return line.length > 0 && line.every((point) => point[key] !== main[key]);
  };
  return [...points, ...pointsOf(results, 'main').filter(isMissing)].toSorted(
    (a, b) => a[key] - b[key],
  );
}
