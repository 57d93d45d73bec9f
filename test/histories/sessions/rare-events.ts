import { monotonicMs } from '../monotonic.js';
import type { Random } from '../random.js';
import { msOf } from './time-lapse.js';

/** What happens to a user now and then: how many seconds of the play pass from one of its kind to the next, on average. */
const PAUSES = {
  theft: 100,
  /** A thief waits for the owner to have kept a later token for longer than the grace. */
  'late-thief': 600,
  /** A session is ended. */
  ending: 150,
  /** The user is disabled for a moment, which ends no session. */
  pause: 400,
  /** The user logs in on more devices than are allowed. */
  crowd: 900,
  invalidation: 700,
  'lost-rotation': 400,
  deletion: 4000,
} as const;

export type RareEvent = keyof typeof PAUSES;

/** For every second user what ends sessions comes so much later: nothing disturbs these, until their time is over. */
const CALM = 30;

/**
 * Paces what ends sessions by the clock and not by the number of operations: the faster the clients are, the fewer rotations
 * a session would live to see.
 */
export class RareEvents {
  readonly isCalm: boolean;
  private readonly due: Map<RareEvent, number>;

  constructor(private readonly random: Random) {
    this.isCalm = random.percent(50);
    const now = monotonicMs();
    const events = Object.keys(PAUSES) as RareEvent[];
    this.due = new Map(events.map((event) => [event, now + this.pause(event, [0, 1])]));
  }

  /** One for which it is time. */
  next(): RareEvent | undefined {
    const now = monotonicMs();
    for (const [event, due] of this.due) {
      if (due > now) continue;
      this.due.set(event, now + this.pause(event, [0.5, 1.5]));
      return event;
    }
    return undefined;
  }

  private pause(event: RareEvent, [least, most]: readonly [number, number]): number {
    const isLater = this.isCalm && event !== 'pause';
    const pause = msOf(PAUSES[event]) * (isLater ? CALM : 1);
    return this.random.whole(least * pause, most * pause);
  }
}
