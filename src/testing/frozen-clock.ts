import type { Clock } from '../tokens/clock.js';

/**
 * A clock that moves only when a test moves it, for the module's option `clock`.
 *
 * @example
 * ```ts
 * const clock = new FrozenClock();
 * TokenInvalidationModule.forRoot({ store: InMemoryTokenStateStore, secret, clock });
 * clock.advance(15 * 60); // a token of 15 minutes has expired
 * ```
 */
export class FrozenClock implements Clock {
  /** @param milliseconds - since the epoch. Default: now */
  constructor(private milliseconds = Date.now()) {}

  /** Milliseconds since the epoch. */
  now(): number {
    return this.milliseconds;
  }

  /** @param instant - a date, or milliseconds since the epoch */
  set(instant: Date | number): void {
    this.milliseconds = Number(instant);
  }

  /** Moves the clock forward; by a negative number, back. */
  advance(seconds: number): void {
    this.milliseconds += seconds * 1000;
  }
}
