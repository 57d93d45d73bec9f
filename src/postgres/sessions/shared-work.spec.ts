import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SharedWork } from './shared-work.js';

/** Work that a test lets end. */
class Held {
  readonly begun: (readonly number[])[] = [];
  private readonly ends: ((error?: Error) => void)[] = [];

  readonly shared = new SharedWork<number, string>((items) => {
    this.begun.push(items);
    return new Promise((resolve, reject) =>
      this.ends.push((error) => {
        if (error) reject(error);
        else resolve(items.map(answerTo));
      }),
    );
  });

  add(...items: number[]): Promise<string[]> {
    return Promise.all(items.map((item) => this.shared.add(item)));
  }

  async endFirst(error?: Error): Promise<void> {
    this.ends.shift()!(error);
    await setImmediate();
  }
}

async function answerTo(item: number): Promise<string> {
  if (item < 0) throw new Error(`${item} is below 0`);
  return `answer to ${item}`;
}

describe('work that is shared', () => {
  it('begins with all that came in a turn', async () => {
    const held = new Held();
    const answers = held.add(1, 2, 3);
    expect(held.begun).toEqual([]);
    await setImmediate();
    expect(held.begun).toEqual([[1, 2, 3]]);
    await held.endFirst();
    expect(await answers).toEqual(['answer to 1', 'answer to 2', 'answer to 3']);
  });

  it('waits while there is other work, unless it is for as many', async () => {
    const held = new Held();
    const answers = [held.add(1, 2)];
    await setImmediate();
    answers.push(held.add(3));
    await setImmediate();
    expect(held.begun).toHaveLength(1);
    answers.push(held.add(4));
    await setImmediate();
    expect(held.begun).toEqual([
      [1, 2],
      [3, 4],
    ]);
    answers.push(held.add(5));
    await setImmediate();
    expect(held.begun).toHaveLength(2);
    await held.endFirst();
    expect(held.begun).toHaveLength(2);
    await held.endFirst();
    expect(held.begun[2]).toEqual([5]);
    await held.endFirst();
    expect((await Promise.all(answers)).flat()).toHaveLength(5);
  });

  it('does not wait for what is late', async () => {
    const held = new Held();
    const late = held.add(1, 2);
    await setImmediate();
    const next = held.add(3);
    while (held.begun.length < 2) await setTimeout(1);
    expect(held.begun[1]).toEqual([3]);
    await held.endFirst();
    await held.endFirst();
    await Promise.all([late, next]);
  });

  it('is done in pieces where it is much, two at a time', async () => {
    const held = new Held();
    const answers = held.add(...Array.from({ length: 100 }, (_, item) => item));
    await setImmediate();
    expect(held.begun.map(({ length }) => length)).toEqual([32, 32]);
    await held.endFirst();
    expect(held.begun.map(({ length }) => length)).toEqual([32, 32, 32]);
    await held.endFirst();
    expect(held.begun.map(({ length }) => length)).toEqual([32, 32, 32]);
    await held.endFirst();
    expect(held.begun.map(({ length }) => length)).toEqual([32, 32, 32, 4]);
    await held.endFirst();
    expect(await answers).toHaveLength(100);
  });

  it('fails for one where its answer fails, and for all where the work does', async () => {
    const held = new Held();
    const settled = Promise.allSettled([held.shared.add(1), held.shared.add(-1)]);
    await setImmediate();
    await held.endFirst();
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const failed = Promise.allSettled([held.shared.add(1), held.shared.add(2)]);
    await setImmediate();
    await held.endFirst(new Error('no database'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const after = held.add(3);
    await setImmediate();
    await held.endFirst();
    expect(await after).toEqual(['answer to 3']);
  });
});
