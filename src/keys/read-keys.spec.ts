import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/support/problems-of.js';
import { type GivenKeys, KEY_ROWS, readKeys, weakKeyWarnings } from './read-keys.js';

const SECRET = '0123456789abcdef0123456789abcdef';
const OTHER = 'fedcba9876543210fedcba9876543210';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('readKeys', () => {
  it('reads one secret, or a list in its order', () => {
    expect(readKeys({ secret: SECRET }).map(({ algorithm }) => algorithm)).toEqual(['HS256']);
    const keys = readKeys({
      keys: [{ privateKey, kid: 'new' }, { secret: SECRET }, { publicKey, kid: 'partner' }],
    });
    expect(keys.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'HS256', 'ES256']);
    expect([keys[0]!.kid, keys[2]!.kid]).toEqual(['new', 'partner']);
    expect(keys.map(({ signWith }) => signWith !== undefined)).toEqual([true, true, false]);
  });

  it('reads the same from a secret and from a list of one', () => {
    const [listed] = readKeys({ keys: [{ secret: createSecretKey(Buffer.from(SECRET)) }] });
    expect(listed!.kid).toBe(readKeys({ secret: SECRET })[0]!.kid);
  });

  it.each<[string, GivenKeys, unknown[]]>([
    ['none', {}, [expect.stringMatching(/^secret: is empty: generate one with /)]],
    ['an empty secret', { secret: '' }, [expect.stringMatching(/^secret: is empty: /)]],
    [
      'a short secret',
      { secret: 'x' },
      [expect.stringMatching(/^secret: the secret has 1 bytes /)],
    ],
    [
      'a secret and a list',
      { secret: SECRET, keys: [{ secret: OTHER }] },
      ['secret and keys are both given: put the secret into keys, as { secret }.'],
    ],
    [
      'a list of objects without a key',
      { keys: [{}, { kid: 'a' }] },
      [
        'keys[0]: has no key: give secret, privateKey or publicKey.',
        'keys[1]: has no key: give secret, privateKey or publicKey.',
      ],
    ],
    [
      'a first key that only verifies',
      { keys: [{ publicKey }, { secret: SECRET }] },
      [
        'keys[0]: only verifies, and the first key signs: put one with a secret or privateKey first.',
      ],
    ],
    [
      'one kid for two keys',
      {
        keys: [
          { secret: SECRET, kid: 'a' },
          { secret: OTHER, kid: 'a' },
        ],
      },
      ['keys: two have the kid "a": give each a different one, or leave kid out.'],
    ],
    [
      'one kid for three keys',
      { keys: ['a', 'b', 'c'].map((c) => ({ secret: c.repeat(32), kid: 'x' })) },
      ['keys: two have the kid "x": give each a different one, or leave kid out.'],
    ],
    [
      'one key twice',
      { keys: [{ privateKey }, { publicKey }] },
      [expect.stringMatching(/^keys: two have the kid "/)],
    ],
    [
      'a good key and a bad one',
      { keys: [{ secret: SECRET }, { secret: 'short' }] },
      [expect.stringMatching(/^keys\[1\]: the secret has 5 bytes /)],
    ],
    [
      'a bad first key before one that only verifies',
      { keys: [{ secret: 'short' }, { publicKey }] },
      [expect.stringMatching(/^keys\[0\]: the secret has 5 bytes/)],
    ],
    [
      'a bad key among two with one kid',
      {
        keys: [
          { secret: SECRET, kid: 'a' },
          { secret: 'short', kid: 'b' },
          { secret: OTHER, kid: 'a' },
        ],
      },
      [
        expect.stringMatching(/^keys\[1\]: the secret has 5 bytes/),
        'keys: two have the kid "a": give each a different one, or leave kid out.',
      ],
    ],
  ])('%s: says what is wrong and what to do', (_, given, problems) => {
    expect(problemsOf(() => readKeys(given))).toEqual(problems);
  });
});

describe('keys that are too short', () => {
  it('may verify where the application says so, and never sign', () => {
    const keys = readKeys({ keys: [{ secret: SECRET }, { secret: 'short' }] }, true);
    expect(keys.map(({ weakness }) => weakness === undefined)).toEqual([true, false]);
    expect(
      problemsOf(() => readKeys({ keys: [{ secret: 'short' }, { secret: SECRET }] }, true)),
    ).toEqual([expect.stringMatching(/^keys\[0\]: the secret has 5 bytes/)]);
    expect(problemsOf(() => readKeys({ secret: 'short' }, true))).toEqual([
      expect.stringMatching(/^secret: the secret has 5 bytes/),
    ]);
  });

  it('are named at boot, each with its place and until when it is used', () => {
    const keys = readKeys(
      { keys: [{ secret: SECRET }, { secret: 'short' }, { privateKey }] },
      true,
    );
    expect(weakKeyWarnings(keys)).toEqual([
      'keys[1]: the secret has 5 bytes and HS256 needs at least 32 (RFC 7518 section 3.2). An attacker who guesses it can forge tokens. It is used until legacyUntil and not after it: remove it then.',
    ]);
  });
});

describe('KEY_ROWS', () => {
  it('names every field of a key, and leaves its value to readKeys', () => {
    expect(Object.keys(KEY_ROWS).toSorted()).toEqual([
      'algorithm',
      'kid',
      'privateKey',
      'publicKey',
      'secret',
    ]);
    for (const row of Object.values(KEY_ROWS)) expect(row.check(Symbol('anything'))).toBe(true);
  });
});
