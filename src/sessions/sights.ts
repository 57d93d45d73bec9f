import { Logger } from '@nestjs/common';
import type { Sight } from '../state/session.store.js';

/** How long sights are gathered. The boot check of `idle` counts with it. */
export const FLUSH_SECONDS = 1;

/** The most sessions that are remembered between two writes. What is seen beyond that is seen again later. */
const MOST = 10_000;

/** The most sessions that go into one statement. */
const BATCH = 1000;

/**
 * Remembers which generations clients were seen to hold, and writes that about once a second, in the background.
 * Best effort: a sight that is lost makes the rule more lenient for a while, and locks nobody out.
 */
export class Sights {
  private readonly logger = new Logger('TokenInvalidation');
  private seen = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(private readonly write: (sights: readonly Sight[]) => Promise<unknown>) {}

  note({ sessionId, generation }: Sight): void {
    if (this.seen.size >= MOST) return;
    this.seen.set(sessionId, generation);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_SECONDS * 1000).unref();
  }

  /** Writes what was noted. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const sights = [...this.seen].map(([sessionId, generation]) => ({ sessionId, generation }));
    this.seen = new Map();
    this.flushing = this.flushing.then(() => this.writeAll(sights));
    return this.flushing;
  }

  private async writeAll(sights: readonly Sight[]): Promise<void> {
    try {
      for (let start = 0; start < sights.length; start += BATCH) {
        await this.write(sights.slice(start, start + BATCH));
      }
    } catch (error) {
      this.logger.debug(`Sights of sessions were not written: ${String(error)}`);
    }
  }
}
