import { cancelStatement } from './cancel-statement.js';
import type { PgClient, PgPoolOptions, Statement } from './pg-pool.js';

/** After this long without an answer, something on the way may have dropped the connection, such as a firewall. */
const IDLE_MS = 1000;

/** One of the store's own connections. */
export class Connection {
  readonly openedAt = performance.now();
  private answeredAt: number | undefined;

  constructor(
    readonly client: PgClient,
    private readonly options: PgPoolOptions,
  ) {
    // A connection that breaks emits an event, which ends the process if nobody listens. The pool listens only while
    // the connection is idle.
    client.on('error', () => {});
  }

  /** Whether it has answered before. A new one cannot have been closed or forgotten meanwhile. */
  get isUsed(): boolean {
    return this.answeredAt !== undefined;
  }

  get wasIdle(): boolean {
    return this.answeredAt !== undefined && performance.now() - this.answeredAt > IDLE_MS;
  }

  /**
   * Rows come as arrays of values.
   *
   * @throws Error also when the statement ran inside of a transaction, where nothing is committed and a snapshot may be old
   */
  async query({ text, values, name, types }: Statement, timeoutMs: number): Promise<unknown[][]> {
    const { client } = this;
    // One literal: pg copies it property by property, which takes longer for an object made of others.
    const { rows } = await client.query({
      name,
      text,
      values: [...values],
      rowMode: 'array',
      query_timeout: Math.max(1, Math.ceil(timeoutMs)),
      types,
    });
    if ((client.getTransactionStatus?.() ?? 'I') !== 'I') {
      throw new Error(
        "The connection is inside a transaction: a 'connect' listener of the pool must not begin one.",
      );
    }
    this.answeredAt = performance.now();
    return rows;
  }

  /** Cancels the statement that was given up, at the server. Returns whether the connection can be used again. */
  async cancel(graceMs: number): Promise<boolean> {
    const isIdle = await cancelStatement(this.client, this.options, graceMs);
    if (isIdle) this.answeredAt = performance.now();
    return isIdle;
  }

  giveBack(): void {
    this.client.release(false);
  }

  close(): void {
    this.client.release(true);
  }
}
