import { afterEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../test/support/until.js';
import { CommitWatcher } from './commit-watcher.js';

/** A database that says of each transaction what `statuses` holds, and counts how often it was asked for what. */
class Transactions {
  readonly statuses = new Map<string, string>();
  readonly asked: string[][] = [];
  failures = 0;

  readonly watcher = new CommitWatcher(async ({ values }) => {
    const ids = values[0] as string[];
    this.asked.push(ids);
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('no database');
    }
    return ids.map((id) => [id, this.statuses.get(id) ?? 'in progress']);
  });

  /** Until it was asked as often. */
  async asks(count: number): Promise<void> {
    await until(`it is asked ${count} times`, () => this.asked.length >= count);
  }
}

afterEach(() => vi.useRealTimers());

describe('CommitWatcher', () => {
  it.each([
    ['committed', true],
    ['aborted', false],
    ['unknown', false],
  ])('takes %s for the end: %s', async (status, outcome) => {
    const { watcher, statuses } = new Transactions();
    statuses.set('1', status);
    expect(await watcher.outcomeOf('1')).toBe(outcome);
  });

  it('asks again while a transaction is in progress, and no more after its end', async () => {
    const transactions = new Transactions();
    const outcome = transactions.watcher.outcomeOf('1');
    await transactions.asks(3);
    transactions.statuses.set('1', 'committed');
    expect(await outcome).toBe(true);
    transactions.statuses.set('2', 'committed');
    await transactions.watcher.outcomeOf('2');
    expect(transactions.asked.at(-1)).toEqual(['2']);
  });

  it('asks for all that are pending in one statement, and once for each', async () => {
    const { watcher, asked, statuses } = new Transactions();
    for (const id of ['1', '2']) statuses.set(id, 'committed');
    await Promise.all([watcher.outcomeOf('1'), watcher.outcomeOf('2'), watcher.outcomeOf('1')]);
    expect(asked).toEqual([['1', '2']]);
  });

  it('asks for a new one soon, though an old one has been pending for long', async () => {
    const transactions = new Transactions();
    const old = transactions.watcher.outcomeOf('old');
    await transactions.asks(5);
    const { length } = transactions.asked;
    transactions.statuses.set('new', 'committed');
    expect(await transactions.watcher.outcomeOf('new')).toBe(true);
    expect(transactions.asked.slice(length)).toEqual([['old', 'new']]);
    transactions.watcher.close();
    await old;
  });

  it('goes on asking while new ones come without end', async () => {
    const transactions = new Transactions();
    let id = 0;
    await until('it is asked', () => {
      void transactions.watcher.outcomeOf(String(id++));
      return transactions.asked.length > 0;
    });
    transactions.watcher.close();
    expect(transactions.asked[0]!.length).toBeGreaterThan(1);
  });

  it('takes an outage for no answer', async () => {
    const transactions = new Transactions();
    transactions.failures = 2;
    transactions.statuses.set('1', 'committed');
    expect(await transactions.watcher.outcomeOf('1')).toBe(true);
    expect(transactions.asked).toHaveLength(3);
  });

  it('gives up when it is closed, and asks nothing any more', async () => {
    const { watcher, asked } = new Transactions();
    const outcome = watcher.outcomeOf('1');
    watcher.close();
    expect(await outcome).toBe(false);
    expect(await watcher.outcomeOf('2')).toBe(false);
    // Its first question would have come before that of another, later one.
    const other = new Transactions();
    other.statuses.set('1', 'committed');
    await other.watcher.outcomeOf('1');
    expect(asked).toEqual([]);
  });

  it('goes on under the fake timers of a test', async () => {
    vi.useFakeTimers();
    const { watcher, statuses } = new Transactions();
    statuses.set('1', 'committed');
    expect(await watcher.outcomeOf('1')).toBe(true);
  });
});
