import { monotonicMs } from './monotonic.js';

/** The wall clock was set, other than by the passing of time. */
export interface ClockStep {
  /** Negative: back. */
  readonly byMs: number;
  /** Since the watch began. */
  readonly atMs: number;
}

const INTERVAL_MS = 100;
/** Less than this is the reading itself. */
const LEAST_STEP_MS = 20;
/** Whoever is held up for longer between two readings of a clock reads again. */
const LONGEST_READING_MS = 1;

/**
 * Watches the machine's clock while a history runs. Where the database's clock is set back, tokens from before look newer
 * than what ended them by the clock alone, as `invalidateEveryone` does: that is a limit which is stated, and whoever
 * reads a violation has to know of it.
 */
export class ClockSteps {
  readonly steps: ClockStep[] = [];
  private readonly started: number;
  private ahead: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly wallMs: () => number = Date.now,
    private readonly steadyMs: () => number = monotonicMs,
  ) {
    this.started = steadyMs();
    this.ahead = this.read();
  }

  watch(): void {
    this.timer = setInterval(() => this.look(), INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.look();
  }

  look(): void {
    const ahead = this.read();
    const byMs = ahead - this.ahead;
    if (Math.abs(byMs) >= LEAST_STEP_MS) {
      this.steps.push({ byMs, atMs: this.steadyMs() - this.started });
    }
    // What is slewed moves too, and is no step.
    this.ahead = ahead;
  }

  private read(): number {
    for (;;) {
      const before = this.steadyMs();
      const wall = this.wallMs();
      if (this.steadyMs() - before < LONGEST_READING_MS) return wall - before;
    }
  }
}
