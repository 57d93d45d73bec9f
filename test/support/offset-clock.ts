import { FrozenClock } from 'nestjs-token-invalidation/testing';

/** A clock that runs, at a distance from the machine's. */
export class OffsetClock extends FrozenClock {
  constructor(private readonly offsetSeconds: number) {
    super();
  }

  override now(): number {
    return Date.now() + this.offsetSeconds * 1000;
  }
}
