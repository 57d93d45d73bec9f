import { setImmediate } from 'node:timers/promises';

/** Below the time limit of a test: one that waits in vain says for what. */
const PATIENCE_MS = 60_000;

/**
 * Asks until the condition holds, without a pause. The condition also drives what it waits for, where nothing else does.
 *
 * @param what - what should happen, for the error
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const latest = process.hrtime.bigint() + BigInt(PATIENCE_MS) * 1_000_000n;
  while (!(await holds())) {
    if (process.hrtime.bigint() > latest) {
      throw new Error(`After ${PATIENCE_MS / 1000} seconds it did not happen: ${what}`);
    }
    await setImmediate();
  }
}
