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
export async function cancelStatement(
  client: PgClient,
  options: PgPoolOptions,
  graceMs: number,
): Promise<boolean> {
  const canceller = new (client.constructor as new (options: object) => Canceller)(options);
  const { connection } = canceller;
  const { processID, secretKey } = client;
  if (connection === undefined || !processID) return false;
  connection.on('error', () => {});
  const ended = new Promise<void>((resolve) => connection.once('end', resolve));
  const idle = new Promise<void>((resolve) => client.once('drain', resolve));
  let giveUp!: () => void;
  const tooLate = new Promise<false>((resolve) => {
    giveUp = () => resolve(false);
  });
  const timer = setTimeout(giveUp, graceMs);
  client.once('end', giveUp);
  const query = {};
  canceller.cancel({ activeQuery: query, processID, secretKey }, query);
  // A request that arrives late would end the next statement: it has to be over as well.
  const isIdle = await Promise.race([Promise.all([idle, ended]).then(() => true), tooLate]);
  clearTimeout(timer);
  client.off('end', giveUp);
  connection.stream.destroy();
  return isIdle;
}
