// Not the global ones, which an application's fake timers replace.
import { clearTimeout, setTimeout } from 'node:timers';
import type { PgClient, PgPoolOptions } from './pg-pool.js';

/** Longer than a pooler waits for its server: PgBouncer gives a request up after 10 s. */
const REQUEST_MS = 30_000;

/** A client that was made to send a cancel request: it never logs in, and needs no connection slot. */
interface Canceller {
  readonly connection?: CancelConnection;
  cancel(target: object, query: object): void;
}

interface CancelConnection {
  readonly stream: { destroy(): void; unref?(): void };
  readonly ssl?: unknown;
  /** `direct`: TLS begins without being asked for. */
  readonly sslNegotiation?: string;
  /** Is called as soon as the server has accepted the connection. */
  cancel(processID: unknown, secretKey: unknown): void;
  requestSsl(): void;
  on(event: 'error', listener: () => void): unknown;
  once(event: 'end' | 'sslconnect', listener: () => void): unknown;
}

/**
 * Cancels the statement that the client is waiting for, at the server. Closing the connection does not: a backend that
 * waits for a lock looks at its connection only when it has something to say, and poolers keep it.
 *
 * Resolves when the server has answered the request, or never will. `undefined`: there is nothing that it could name.
 */
export function cancelStatement(
  client: PgClient,
  options: PgPoolOptions,
): Promise<void> | undefined {
  const canceller = new (client.constructor as new (options: object) => Canceller)(options);
  const { connection } = canceller;
  const { processID, secretKey } = client;
  if (connection === undefined || !processID) return undefined;
  connection.on('error', () => {});
  connection.stream.unref?.();
  encrypt(connection);
  const isOver = endOf(connection);
  const query = {};
  canceller.cancel({ activeQuery: query, processID, secretKey }, query);
  return isOver;
}

/** The server closes the connection. A pooler that loses it before ends nothing, and old ones end themselves. */
function endOf(connection: CancelConnection): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      connection.stream.destroy();
      resolve();
    }, REQUEST_MS).unref();
    connection.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** True once the client is idle again and the request is over: then the connection can be used. False: not within `graceMs`. */
export async function isIdleWithin(
  graceMs: number,
  client: PgClient,
  isOver: Promise<void>,
): Promise<boolean> {
  const idle = new Promise<void>((resolve) => client.once('drain', resolve));
  let giveUp!: () => void;
  const tooLate = new Promise<false>((resolve) => {
    giveUp = () => resolve(false);
  });
  const timer = setTimeout(giveUp, graceMs);
  client.once('end', giveUp);
  // A cancel request that arrives late would hit the next statement, so wait for its end too.
  const isIdle = await Promise.race([Promise.all([idle, isOver]).then(() => true), tooLate]);
  clearTimeout(timer);
  client.off('end', giveUp);
  return isIdle;
}

/** pg would send the request in the clear, and a server that requires TLS would not read it. */
function encrypt(connection: CancelConnection): void {
  if (!connection.ssl) return;
  const send = connection.cancel.bind(connection);
  connection.cancel = (processID, secretKey) => {
    connection.once('sslconnect', () => send(processID, secretKey));
    if (connection.sslNegotiation !== 'direct') connection.requestSsl();
  };
}
