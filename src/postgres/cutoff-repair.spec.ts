import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StateReading, WriteOutcome } from '../state/token-state.store.js';
import { CutoffRepair, type RepairSubject } from './cutoff-repair.js';

const TOMORROW = new Date(Date.now() + 86_400_000);
const GOOD = { tokenVersion: 0, passwordChangedAt: null, logoutAllAt: null };
const AHEAD = { ...GOOD, logoutAllAt: TOMORROW };

beforeAll(() => Logger.overrideLogger(false));

/** A repair whose writes end when the test says so. */
function repairs() {
  const writes: { subject: RepairSubject; end(outcome: WriteOutcome | Error): Promise<void> }[] =
    [];
  const repair = new CutoffRepair(
    (subject) =>
      new Promise<WriteOutcome>((resolve, reject) => {
        const end = async (outcome: WriteOutcome | Error) => {
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
          await new Promise<void>((done) => setImmediate(done));
        };
        writes.push({ subject, end });
      }),
  );
  const read = (states: Record<string, object | undefined>, loggedOutAt: Date | null = null) =>
    repair.notice(
      Object.keys(states).map((subject) => ({ subject })),
      {
        everyone: { version: 0, loggedOutAt },
        records: Object.values(states).map(
          (state) => state && (state instanceof Error ? state : { state, user: {}, active: true }),
        ),
      } as StateReading<unknown>,
    );
  return { read, writes, subjects: () => writes.map(({ subject }) => subject) };
}

describe('the repair of cutoffs', () => {
  it('begins with neither good states, nor errors, nor unknown users', () => {
    const { read, subjects } = repairs();
    read({ a: GOOD, b: undefined, c: new Error('gone') });
    expect(subjects()).toEqual([]);
  });

  it.each(['logoutAllAt', 'passwordChangedAt'])('begins where %s is far ahead', (cutoff) => {
    const { read, subjects } = repairs();
    read({ a: GOOD, b: { ...GOOD, [cutoff]: TOMORROW } });
    expect(subjects()).toEqual(['b']);
  });

  it('begins with everyone', () => {
    const { read, subjects } = repairs();
    read({ a: GOOD }, TOMORROW);
    expect(subjects()).toEqual([null]);
  });

  it.each<[string, WriteOutcome | Error]>([
    ['repaired', { version: 1, effectiveAt: new Date() }],
    ['not ahead by the database', 'conflict'],
    ['failed', new Error('no connection')],
  ])('runs one at a time, and no subject again soon that was %s', async (_, outcome) => {
    const { read, writes, subjects } = repairs();
    read({ a: AHEAD, b: AHEAD });
    read({ a: AHEAD });
    expect(subjects()).toEqual(['a']);
    await writes[0]!.end(outcome);
    read({ a: AHEAD, b: AHEAD });
    expect(subjects()).toEqual(['a', 'b']);
  });
});
