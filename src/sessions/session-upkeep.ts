import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { SessionStore } from '../state/session.store.js';
import { Sights } from './sights.js';

/** The time between two sweeps: this at least, and twice this at most, so that nodes do not all sweep at once. */
const SWEEP_MS = 30 * 60_000;

/** What is done for the sessions in the background: sights are written, and rows that are over removed. */
@Injectable()
export class SessionUpkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly sights: Sights;
  private readonly logger = new Logger('TokenInvalidation');
  private timer: NodeJS.Timeout | undefined;

  /** @param store - `undefined`: sessions are off, and there is nothing to do */
  constructor(private readonly store: SessionStore | undefined) {
    this.sights = new Sights(async (sights) => this.store?.markSeen(sights));
  }

  onApplicationBootstrap(): void {
    if (this.store !== undefined) this.sweepLater();
  }

  /** Before the store closes its connections. */
  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.sights.flush();
  }

  /** Removes all sessions that are over, some hundreds in each statement. */
  async sweep(transaction?: unknown): Promise<number> {
    let all = 0;
    for (;;) {
      const removed = (await this.store?.sweep(transaction)) ?? 0;
      if (removed === 0) return all;
      all += removed;
    }
  }

  private sweepLater(): void {
    const delay = SWEEP_MS * (1 + Math.random());
    this.timer = setTimeout(() => {
      this.sweep()
        .catch((error: unknown) => this.logger.warn(`Sessions were not swept: ${String(error)}`))
        .finally(() => this.sweepLater());
    }, delay).unref();
  }
}
