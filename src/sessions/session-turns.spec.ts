import { describe, expect, it } from 'vitest';
import { SessionTurns } from './session-turns.js';

/** Work that a test lets end. */
class Held {
  readonly begun: string[] = [];
  private readonly ends: (() => void)[] = [];

  readonly work = (name: string) => () => {
    this.begun.push(name);
    return new Promise<string>((resolve) => this.ends.push(() => resolve(name)));
  };

  async endFirst(): Promise<void> {
    this.ends.shift()!();
    // The next piece begins some microtasks later.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the turns of a session', () => {
  it('do one piece of work at a time', async () => {
    const held = new Held();
    const turns = new SessionTurns<string>();
    const answers = ['a', 'b', 'c'].map((token) => turns.take('s', token, held.work(token)));
    expect(held.begun).toEqual(['a']);
    await held.endFirst();
    expect(held.begun).toEqual(['a', 'b']);
    await held.endFirst();
    await held.endFirst();
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
  });

  it('share an answer between equal tokens that wait, and never with work that has begun', async () => {
    const held = new Held();
    const turns = new SessionTurns<string>();
    const first = turns.take('s', 'a', held.work('before'));
    const later = [1, 2, 3].map(() => turns.take('s', 'a', held.work('after')));
    await held.endFirst();
    await held.endFirst();
    expect(await first).toBe('before');
    expect(await Promise.all(later)).toEqual(['after', 'after', 'after']);
    expect(held.begun).toEqual(['before', 'after']);
  });

  it('hold up no other session', () => {
    const held = new Held();
    const turns = new SessionTurns<string>();
    void turns.take('s', 'a', held.work('one'));
    void turns.take('t', 'a', held.work('two'));
    expect(held.begun).toEqual(['one', 'two']);
  });

  it('go on after work that failed, and begin afresh once nobody waits', async () => {
    const turns = new SessionTurns<string>();
    const failed = turns.take('s', 'a', async () => {
      throw new Error('no database');
    });
    const next = turns.take('s', 'b', async () => 'b');
    await expect(failed).rejects.toThrow('no database');
    expect(await next).toBe('b');
    expect(await turns.take('s', 'a', async () => 'a')).toBe('a');
  });
});
