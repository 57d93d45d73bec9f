/** As much of pg's pool as is used. pg's own types stay out, because the application may not have them. */
export interface PgPool {
  readonly options: PgPoolOptions;
  connect(callback: (error: Error | undefined, client: PgClient | undefined) => void): void;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

export interface PgPoolOptions {
  readonly password?: unknown;
  readonly [name: string]: unknown;
}

interface PgClient {
  query(config: {
    name: string | undefined;
    text: string;
    values: unknown[];
    rowMode: 'array';
    query_timeout: number;
  }): Promise<{ rows: unknown[][] }>;
  /** With `true`: closes the connection instead of giving it to the next one. */
  release(broken: boolean): void;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
}

/** A statement with its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Prepares the statement under this name, once for each connection. */
  readonly name?: string | undefined;
}

/** Runs a statement. Rows come as arrays of values. */
export type RunStatement = (statement: Statement) => Promise<unknown[][]>;

/**
 * Runs a statement outside of any transaction, within a time limit that counts the wait for a connection too. Rows
 * come as arrays of values.
 *
 * A statement that was given up before it got a connection is never sent: a late invalidation would invalidate newer
 * logins. A connection whose statement failed or hangs is closed.
 */
export async function runOn(
  pool: PgPool,
  { text, values, name }: Statement,
  timeoutMs: number,
): Promise<unknown[][]> {
  const deadline = performance.now() + timeoutMs;
  const client = await acquire(pool, timeoutMs);
  let broken = true;
  try {
    const query_timeout = Math.max(1, Math.ceil(deadline - performance.now()));
    // One literal: pg copies it property by property, which takes longer for an object made of others.
    const { rows } = await client.query({
      name,
      text,
      values: [...values],
      rowMode: 'array',
      query_timeout,
    });
    broken = false;
    return rows;
  } finally {
    giveBack(client, broken);
  }
}

/**
 * A connection that breaks also emits an error event, and one without a listener ends the process. The pool listens
 * only while the client is idle. So we attach the listener inside `connect`'s callback: a connection can open and break
 * within one network read.
 */
function checkOut(pool: PgPool): Promise<PgClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) return reject(error!);
      client.on('error', ignore);
      resolve(client);
    });
  });
}

function giveBack(client: PgClient, broken: boolean): void {
  client.release(broken);
  client.off('error', ignore);
}

function ignore(): void {}

async function acquire(pool: PgPool, timeoutMs: number): Promise<PgClient> {
  const connecting = checkOut(pool);
  if (isLimited(pool, timeoutMs)) return connecting;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The database gave no connection within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([connecting, tooLate]);
  } catch (error) {
    // A connection that comes too late goes back to the pool.
    connecting.then(
      (client) => giveBack(client, false),
      () => undefined,
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A pool that has a limit itself needs no second timer on every read. */
function isLimited({ options }: PgPool, timeoutMs: number): boolean {
  const limit = Number(options['connectionTimeoutMillis']);
  return limit > 0 && limit <= timeoutMs;
}
