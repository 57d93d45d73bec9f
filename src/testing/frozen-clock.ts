import type { Clock } from 'nestjs-token-invalidation';

/** A clock that stands still until it is told to move. */
export class FrozenClock implements Clock {
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
