import type { FigureName, Figures, Point, Results } from './results.js';
import { compareRounds, timesOf } from './statistics.js';
import type { Platform } from './variants/variant.js';

export interface JudgedTarget {
  readonly target: string;
  readonly measured: string;
  /** `undefined`: not measured in this run. */
  readonly met: boolean | undefined;
}

/** What a run has measured. */
export class Measured {
  constructor(private readonly results: Results) {}

  point(series: Point['series'], platform: Platform, wanted: Partial<Point>): Point | undefined {
    const keys = Object.keys(wanted) as (keyof Point)[];
    return this.results.points.find(
      (point) =>
        point.series === series &&
        point.platform === platform &&
        keys.every((key) => point[key] === wanted[key]),
    );
  }

  main(platform: Platform, variant: string): Point | undefined {
    return this.point('main', platform, { variant });
  }
}

export interface Judgement {
  readonly isMet: (value: number) => boolean;
  /** Default: as so many times. */
  readonly show?: (value: number) => string;
}

export function judged(
  target: string,
  value: number | undefined,
  { isMet, show = times }: Judgement,
): JudgedTarget {
  if (value === undefined) return { target, measured: '', met: undefined };
  return { target, measured: show(value), met: isMet(value) };
}

function times(value: number): string {
  return `${value.toFixed(2)} times`;
}

export function ratioOf(
  one: Point | undefined,
  other: Point | undefined,
  figure: FigureName,
): number | undefined {
  return one && other && timesOf(one, other, figure);
}

export function compared(
  one: Point | undefined,
  other: Point | undefined,
  compare: (one: Figures, other: Figures) => number,
): number | undefined {
  return one && other && compareRounds(one, other, compare);
}
