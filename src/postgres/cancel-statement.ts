// Not the global ones, which an application's fake timers replace.
import { clearTimeout, setTimeout } from 'node:timers';
import type { PgClient, PgPoolOptions } from './pg-pool.js';

/** A client that was made to send a cancel request: it never logs in, and needs no connection slot. */
interface Canceller {
  readonly connection?: {
    readonly stream: { destroy(): void };
    on(event: 'error', listener: () => void): unknown;
    once(event: 'end', listener: () => void): unknown;
  };
  cancel(target: object, query: object): void;
}

/**
 * Ends at the server the statement that the client is waiting for. Closing the connection does not: a backend that
 * waits for a lock looks at its connection only when it has something to say, and poolers keep it.
 *
 * True once the client is idle again: then the connection is well. False: no word within `graceMs`.
 */
export function cancelStatement(
  client: PgClient,
  options: PgPoolOptions,
  graceMs: number,
): Promise<boolean> {
  const canceller = new (client.constructor as new (options: object) => Canceller)(options);
  const { connection } = canceller;
  if (connection === undefined || !client.processID) return Promise.resolve(false);
  return new Promise((resolve) => {
    // A request that arrives late would end the next statement, so that both have to be over.
    let left = 2;
    const finish = (isIdle: boolean) => {
      clearTimeout(timer);
      client.off('drain', one);
      client.off('end', broken);
      connection.stream.destroy();
      resolve(isIdle);
    };
    const one = () => {
      left -= 1;
      if (left === 0) finish(true);
    };
    const broken = () => finish(false);
    const timer = setTimeout(broken, graceMs);
    client.once('drain', one);
    client.once('end', broken);
    connection.on('error', () => {});
    connection.once('end', one);
    const query = {};
    const { processID, secretKey } = client;
    canceller.cancel({ activeQuery: query, processID, secretKey }, query);
  });
}
