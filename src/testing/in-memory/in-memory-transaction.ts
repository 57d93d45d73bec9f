import type { InMemoryRows, WritableUser } from './in-memory-rows.js';

/** A write of any user type's rows. */
export type Operation<Outcome = unknown> = (rows: InMemoryRows<WritableUser>) => Outcome;

interface Write {
  readonly operation: Operation;
  readonly outcome: string | undefined;
}

/**
 * A transaction of an `InMemoryTokenStateStore`. Nobody else sees what it writes before the commit. The commit repeats
 * the writes on the rows of that moment, and fails when one of them has another outcome there.
 */
export class InMemoryTransaction {
  private writes: readonly Write[] = [];
  private hasEnded = false;
  private settle!: (committed: boolean) => void;
  /** Resolves once the transaction has ended: true when it was committed. */
  readonly ended = new Promise<boolean>((resolve) => {
    this.settle = resolve;
  });

  /** @param rows - a copy of the stored rows, for this transaction alone */
  constructor(private rows: InMemoryRows<WritableUser>) {}

  /**
   * Runs `work` in a savepoint, as a nested transaction does in a database: when it rejects, its writes are undone and
   * the transaction goes on.
   */
  async savepoint<Result>(
    work: (transaction: InMemoryTransaction) => Promise<Result>,
  ): Promise<Result> {
    const { writes } = this;
    const rows = structuredClone(this.rows);
    try {
      return await work(this);
    } catch (error) {
      this.writes = writes;
      this.rows = rows;
      throw error;
    }
  }

  /** @throws TypeError when the transaction has ended */
  write<Outcome>(operation: Operation<Outcome>): Outcome {
    if (this.hasEnded) throw noOpenTransaction();
    const outcome = operation(this.rows);
    // As it is now: the caller gets the outcome, and may change it.
    const write = { operation, outcome: summary(outcome) };
    this.writes = [...this.writes, write];
    if (typeof outcome !== 'object' || outcome === null) return outcome;
    const committed = async () => (await this.ended) && this.writes.includes(write);
    return Object.assign(outcome, { committed });
  }

  /** @throws Error when a write has another outcome than it had in the transaction */
  replayOn(rows: InMemoryRows<WritableUser>): void {
    for (const { operation, outcome } of this.writes) {
      if (summary(operation(rows)) !== outcome) {
        throw new Error('The transaction is rolled back: others changed what it relied on.');
      }
    }
  }

  /** Settles `committed()` of every write. */
  end(committed: boolean): void {
    this.hasEnded = true;
    this.settle(committed);
  }
}

/** As the stores over PostgreSQL say it. */
export function noOpenTransaction(): TypeError {
  return new TypeError(
    'The transaction is over, or never began: pass the one that store.transaction() gives to its callback.',
  );
}

function summary(outcome: unknown): string | undefined {
  return JSON.stringify(outcome);
}
