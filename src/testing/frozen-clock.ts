import type { Clock } from '../tokens/clock.js';

/**
 * A clock that stands still until it is told to move: for the module's option `clock`.
 *
 * @example
 * ```ts
 * const clock = new FrozenClock();
 * TokenInvalidationModule.forRoot({ entity: User, secret, clock });
 * clock.advance(15 * 60); // a token of 15 minutes has expired
 * ```
 */
export class FrozenClock implements Clock {
  /** @param milliseconds - since the epoch. Default: now */
  constructor(private milliseconds = Date.now()) {}

  now(): number {
    return this.milliseconds;
  }

  set(instant: Date | number): void {
    this.milliseconds = Number(instant);
  }

  advance(seconds: number): void {
    this.milliseconds += seconds * 1000;
  }
}
