/** As much of pg's pool as is used; pg's own types stay out, as the application may not have them. */
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
  /** With `true`: closes the connection instead of handing it to the next one. */
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

/**
 * Runs a statement outside of any transaction, within a time limit that counts the wait for a connection too. Rows
 * come as arrays of values.
 *
 * What was given up before it got a connection is never sent: an invalidation that comes late would end newer logins.
 * A connection whose statement failed or hangs is closed.
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
    // In one piece: pg copies it property by property, which takes longer for an object made of others.
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
    handBack(client, broken);
  }
}

/**
 * A connection that breaks says so in an event too, besides the statement's failure. The pool listens only while nobody
 * has the client, and an error event that nobody hears ends the process. So we listen from the turn on in which the pool
 * stops: one read from the network may bring a connection's beginning and its end.
 */
function checkOut(pool: PgPool): Promise<PgClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) return reject(error!);
      client.on('error', heard);
      resolve(client);
    });
  });
}

function handBack(client: PgClient, broken: boolean): void {
  client.release(broken);
  client.off('error', heard);
}

function heard(): void {}

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
    // A connection that comes after all is nobody's: it goes to the next one.
    connecting.then(
      (client) => handBack(client, false),
      () => undefined,
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A pool with a limit of its own needs no second timer, on every read. */
function isLimited({ options }: PgPool, timeoutMs: number): boolean {
  const limit = Number(options['connectionTimeoutMillis']);
  return limit > 0 && limit <= timeoutMs;
}
