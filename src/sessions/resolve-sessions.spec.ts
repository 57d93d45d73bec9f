import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { problemsOf as problemsThrownBy } from '../../test/support/problems-of.js';
import { readKeys } from '../keys/read-keys.js';
import { problemsOf } from '../options/option-table.js';
import { type AroundSessions, resolveSessions } from './resolve-sessions.js';
import { SESSIONS_ROW, type SessionsOptions } from './sessions-options.js';

const SECRET = '0123456789abcdef0123456789abcdef';
const DAY = 86_400;
const AROUND: AroundSessions = {
  signingKeys: readKeys({ secret: SECRET }),
  expiresInSeconds: 900,
};

const resolve = (given: SessionsOptions, around: Partial<AroundSessions> = {}) =>
  resolveSessions(given, { ...AROUND, ...around });

const problemsWith = (given: SessionsOptions, around: Partial<AroundSessions> = {}) =>
  problemsThrownBy(() => resolve(given, around));

describe('the defaults', () => {
  it('need an absolute end and nothing else', () => {
    expect(resolve({ absolute: '90 days' })).toMatchObject({
      tokensWithoutSession: 'accept',
      limits: {
        absoluteSeconds: 90 * DAY,
        idleSeconds: null,
        maxSessions: undefined,
        atCap: 'evict',
        retentionSeconds: DAY,
      },
      graceSeconds: 60,
      onReuse: 'end',
      address: false,
      claims: undefined,
      expiresInSeconds: 900,
    });
  });

  it.each([
    ['consumer', 90 * DAY, 30 * DAY, 900],
    ['aal1', 30 * DAY, null, 900],
    ['aal2', DAY, 3600, 900],
    ['aal3', DAY / 2, 900, 300],
  ] as const)(
    'come from the preset %s',
    (preset, absoluteSeconds, idleSeconds, expiresInSeconds) => {
      const { limits } = resolve({ preset }, { expiresInSeconds });
      expect(limits).toMatchObject({ absoluteSeconds, idleSeconds });
    },
  );

  it('of a preset give way to what is named', () => {
    const { limits } = resolve({ preset: 'aal2', absolute: '8h', idle: '2h' });
    expect(limits).toMatchObject({ absoluteSeconds: 8 * 3600, idleSeconds: 7200 });
  });
});

describe('what is given', () => {
  it('is taken', () => {
    const given: SessionsOptions = {
      tokensWithoutSession: 'refuse',
      absolute: '1h',
      grace: 0,
      maxSessions: 3,
      atCap: 'refuse',
      onReuse: 'refuse',
      retention: 0,
      address: 'network',
      claims() {
        return { named: Object.keys(this).length > 0 };
      },
    };
    const resolved = resolve(given);
    expect(resolved).toMatchObject({
      tokensWithoutSession: 'refuse',
      graceSeconds: 0,
      onReuse: 'refuse',
      address: 'network',
      limits: {
        maxSessions: 3,
        atCap: 'refuse',
        retentionSeconds: 0,
      },
    });
    expect(resolved.claims?.(undefined as never, {} as never)).toEqual({ named: true });
  });
});

describe('what cannot work', () => {
  it.each<[string, SessionsOptions, Partial<AroundSessions>, RegExp]>([
    ['no absolute end', {}, {}, /^sessions\.absolute is missing: .*'consumer'\.$/],
    [
      'an idle end that use cannot prolong in time',
      { absolute: '1d', idle: 1021 },
      {},
      /^sessions\.idle is 1021 s: it must be longer than 1021 s, which is expiresIn \+ 2 x grace \+ 1 s/,
    ],
    [
      'the preset aal3 with tokens of 15 minutes',
      { preset: 'aal3' },
      {},
      /^sessions\.idle is 900 s/,
    ],
    [
      'a cap that is refused without one',
      { absolute: '1d', atCap: 'refuse' },
      {},
      /^sessions\.atCap needs maxSessions/,
    ],
    [
      'a short key',
      { absolute: '1d', keys: ['short'] },
      {},
      /^sessions\.keys\[0\]: the secret has 5/,
    ],
    [
      'a private key that signs, and no keys',
      { absolute: '1d' },
      {
        signingKeys: readKeys({
          keys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
        }),
      },
      /^sessions\.keys: is missing/,
    ],
  ])('is said: %s', (_, given, around, problem) => {
    expect(problemsWith(given, around)).toEqual([expect.stringMatching(problem)]);
  });

  it('is said all at once', () => {
    expect(problemsWith({ grace: 1, atCap: 'evict', keys: ['x'] })).toHaveLength(3);
  });

  it('is not a second more than what use can prolong in time', () => {
    expect(resolve({ absolute: '1d', idle: 1022 }).limits.idleSeconds).toBe(1022);
    expect(resolve({ absolute: '1d', grace: 3 }).graceSeconds).toBe(3);
  });
});

