import type { WriteOutcome } from '../state/token-state.store.js';
import { type ChangeRow, decodeChange } from './change-row.js';
import { CommitWatcher } from './commit-watcher.js';
import type { DataLayer } from './data-layer.js';
import { withoutValues } from './pg-error.js';
import type { Statement } from './pg-pool.js';
import type { Primary } from './primary.js';

/** Runs the writes of the store: each alone, or in a transaction of the caller's. */
export class StateWriter<Transaction> {
  private readonly watcher: CommitWatcher;

  constructor(
    private readonly primary: Primary,
    private readonly layer: Pick<DataLayer<never, Transaction>, 'join'>,
    readonly timeoutMs: number,
  ) {
    this.watcher = new CommitWatcher((statement) => this.run(statement));
  }

  /** Runs a statement outside of any transaction. */
  run(statement: Statement): Promise<unknown[][]> {
    return this.primary.run(statement, this.timeoutMs);
  }

  /** One write, of one user or of everyone. In a transaction, the change can say later how that ended. */
  async write(statement: Statement, transaction: Transaction | undefined): Promise<WriteOutcome> {
    const [row] = await this.rows(statement, transaction);
    if (row === undefined) return 'unknown';
    const change = decodeChange(row as unknown as ChangeRow);
    if (change === undefined) return 'conflict';
    const { transactionId, ...written } = change;
    return { ...written, ...this.pendingIn(transaction, transactionId) };
  }

  /** Any statement, alone or in the transaction, where its name does not count: the connection is the caller's. */
  rows(statement: Statement, transaction: Transaction | undefined): Promise<unknown[][]> {
    return transaction === undefined ? this.run(statement) : this.join(transaction, statement);
  }

  /** In a transaction: how to ask later whether what this transaction wrote was committed. */
  pendingIn(
    transaction: Transaction | undefined,
    transactionId: string,
  ): { committed?: () => Promise<boolean> } {
    if (transaction === undefined) return {};
    return { committed: () => this.watcher.outcomeOf(transactionId) };
  }

  /** Nobody is asked any more how a transaction ended. */
  close(): void {
    this.watcher.close();
  }

  /** The errors are the caller's, as the transaction is. */
  private async join(transaction: Transaction, statement: Statement): Promise<unknown[][]> {
    try {
      return await this.layer.join(transaction, statement);
    } catch (error) {
      throw withoutValues(error);
    }
  }
}
