import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionStore } from '../state/session.store.js';
import { SessionUpkeep } from './session-upkeep.js';

const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function fakeStore(sweep: () => Promise<number>) {
  const markSeen = vi.fn<() => Promise<number>>(async () => 1);
  return { markSeen, store: { sweep, markSeen } as unknown as SessionStore };
}

describe('the upkeep of the sessions', () => {
  it('sweeps about once an hour, until nothing is left, and goes on after a failure', async () => {
    const sweep = vi
      .fn<() => Promise<number>>()
      .mockResolvedValueOnce(1000)
      .mockResolvedValueOnce(3)
      .mockResolvedValueOnce(0)
      .mockRejectedValueOnce(new Error('down'))
      .mockResolvedValue(0);
    const upkeep = new SessionUpkeep(fakeStore(sweep).store);
    upkeep.onApplicationBootstrap();
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(sweep).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(2 * HOUR);
    expect(sweep.mock.calls.length).toBeGreaterThanOrEqual(5);
  });

  it('says in the log that a sweep failed, and why', async () => {
    const lines: unknown[][] = [];
    Logger.overrideLogger({ log() {}, error() {}, warn: (...line) => lines.push(line) });
    const upkeep = new SessionUpkeep(fakeStore(() => Promise.reject(new Error('down'))).store);
    upkeep.onApplicationBootstrap();
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(lines).toEqual([['Sessions were not swept: Error: down', 'TokenInvalidation']]);
    await upkeep.beforeApplicationShutdown();
  });

  it('writes the last sights before the store closes, and sweeps no more', async () => {
    const sweep = vi.fn<() => Promise<number>>(async () => 0);
    const { store, markSeen } = fakeStore(sweep);
    const upkeep = new SessionUpkeep(store);
    upkeep.onApplicationBootstrap();
    upkeep.sights.note({ sessionId: 'a', generation: 1 });
    await upkeep.beforeApplicationShutdown();
    expect(markSeen).toHaveBeenCalledWith([{ sessionId: 'a', generation: 1 }]);
    await vi.advanceTimersByTimeAsync(10 * HOUR);
    expect(sweep).not.toHaveBeenCalled();
  });

  it('does nothing where sessions are off', async () => {
    const upkeep = new SessionUpkeep(undefined);
    upkeep.onApplicationBootstrap();
    expect(vi.getTimerCount()).toBe(0);
    expect(await upkeep.sweep()).toBe(0);
  });
});
