import * as fc from 'fast-check';
import type { NaiveCase } from './naive-rule.js';

/** The second around which everything happens. */
export const SECOND = 1_768_478_400;
export const TOLERANCE = 300;
const NOW = SECOND * 1000;

/** What a claim may be when its signer means harm, or is another program. */
const rubbish: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  undefined,
  null,
  Number.NaN,
  Infinity,
  -Infinity,
  true,
  '',
  `${SECOND}`,
  [],
  [SECOND],
  {},
  { valueOf: () => SECOND },
);

/** Seconds at and next to the edges of the rule: the same second, its neighbours, the clock tolerance. */
export const seconds: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -2, max: 2 }).map((step) => SECOND + step) },
  fc.constantFrom(-TOLERANCE, TOLERANCE, -2 * TOLERANCE).map((step) => SECOND + step),
  fc.constantFrom(-TOLERANCE - 1, TOLERANCE + 1, 0.5, 0.999, -0.001).map((step) => SECOND + step),
);

const anyNumber = fc.oneof(
  fc.constantFrom(-0, 0, -1, 1e21, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

function mostly(good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 40, arbitrary: good },
    { weight: 1, arbitrary: anyNumber },
    { weight: 1, arbitrary: rubbish },
  );
}

/** Instants at the edges of seconds, and around the clock tolerance. */
export const instants: fc.Arbitrary<Date> = fc
  .tuple(seconds, fc.constantFrom(0, 1, 500, 998, 999))
  .map(([second, milliseconds]) => new Date(Math.floor(second) * 1000 + milliseconds));

/** Never, an instant, and seldom what is none. */
export const cutoffs: fc.Arbitrary<Date | null> = fc.oneof(
  { weight: 20, arbitrary: fc.constant(null) },
  { weight: 20, arbitrary: instants },
  { weight: 1, arbitrary: fc.constantFrom(new Date(0), new Date(-1), new Date(Number.NaN)) },
);

/** Few, so that they are often equal, or neighbours. */
export const versions: fc.Arbitrary<number> = fc.integer({ min: 0, max: 3 });

const SESSION_ID = '0190b5a0-0000-7000-8000-00000000abcd';

const usuallyNot = fc.constantFrom(false, false, false, false, true);

const sessions = fc.option(
  fc.record({
    everyoneVersion: versions,
    ended: usuallyNot,
    expired: usuallyNot,
    idle: usuallyNot,
  }),
  { nil: null, freq: 9 },
);

const subjects = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom<unknown>('7', '7', 7) },
  { weight: 1, arbitrary: rubbish },
  { weight: 1, arbitrary: anyNumber },
  { weight: 1, arbitrary: fc.string() },
);

const claims: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    sub: subjects,
    user: subjects,
    iat: mostly(seconds),
    exp: fc.oneof(
      { weight: 9, arbitrary: mostly(fc.oneof(seconds, fc.constant(SECOND + 900))) },
      fc.constant(undefined),
    ),
    nbf: mostly(seconds),
    ver: mostly(versions),
    auth_time: mostly(seconds),
    realm: fc.oneof(
      { weight: 40, arbitrary: fc.constant('public.users') },
      { weight: 1, arbitrary: fc.constantFrom<unknown>('users', '', ['public.users']) },
      { weight: 1, arbitrary: rubbish },
    ),
    jti: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('a', 'a'.repeat(255)) },
      { weight: 1, arbitrary: fc.constantFrom('', 'a'.repeat(256), 'a\0', 'a\nb', '\ud800') },
      { weight: 1, arbitrary: fc.anything() },
    ),
    sid: fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 9, arbitrary: fc.constant(SESSION_ID) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(SESSION_ID.toUpperCase(), ` ${SESSION_ID}`, `${SESSION_ID}\n`),
      },
      { weight: 1, arbitrary: rubbish },
    ),
    gen: mostly(versions),
    everyone_ver: mostly(versions),
  },
  { requiredKeys: ['sub', 'iat', 'exp', 'realm'] },
);

const records: fc.Arbitrary<NaiveCase['record']> = fc.option(
  fc.record({
    active: fc.constantFrom(true, true, true, true, false),
    version: fc.oneof(
      { weight: 40, arbitrary: versions },
      { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.MAX_SAFE_INTEGER) },
    ),
    passwordChangedAt: cutoffs,
    logoutAllAt: cutoffs,
    everyoneVersion: versions,
    everyoneLoggedOutAt: cutoffs,
    session: sessions,
    revoked: usuallyNot,
  }),
  { nil: undefined, freq: 20 },
);

/** A token, a user, a policy and a clock, all of them around one second. */
export const ruleCases: fc.Arbitrary<NaiveCase> = fc.record({
  claims,
  record: records,
  realm: fc.option(fc.constant('public.users'), { nil: undefined, freq: 20 }),
  tolerance: fc.constantFrom(0, 1, TOLERANCE, TOLERANCE, TOLERANCE),
  legacyUntil: fc.option(
    fc.constantFrom(new Date(NOW + 3_600_000), new Date(NOW), new Date(NOW + 1), new Date('none')),
    { nil: undefined },
  ),
  legacyClaim: fc.constantFrom(undefined, undefined, 'user'),
  legacyMaxAge: fc.constantFrom(undefined, 1, 900),
  withoutSession: fc.constantFrom(undefined, undefined, 'accept', 'accept', 'accept', 'refuse'),
  canBeRevoked: usuallyNot,
  maxAuthAge: fc.option(fc.constantFrom(0, 1, TOLERANCE), { nil: undefined, freq: 2 }),
  now: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(0, 0, 0, 1, -1, 999, 1000).map((ms) => NOW + ms) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, 0, -1) },
  ),
});
