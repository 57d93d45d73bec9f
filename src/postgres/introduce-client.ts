// Not the global ones, which an application's fake timers replace.
import { clearTimeout, setTimeout } from 'node:timers';
import type { PgClient, PgPool, VerifyClient } from './pg-pool.js';

/**
 * Lets the application prepare a new connection of ours as it prepares its own: the `connect` listeners of its pool are
 * where it sets `search_path`, a role, a tenant. Those that are asynchronous are waited for; when one fails, the
 * connection is not used.
 */
export function introduceTo(of: PgPool, limitMs: number): VerifyClient {
  return async (client, done) => {
    try {
      await inTime(introduce(of, client), limitMs);
    } catch (error) {
      return done(error);
    }
    done();
  };
}

async function inTime(introducing: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const late = new Error(`The connect listeners of the pool took more than ${limitMs} ms`);
    timer = setTimeout(() => reject(late), limitMs);
  });
  try {
    await Promise.race([introducing, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

async function introduce(of: PgPool, client: PgClient): Promise<void> {
  const listeners = of.listeners('connect') as ((client: PgClient) => unknown)[];
  await Promise.all(listeners.map(async (listener) => listener.call(of, client)));
  const { verify } = of.options;
  if (verify === undefined) return;
  await new Promise<void>((resolve, reject) => {
    verify(client, (error) => (error ? reject(error) : resolve()));
  });
}
