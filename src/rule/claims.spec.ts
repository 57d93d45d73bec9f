import { describe, expect, it } from 'vitest';
import { type RequiredClaims, refuseMalformed } from './claims.js';

const VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['missing', undefined],
  ['null', null],
  ['empty text', ''],
  ['"abc"', 'abc'],
  ['"1"', '1'],
  ['[]', []],
  ['{}', {}],
  ['[1]', [1]],
  ['true', true],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-1', -1],
  ['0', 0],
  ['1', 1],
  ['1.5', 1.5],
  ['1e30', 1e30],
  ['2**53', 2 ** 53],
  ['2**53 - 1', 2 ** 53 - 1],
]);

const ANYTHING = [...VALUES.keys()];
const FINITE_NUMBERS = ['-1', '0', '1', '1.5', '1e30', '2**53', '2**53 - 1'];
const VERSIONS = ['0', '1', '2**53 - 1'];

/** What each claim may hold; anything else is refused. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  sub: ['"abc"', '"1"'],
  iat: FINITE_NUMBERS,
  exp: FINITE_NUMBERS,
  nbf: ['missing', ...FINITE_NUMBERS],
  ver: VERSIONS,
  auth_time: ANYTHING,
  jti: ANYTHING,
};

const GOOD = { sub: '7', iat: 1_768_478_400, exp: 1_768_479_300, ver: 0 };

const ONLY_VERSION: RequiredClaims = { version: true, session: undefined, tokenId: undefined };

/** What is wrong with the payload, as the developer reads it. */
function detailOf(payload: unknown, version: boolean): string | undefined {
  return refuseMalformed(payload, { ...ONLY_VERSION, version })?.detail;
}

describe('refuseMalformed', () => {
  for (const [claim, allowed] of Object.entries(ALLOWED)) {
    it.each(ANYTHING.map((name) => ({ name, good: allowed.includes(name) })))(
      `${claim} as $name is good: $good`,
      ({ name, good }) => {
        const detail = detailOf({ ...GOOD, [claim]: VALUES.get(name) }, true);
        expect(detail ?? 'good').toMatch(good ? /^good$/ : new RegExp(`^"${claim}" is `));
      },
    );
  }

  it.each(ANYTHING.map((name) => ({ name, good: ['missing', ...VERSIONS].includes(name) })))(
    'where no version is required, ver as $name is good: $good',
    ({ name, good }) => {
      const detail = detailOf({ ...GOOD, ver: VALUES.get(name) }, false);
      expect(detail).toBe(good ? undefined : '"ver" is not a whole number from 0 up');
    },
  );

  it.each(['sub', 'iat', 'exp'])('refuses a payload without %s, version or not', (claim) => {
    const payload = Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== claim));
    expect(detailOf(payload, true)).toContain(claim);
    expect(detailOf(payload, false)).toContain(claim);
  });

  it.each([[null], [undefined], ['x'], [''], [1], [true], [[]], [[1]], [[GOOD]], [() => GOOD]])(
    'refuses the payload %j, which is no JSON object',
    (payload) => {
      expect(detailOf(payload, true)).toBe('the payload is not a JSON object');
      expect(detailOf(payload, false)).toBe('the payload is not a JSON object');
    },
  );

  it('refuses a missing version with a hint, and a malformed one without', () => {
    expect(refuseMalformed({ ...GOOD, ver: undefined }, ONLY_VERSION)).toStrictEqual({
      accepted: false,
      reason: 'claims_invalid',
      detail: '"ver" is missing',
      hint: 'not_issued_here',
    });
    expect(refuseMalformed({ ...GOOD, ver: null }, ONLY_VERSION)).toStrictEqual({
      accepted: false,
      reason: 'claims_invalid',
      detail: '"ver" is not a whole number from 0 up',
    });
  });

  it.each([
    [{ ...GOOD, sub: '' }],
    [{ ...GOOD, iat: null }],
    [{ ...GOOD, exp: 'x' }],
    [{ ...GOOD, nbf: 'x' }],
    [[]],
  ])('refuses %j without a hint', (payload) => {
    expect(refuseMalformed(payload, ONLY_VERSION)).toStrictEqual({
      accepted: false,
      reason: 'claims_invalid',
      detail: expect.any(String),
    });
  });

  it.each([
    [{}, '"sub"'],
    [{ sub: '7' }, '"iat"'],
    [{ sub: '7', iat: 1 }, '"exp"'],
    [{ sub: '7', iat: 1, exp: 2, nbf: 'x' }, '"nbf"'],
    [{ sub: '7', iat: 1, exp: 2 }, '"ver"'],
  ])('names the first of several problems: %j', (payload, named) => {
    expect(detailOf(payload, true)).toContain(named);
  });

  it('shows no value of the payload', () => {
    for (const claim of ['sub', 'iat', 'exp', 'nbf', 'ver']) {
      expect(detailOf({ ...GOOD, [claim]: ['secret'] }, true)).not.toContain('secret');
    }
  });
});

describe('refuseMalformed, of a session and an id', () => {
  const SID = '0190b5a0-0000-7000-8000-00000000abcd';
  const required: RequiredClaims = { version: true, session: 'required', tokenId: 'required' };
  const session = { sid: SID, gen: 0, everyone_ver: 0, jti: 'a' };

  it.each([
    [{ sid: undefined }, '"sid" is missing'],
    [{ sid: [SID] }, '"sid" is not a UUID in lower case'],
    [{ sid: SID.toUpperCase() }, '"sid" is not a UUID in lower case'],
    [{ gen: -1 }, '"gen" is not a whole number from 0 up'],
    [{ everyone_ver: '0' }, '"everyone_ver" is not a whole number from 0 up'],
    [{ jti: undefined }, '"jti" is missing'],
    [{ jti: '' }, '"jti" is not text of 1 to 255 characters'],
  ])('names what is wrong in %j', (claims, detail) => {
    expect(refuseMalformed({ ...GOOD, ...session, ...claims }, required)).toStrictEqual({
      accepted: false,
      reason: 'claims_invalid',
      detail,
    });
  });

  it('takes them where they are right, or optional and missing', () => {
    expect(refuseMalformed({ ...GOOD, ...session }, required)).toBeUndefined();
    const optional: RequiredClaims = { version: true, session: 'optional', tokenId: 'optional' };
    expect(refuseMalformed(GOOD, optional)).toBeUndefined();
  });
});
