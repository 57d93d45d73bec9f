import { cancelStatement, isIdleWithin } from './cancel-statement.js';
import type { PgClient, PgPoolOptions, PgQuery, Statement } from './pg-pool.js';

/** After this long without an answer, something on the way may have dropped the connection, such as a firewall. */
const IDLE_MS = 1000;

/** One of the store's own connections. */
export class Connection {
  readonly openedAt = performance.now();
  private answeredAt: number | undefined;
  /** Until when a statement was asked to end that did not within its grace. */
  private cancelled: Promise<void> | undefined;

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
    // Few properties: pg copies each with its descriptor, which takes longer than to send the statement.
    const query: PgQuery = {
      name,
      text,
      rowMode: 'array',
      query_timeout: Math.max(1, Math.ceil(timeoutMs)),
    };
    if (types !== undefined) query.types = types;
    const { rows } = await client.query(query, values);
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
    const isOver = cancelStatement(this.client, this.options);
    if (isOver === undefined) return false;
    const isIdle = await isIdleWithin(graceMs, this.client, isOver);
    if (isIdle) this.answeredAt = performance.now();
    else this.cancelled = isOver;
    return isIdle;
  }

  giveBack(): void {
    this.client.release(false);
  }

  close(): void {
    this.client.release(true);
  }

  /**
   * The pool forgets it now, and it is closed when what `cancel()` asked for is over: a pooler forgets a request whose
   * client has gone, and the statement would go on at the server.
   */
  closeCancelled(): void {
    const { client, options, cancelled } = this;
    if (cancelled !== undefined) {
      const end = client.end.bind(client);
      client.unref?.();
      // Once more: a pooler may have had no server for the statement yet, so that there was nothing to end.
      const isOver = cancelled.then(() => cancelStatement(client, options));
      client.end = (forgotten) => {
        void isOver.then(() => end());
        forgotten?.();
      };
    }
    this.close();
  }
}