const problems = (sessions: unknown) => problemsOf({ sessions: SESSIONS_ROW }, { sessions });

describe('the rows', () => {
  it.each<[unknown, RegExp]>([
    [true, /^sessions is not an object: give \{ absolute/],
    [
      { absolut: '1d' },
      /^sessions\.absolut is not an option: did you mean absolute\? Choose from tokensWithoutSession, preset/,
    ],
    [{ absolute: '900' }, /^sessions\.absolute is "900"/],
    [{ grace: 301 }, /^sessions\.grace .* From 0 to 300 s\.$/],
    [{ preset: 'aal4' }, /^sessions\.preset is none of 'consumer', 'aal1', 'aal2', 'aal3'\.$/],
    [
      { tokensWithoutSession: true },
      /^sessions\.tokensWithoutSession is none of 'accept', 'refuse'/,
    ],
    [{ address: 'host' }, /^sessions\.address is none of false, 'network', true\.$/],
    [{ onReuse: 'warn' }, /^sessions\.onReuse is none of 'end', 'refuse'\.$/],
    [{ absolute: 59 }, /^sessions\.absolute .* From 60 to 315360000 s\.$/],
    [{ absolute: '3651 days' }, /^sessions\.absolute .* From 60 to 315360000 s\.$/],
    [{ idle: 0 }, /^sessions\.idle .* From 1 to 315360000 s\.$/],
    [{ idle: '3651 days' }, /^sessions\.idle .* From 1 to 315360000 s\.$/],
    [{ retention: -1 }, /^sessions\.retention .* From 0 to 315360000 s\.$/],
    [{ retention: '3651 days' }, /^sessions\.retention .* From 0 to 315360000 s\.$/],
    [{ atCap: 'end' }, /^sessions\.atCap is none of 'evict', 'refuse'\.$/],
    ...[0, 10_001, 1.5, '3'].map((maxSessions): [unknown, RegExp] => [
      { maxSessions },
      /^sessions\.maxSessions is not a whole number from 1 to 10000\.$/,
    ]),
    [{ keys: SECRET }, /^sessions\.keys is not a list with a secret in it/],
    [{ keys: [] }, /^sessions\.keys is not a list with a secret in it/],
    [{ claims: {} }, /^sessions\.claims is not a function/],
  ])('say what is wrong with %j', (given, problem) => {
    expect(problems(given)).toEqual([expect.stringMatching(problem)]);
  });

  it.each<SessionsOptions>([
    { tokensWithoutSession: 'accept' },
    { tokensWithoutSession: 'refuse' },
    { preset: 'aal3' },
    { absolute: 60, idle: 1, grace: 0, retention: 0 },
    { absolute: '3650 days', idle: '3650 days', grace: 300, retention: '3650 days' },
    { maxSessions: 1, atCap: 'evict' },
    { maxSessions: 10_000, atCap: 'refuse' },
    { onReuse: 'end' },
    { onReuse: 'refuse' },
    { keys: [SECRET] },
    { claims: () => ({}) },
    { address: false },
    { address: true },
    { address: 'network' },
  ])('take %j', (given) => expect(problems(given)).toEqual([]));
});
