import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Sight } from '../state/session.store.js';
import { Sights } from './sights.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function recorded(): { written: Sight[][]; sights: Sights } {
  const written: Sight[][] = [];
  const sights = new Sights(async (batch) => {
    written.push([...batch]);
    return batch.length;
  });
  return { written, sights };
}

describe('the sights of generations', () => {
  it('are written together after a second, the latest of each session', async () => {
    const { written, sights } = recorded();
    sights.note({ sessionId: 'a', generation: 1 });
    sights.note({ sessionId: 'b', generation: 7 });
    sights.note({ sessionId: 'a', generation: 2 });
    await vi.advanceTimersByTimeAsync(999);
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(written).toEqual([
      [
        { sessionId: 'a', generation: 2 },
        { sessionId: 'b', generation: 7 },
      ],
    ]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(1);
  });

  it('go into several statements when there are many, and no further than a limit', async () => {
    const { written, sights } = recorded();
    for (let id = 0; id < 10_500; id += 1) sights.note({ sessionId: String(id), generation: 0 });
    await sights.flush();
    expect(written.map((batch) => batch.length)).toEqual(Array(10).fill(1000));
  });

  it('may be lost, which the log says, and the next ones are written', async () => {
    const lines: unknown[][] = [];
    const debug = (...line: unknown[]) => lines.push(line);
    Logger.overrideLogger({ log() {}, error() {}, warn() {}, debug });
    const write = vi.fn<() => Promise<number>>().mockRejectedValueOnce(new Error('down'));
    const sights = new Sights(write);
    sights.note({ sessionId: 'a', generation: 1 });
    await sights.flush();
    sights.note({ sessionId: 'a', generation: 1 });
    await sights.flush();
    expect(write).toHaveBeenCalledTimes(2);
    expect(lines).toEqual([
      ['Sights of sessions were not written: Error: down', 'TokenInvalidation'],
    ]);
  });

  it('are written one batch after the other', async () => {
    let inProgress = 0;
    let most = 0;
    const sights = new Sights(async () => {
      inProgress += 1;
      most = Math.max(most, inProgress);
      await Promise.resolve();
      inProgress -= 1;
      return 1;
    });
    sights.note({ sessionId: 'a', generation: 1 });
    const first = sights.flush();
    sights.note({ sessionId: 'b', generation: 1 });
    await Promise.all([first, sights.flush()]);
    expect(most).toBe(1);
  });
});
