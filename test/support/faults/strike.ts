import { callbackify, promisify } from 'node:util';
import { expect, vi } from 'vitest';

type Call = (...args: unknown[]) => unknown;

/** What happens in place of a call; `call` makes it after all. */
export type Strike = (call: Call, args: unknown[]) => unknown;

export const STRUCK = 'struck by the test';

export const throws: Strike = () => {
  throw new Error(STRUCK);
};
export const rejects: Strike = () => Promise.reject(new Error(STRUCK));
export const hangs: Strike = () => new Promise(() => undefined);

/** Rejects as PostgreSQL and pg do, with a SQLSTATE or a code of the system. */
export function rejectsWith(code: string): Strike {
  return () => Promise.reject(Object.assign(new Error(STRUCK), { code }));
}

/** In place of pg's query(): a real statement, whose answer comes long after the time limit of these tests. */
export const sleeps: Strike = (call, [query, , ...rest]) => {
  const text = 'SELECT pg_sleep(60)';
  if (typeof query === 'string') return call(text, [], ...rest);
  const { name: _, ...config } = query as { name?: string };
  return call({ ...config, text, values: [] });
};

/** In place of a pool's connect(): gives the connection when nobody waits for it any more. */
export function laterThan(limitMs: number): Strike {
  return async (call, args) => {
    const client = await call(...args);
    await new Promise((resolve) => {
      setTimeout(resolve, 2 * limitMs);
    });
    return client;
  };
}

/** In place of a pool's connect(): a connection that works, and fails when it is given back. */
export const unreturnable: Strike = async (call, args) => {
  const client = (await call(...args)) as { release(broken: boolean): void };
  const release = client.release.bind(client);
  client.release = () => {
    release(true);
    throw new Error(STRUCK);
  };
  return client;
};

/** A call that hands its outcome to a callback is to the strike one that gives a promise. */
function struck(strike: Strike, call: Call, args: unknown[]): unknown {
  const callback = args.at(-1);
  if (typeof callback !== 'function') return strike(call, args);
  const outcome = strike(promisify(call), args.slice(0, -1));
  callbackify(async () => outcome)(callback as (error: Error) => void);
  return undefined;
}

/** What pg's query() was asked. */
export function textOf(query: unknown): string {
  return typeof query === 'string' ? query : (query as { text: string }).text;
}

/** One call that fails: the first that `when` says yes to. */
export interface Step {
  readonly strike: Strike;
  readonly when?: (args: unknown[]) => boolean;
}

/**
 * Lets calls of a method fail, one for each step and in their order; all others are made. The function returned takes it
 * back, and fails when a call never came: then nothing was tried.
 */
export function strikeAt<Target extends object>(
  target: Target,
  method: keyof Target & string,
  ...steps: Step[]
): () => void {
  const original = target[method] as Call;
  const left = [...steps];
  const spy = vi.spyOn(target as Record<string, Call>, method);
  spy.mockImplementation(function (this: Target, ...args: unknown[]) {
    const call: Call = (...changed) => original.apply(this, changed);
    const [next] = left;
    if (next === undefined || next.when?.(args) === false) return call(...args);
    left.shift();
    return struck(next.strike, call, args);
  });
  return () => {
    spy.mockRestore();
    expect(left, `calls of ${method} that never came`).toEqual([]);
  };
}
