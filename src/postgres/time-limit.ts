/** How long a statement may take, and until when that is. */
export interface TimeLimit {
  readonly limitMs: number;
  /** By `performance.now()`. */
  readonly deadline: number;
}

export function limitOf(limitMs: number): TimeLimit {
  return { limitMs, deadline: performance.now() + limitMs };
}

export function leftOf({ deadline }: TimeLimit): number {
  return deadline - performance.now();
}

/** Timers count whole milliseconds, and may be a little early. */
export function isOver(limit: TimeLimit): boolean {
  return leftOf(limit) < 2;
}
