import { inspect } from 'node:util';
import ms from 'ms';

/** A span of time: a number of seconds, or text with a unit such as `'15m'`, `'12 hours'` or `'30d'`. */
export type Duration = number | string;

/** The duration in seconds; `undefined` when it is not one. Text without a unit is refused: `'900'` could mean anything. */
export function durationSeconds(duration: Duration): number | undefined {
  const seconds = typeof duration === 'number' ? duration : parseSeconds(duration);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function parseSeconds(text: unknown): number {
  if (typeof text !== 'string' || !/[a-z]/i.test(text)) return Number.NaN;
  return ms(text as ms.StringValue) / 1000;
}

/** The duration in seconds. @throws TypeError that names the setting when it is not one */
export function requireSeconds(duration: Duration, setting: string): number {
  const seconds = durationSeconds(duration);
  if (seconds === undefined) throw new TypeError(`${setting} ${durationProblem(duration)}`);
  return seconds;
}

/** What is wrong with a value that is no duration; it follows the name of the setting. */
export function durationProblem(duration: unknown): string {
  const shown =
    typeof duration === 'string' ? JSON.stringify(duration) : inspect(duration, { depth: 0 });
  return `is ${shown}: give seconds as a number, or text with a unit such as '15m'.`;
}
