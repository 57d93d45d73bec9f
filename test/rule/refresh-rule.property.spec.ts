import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeRefresh, type JudgedRefresh } from '../../src/rule/refresh-rule.js';
import { tries } from '../support/properties.js';
import { naiveRefresh, type NaiveRefresh } from '../support/rule/naive-refresh.js';

/** Thousands of tries, on a machine that may be busy. */
const PATIENT = { timeout: 30_000 };

const mostly = (usual: boolean) => fc.constantFrom(...Array(9).fill(usual), !usual);
const generations = fc.integer({ min: 0, max: 4 });
const ages = fc.constantFrom(
  -1,
  0,
  0.001,
  19.999,
  20,
  29.999,
  30,
  30.001,
  59.999,
  60,
  60.001,
  61,
  90_000,
);
const versions = fc.constantFrom(3, 3, 3, 3, 3, 3, 2, 4);

const rows: fc.Arbitrary<NaiveRefresh['row']> = fc.option(
  fc.record({
    g: generations,
    secretMatches: mostly(true),
    sinceRotated: ages,
    sinceSeen: fc.option(ages, { nil: null, freq: 3 }),
    repeats: fc.constantFrom(0, 1, 9, 10),
    ended: mostly(false),
    expired: mostly(false),
    idle: mostly(false),
    active: mostly(true),
    sessionVersion: versions,
    userVersion: versions,
    sessionEveryone: versions,
    everyone: versions,
  }),
  { nil: undefined, freq: 30 },
);

const cases: fc.Arbitrary<NaiveRefresh> = fc.record({
  p: generations,
  grace: fc.constantFrom(0, 30, 60, 60, 300),
  row: rows,
});

function recordOf(row: NaiveRefresh['row']): JudgedRefresh | undefined {
  if (row === undefined) return undefined;
  return {
    active: row.active,
    state: { tokenVersion: row.userVersion, passwordChangedAt: null, logoutAllAt: null },
    everyone: { version: row.everyone, loggedOutAt: null },
    refreshed: {
      secretMatches: row.secretMatches,
      userVersion: row.sessionVersion,
      everyoneVersion: row.sessionEveryone,
      startedAt: new Date(0),
      endedReason: row.ended ? 'logged_out' : null,
      isExpired: row.expired,
      isIdle: row.idle,
      generation: row.g,
      secondsSinceRotated: row.sinceRotated,
      secondsSinceSeen: row.sinceSeen,
      repeats: row.repeats,
    },
  };
}

function answerTo({ p, grace, row }: NaiveRefresh): string {
  const verdict = judgeRefresh(p, recordOf(row), { graceSeconds: grace });
  if (!verdict.accepted) return verdict.ends ? `${verdict.reason}, end` : verdict.reason;
  const { repeatsSuccessor, generation, isLate, write } = verdict;
  const name = repeatsSuccessor ? 'successor' : 'access';
  return `${name} ${generation}${isLate ? ', late' : ''}${write ? `, ${write}` : ''}`;
}

describe('the rule of the refresh, and the table that it was written from', PATIENT, () => {
  it('say the same of every token, session, user and grace', () => {
    const property = fc.property(cases, (given) => {
      expect(answerTo(given)).toBe(naiveRefresh(given));
    });
    fc.assert(property, tries(20_000));
  });

  it('are compared on every row', () => {
    const seen = fc
      .sample(cases, { ...tries(0), numRuns: 10_000 })
      .map((given) => naiveRefresh(given).replaceAll(/ \d/g, ''));
    expect([...new Set(seen)].toSorted()).toEqual([
      'access',
      'access, adoption',
      'access, sight',
      'everyone_logged_out',
      'refresh_invalid',
      'refresh_reused, end',
      'session_ahead, end',
      'session_ended',
      'session_expired',
      'session_idle',
      'successor',
      'successor, late',
      'successor, late, repeat',
      'successor, repeat',
      'user_inactive',
      'version_ahead',
      'version_stale',
    ]);
  });

  it('end a session for nothing but a token that is behind or ahead of it', () => {
    const property = fc.property(cases, (given) => {
      const verdict = judgeRefresh(given.p, recordOf(given.row), { graceSeconds: given.grace });
      const ends = !verdict.accepted && verdict.ends !== undefined;
      fc.pre(ends);
      expect(given.row!.secretMatches).toBe(true);
      expect(given.p).not.toBe(given.row!.g);
      expect([given.row!.ended, given.row!.expired, given.row!.idle]).not.toContain(true);
    });
    fc.assert(property, tries(2000));
  });
});

describe('a refresh token', () => {
  const LIVE: NonNullable<NaiveRefresh['row']> = {
    g: 3,
    secretMatches: true,
    sinceRotated: 100,
    sinceSeen: null,
    repeats: 0,
    ended: false,
    expired: false,
    idle: false,
    active: true,
    sessionVersion: 3,
    userVersion: 3,
    sessionEveryone: 0,
    everyone: 0,
  };

  it('of a session from before a password change is refused by its name', () => {
    const record = recordOf({ ...LIVE, userVersion: 4 })!;
    const state = { ...record.state, passwordChangedAt: new Date(5000) };
    const refreshed = { ...record.refreshed, startedAt: new Date(4000) };
    const verdict = judgeRefresh(3, { ...record, state, refreshed }, { graceSeconds: 60 });
    expect(verdict).toStrictEqual({ accepted: false, reason: 'password_changed' });
  });

  it('of a session that started after the cutoff, with another version, is refused as stale', () => {
    const record = recordOf({ ...LIVE, userVersion: 4 })!;
    const state = { ...record.state, passwordChangedAt: new Date(5000) };
    const refreshed = { ...record.refreshed, startedAt: new Date(6000) };
    expect(judgeRefresh(3, { ...record, state, refreshed }, { graceSeconds: 60 })).toMatchObject({
      reason: 'version_stale',
    });
  });

  it.each([
    ['generation', { p: Number.NaN }],
    ["row's generation", { row: { ...LIVE, g: Number.NaN } }],
    ['version', { row: { ...LIVE, sessionVersion: Number.NaN } }],
    ['version of everyone', { row: { ...LIVE, sessionEveryone: Number.NaN } }],
  ])('is refused when its %s cannot be compared', (_, given) => {
    expect(answerTo({ p: 3, grace: 60, row: LIVE, ...given })).toMatch(
      /^(refresh_invalid|version_stale|everyone_logged_out)$/,
    );
  });

  it.each(['isExpired', 'isIdle'] as const)('is refused when nobody knows %s', (name) => {
    const record = recordOf(LIVE)!;
    const refreshed = { ...record.refreshed, [name]: undefined as never };
    expect(judgeRefresh(3, { ...record, refreshed }, { graceSeconds: 60 }).accepted).toBe(false);
  });
});
