import { durationProblem, durationSeconds, type Duration } from './duration.js';
import type { OptionRow } from './option-table.js';

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** An object with named fields: no list, no function, no instance of `Map` or the like. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What Nest can inject by: a class, text or a symbol. */
export function isInjectionToken(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'symbol' || isText(value);
}

/** A row for a boolean. */
export function booleanRow(fallback: boolean): OptionRow<boolean> {
  return { default: fallback, check: isBoolean, problem: 'is not true or false.' };
}

/** A row for text that must not be empty. */
export function textRow(problem: string, fallback?: string): OptionRow<string> {
  return { default: fallback, check: isText, problem };
}

/** A row for a duration between two numbers of seconds. */
export function durationRow(
  fallback: Duration | undefined,
  { least, most }: { least: number; most: number },
): OptionRow<Duration> {
  return {
    default: fallback,
    check: (value) => {
      const seconds = durationSeconds(value as Duration) ?? Number.NaN;
      return seconds >= least && seconds <= most;
    },
    problem: (value) => `${durationProblem(value)} From ${least} to ${most} s.`,
  };
}
