// Not the global ones, which fake timers replace: in an application's tests nothing would ever be committed.
import { clearTimeout, setTimeout } from 'node:timers';
import type { RunStatement } from './pg-pool.js';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1000;

/**
 * Parameter: ids of transactions. PostgreSQL refuses an id that is not given out yet; one above all that have ended is
 * either such or in progress. NULL: so old that nobody knows any more.
 */
const STATUS = `
  SELECT asked.id, CASE
    WHEN asked.id::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) THEN 'in progress'
    ELSE coalesce(pg_xact_status(asked.id::xid8), 'unknown') END
  FROM unnest($1::text[]) AS asked (id)`;

interface Watched {
  readonly outcome: Promise<boolean>;
  readonly settle: (committed: boolean) => void;
}

/**
 * Waits for the end of transactions that belong to others. It asks PostgreSQL itself, by a connection of the store, and
 * so needs no hook of any ORM: soon, and then with growing pauses, about all pending transactions in one statement.
 */
export class CommitWatcher {
  private readonly pending = new Map<string, Watched>();
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private closed = false;

  /** @param run - runs a statement outside of any transaction */
  constructor(private readonly run: RunStatement) {}

  /** True once the transaction with this full id has committed, false once it was rolled back. Never rejects. */
  outcomeOf(transactionId: string): Promise<boolean> {
    if (this.closed) return Promise.resolve(false);
    const known = this.pending.get(transactionId);
    if (known !== undefined) return known.outcome;
    const watched = watch();
    this.pending.set(transactionId, watched);
    this.askSoon();
    return watched.outcome;
  }

  /** What is still pending is given up: `false`. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const { settle } of this.pending.values()) settle(false);
    this.pending.clear();
  }

  /** Keeps a timer that is set for the first pause: otherwise each new transaction would put it off. */
  private askSoon(): void {
    if (this.timer !== undefined && this.pauseMs === FIRST_PAUSE_MS) return;
    this.askAfter(FIRST_PAUSE_MS);
  }

  private askAfter(pauseMs: number): void {
    clearTimeout(this.timer);
    this.pauseMs = pauseMs;
    this.timer = setTimeout(() => void this.ask(), pauseMs).unref();
  }

  private async ask(): Promise<void> {
    this.timer = undefined;
    const values = [[...this.pending.keys()]];
    // An outage says nothing about a transaction: ask again.
    const rows = await this.run({ text: STATUS, values }).catch(() => []);
    for (const [id, status] of rows as [string, string][]) {
      if (status === 'in progress') continue;
      this.pending.get(id)?.settle(status === 'committed');
      this.pending.delete(id);
    }
    // A transaction that came meanwhile has set a timer.
    if (this.pending.size === 0 || this.timer !== undefined) return;
    this.askAfter(Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS));
  }
}

function watch(): Watched {
  let settle: Watched['settle'] | undefined;
  const outcome = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  return { outcome, settle: settle! };
}
