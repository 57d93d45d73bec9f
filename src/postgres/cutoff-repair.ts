import { Logger } from '@nestjs/common';
import { isFarAhead } from '../state/far-ahead.js';
import type { StateQuery, StateReading, WriteOutcome } from '../state/token-state.store.js';

/** Whose cutoff to return to the clock. `null`: that of everyone. */
export type RepairSubject = string | null;

const EVERYONE = Symbol('everyone');

/**
 * Returns cutoffs that a clock left ahead of the database's clock to it. The reads that find them do not wait for it.
 * One at a time, and no subject again within ten seconds: the database may be right, and this clock wrong.
 */
export class CutoffRepair {
  private readonly logger = new Logger('TokenInvalidation');
  /** When each subject's last repair began. */
  private readonly recent = new Map<string | symbol, number>();
  private running = false;

  /** @param write - raises the version and returns the cutoffs, where they lie ahead of the database's clock */
  constructor(private readonly write: (subject: RepairSubject) => Promise<WriteOutcome>) {}

  notice(queries: readonly StateQuery[], { everyone, records }: StateReading<unknown>): void {
    const now = Date.now();
    if (isFarAhead(everyone.loggedOutAt, now)) this.begin(null);
    for (const [index, record] of records.entries()) {
      if (record === undefined || record instanceof Error) continue;
      const { passwordChangedAt, logoutAllAt } = record.state;
      if (isFarAhead(passwordChangedAt, now) || isFarAhead(logoutAllAt, now)) {
        this.begin(queries[index]!.subject);
      }
    }
  }

  private begin(subject: RepairSubject): void {
    const key = subject ?? EVERYONE;
    const now = performance.now();
    if (this.running || now - (this.recent.get(key) ?? -Infinity) < 10_000) return;
    this.running = true;
    if (this.recent.size === 1000) this.recent.clear();
    this.recent.set(key, now);
    void this.repair(subject).finally(() => {
      this.running = false;
    });
  }

  private async repair(subject: RepairSubject): Promise<void> {
    const whose = subject === null ? 'The cutoff of everyone' : 'A cutoff of a user';
    try {
      const outcome = await this.write(subject);
      if (typeof outcome === 'string') return;
      this.logger.warn(
        `${whose} lay ahead of the database's clock and was returned to it, which invalidates the tokens from before`,
      );
    } catch (error) {
      this.logger.warn(`${whose} lies far ahead and could not be returned to the clock`, error);
    }
  }
}
