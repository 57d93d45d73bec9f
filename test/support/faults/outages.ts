import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Answer, TestClient } from '../test-client.js';

export { rowOf, versionOf } from './row-of.js';

/** Beyond its limit a check may take this long to answer. */
export const GRACE_MS = 250;
/** How soon after the database's return the application must work again: by then, or by so many attempts. */
const RECOVERY_MS = 2000;
const RECOVERY_ATTEMPTS = 10;
export const UNAVAILABLE = '503 token_state_unavailable';

/** How often the event loop should come by. */
const TICK_MS = 10;

/** An answer, and how long it took, but for the time in which a busy machine let this process wait. */
export async function timed(asking: Promise<Answer>): Promise<Answer & { tookMs: number }> {
  const began = performance.now();
  let [last, stoodStillMs] = [began, 0];
  const tick = () => {
    const now = performance.now();
    stoodStillMs += Math.max(0, now - last - 2 * TICK_MS);
    last = now;
  };
  const timer = setInterval(tick, TICK_MS);
  try {
    const answer = await asking;
    tick();
    return { ...answer, tookMs: last - began - stoodStillMs };
  } finally {
    clearInterval(timer);
  }
}

/** Many at once, so that they share reads: each is asked to come back, in time. */
export async function expectUnavailable(
  client: TestClient,
  token: string,
  limitMs: number,
): Promise<void> {
  const paths = Array.from({ length: 10 }, (_, index) => (index % 2 ? '/auth/me' : '/auth/claims'));
  const [limit, ...answers] = await Promise.all([
    limitAsKept(client, limitMs),
    ...paths.map((path) => timed(client.get(path, token))),
  ]);
  for (const { status, body, headers, tookMs } of answers) {
    expect(`${status} ${String(body['errorCode'])}`).toBe(UNAVAILABLE);
    expect(headers.get('retry-after')).toBe('7');
    expect(headers.get('www-authenticate')).toBeNull();
    expect(tookMs).toBeLessThan(limit + GRACE_MS);
  }
}

/** Whether an answer came within the limit, or within what it comes to on a busy machine. */
export async function isInTime(
  client: TestClient,
  { tookMs, limitMs }: { tookMs: number; limitMs: number },
): Promise<boolean> {
  if (tookMs < limitMs + GRACE_MS) return true;
  return tookMs < (await limitAsKept(client, limitMs)) + GRACE_MS;
}

/**
 * What the limit comes to here and now: a timer of that length, and as many requests as there are checks, which need no
 * database. A busy machine is late with these too, and that is no fault of the check. Without load: a few ms more.
 */
export async function limitAsKept(client: TestClient, limitMs: number): Promise<number> {
  const began = performance.now();
  await setTimeout(limitMs);
  await Promise.all(Array.from({ length: 10 }, () => client.get('/auth/open')));
  return performance.now() - began;
}

/** Asks, one request after the other, until the token is accepted. Until then nothing but 503 will do. */
export async function expectRecovery(
  client: TestClient,
  token: string,
  path = '/auth/me',
): Promise<void> {
  await soon(async () => {
    const answer = await client.ask(token, path);
    expect([200, UNAVAILABLE]).toContain(answer);
    return answer === 200;
  });
}

/** Tries again until it holds. A connection that is lost and does not know it costs an attempt. */
export async function soon(holds: () => Promise<boolean>): Promise<void> {
  const latest = performance.now() + RECOVERY_MS;
  // On a busy machine the attempts take longer, and there are no more of them.
  for (let attempts = 1; !(await holds()); attempts += 1) {
    const late = performance.now() > latest && attempts >= RECOVERY_ATTEMPTS;
    if (late) throw new Error(`It is not well after ${attempts} attempts.`);
  }
}

/** Fails the test during which something failed and nobody looked: either would end the process. */
export function expectNothingUnhandled(): void {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  const events = ['unhandledRejection', 'uncaughtException'];
  beforeAll(() => events.forEach((event) => process.on(event, note)));
  afterAll(() => events.forEach((event) => process.off(event, note)));
  afterEach(() => expect(unhandled.splice(0)).toEqual([]));
}
