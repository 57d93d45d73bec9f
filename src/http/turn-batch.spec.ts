import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { TurnBatch } from './turn-batch.js';

describe('TurnBatch', () => {
  it('gives one promise to all who ask during a turn, and another one in the next', async () => {
    const batch = new TurnBatch();
    const first = batch.endOfTurn();
    await Promise.resolve();
    expect(batch.endOfTurn()).toBe(first);
    await first;
    const second = batch.endOfTurn();
    expect(second).not.toBe(first);
    expect(batch.endOfTurn()).toBe(second);
    await second;
  });

  it('waits for the end of the turn, not only for the microtasks that are due', async () => {
    let ended = false;
    const waiting = new TurnBatch().endOfTurn().then(() => (ended = true));
    for (let task = 0; task < 50; task += 1) await Promise.resolve();
    expect(ended).toBe(false);
    await waiting;
    expect(ended).toBe(true);
  });

  it('lets the responses of a turn be written back to back', async () => {
    const batch = new TurnBatch();
    const order: string[] = [];
    const write = async (name: string): Promise<void> => {
      await batch.endOfTurn();
      order.push(name);
      process.nextTick(() => order.push(`after ${name}`));
    };
    await Promise.all([write('one'), write('two')]);
    await setImmediate();
    expect(order).toEqual(['one', 'two', 'after one', 'after two']);
  });

  it('shares nothing with another batch', () => {
    expect(new TurnBatch().endOfTurn()).not.toBe(new TurnBatch().endOfTurn());
  });

  it('ends also where the tests of an application have faked the timers', async () => {
    vi.useFakeTimers();
    try {
      await expect(new TurnBatch().endOfTurn()).resolves.toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });
});
