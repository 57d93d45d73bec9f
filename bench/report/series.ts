import type { Point, Results, Series } from '../results.js';
import { type Platform, PLATFORMS } from '../variants/variant.js';

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
