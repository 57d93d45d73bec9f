import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naiveVerdict, type NaiveCase } from '../support/rule/naive-rule.js';
import { tries } from '../support/properties.js';
import {
  cutoffs,
  instants,
  ruleCases,
  SECOND,
  seconds,
  TOLERANCE,
  versions,
} from '../support/rule/rule-cases.js';
import { circumstancesOf, judge, recordOf } from '../support/rule/judge.js';

/** Thousands of tries, on a machine that may be busy. */
const PATIENT = { timeout: 30_000 };

type Cutoff = Date | null;
type State = NonNullable<NaiveCase['record']>;

function verdictOf(given: NaiveCase): string {
  const verdict = judge(given.claims, recordOf(given.record), circumstancesOf(given));
  return verdict.accepted ? 'accepted' : verdict.reason;
}

const accepts = (given: NaiveCase): boolean => verdictOf(given) === 'accepted';

/** A case in which only the user's state can speak against the token. */
const soundCases = fc
  .record({
    iat: seconds,
    ver: fc.option(versions, { nil: undefined }),
    version: versions,
    passwordChangedAt: cutoffs,
    logoutAllAt: cutoffs,
    everyoneVersion: versions,
    everyoneLoggedOutAt: cutoffs,
  })
  .map(({ iat, ver, ...state }): NaiveCase & { record: State } => ({
    claims: { sub: '7', iat, exp: SECOND + 10_000, ver },
    record: { active: true, ...state },
    realm: undefined,
    tolerance: TOLERANCE + 1,
    legacyUntil: new Date(Date.UTC(2100, 0)),
    maxAuthAge: undefined,
    now: SECOND * 1000,
  }));

function withState(given: NaiveCase & { record: State }, state: Partial<State>): NaiveCase {
  return { ...given, record: { ...given.record, ...state } };
}

/** The later of two cutoffs. One that is no instant refuses everything, and so it is later than any other. */
function later(one: Cutoff, other: Cutoff): Cutoff {
  if (one === null || other === null) return one ?? other;
  return Number.isNaN(Number(one)) || Number(one) > Number(other) ? one : other;
}

function grown(state: State, by: Omit<State, 'active'>): State {
  return {
    active: state.active,
    version: state.version + by.version,
    passwordChangedAt: later(state.passwordChangedAt, by.passwordChangedAt),
    logoutAllAt: later(state.logoutAllAt, by.logoutAllAt),
    everyoneVersion: state.everyoneVersion + by.everyoneVersion,
    everyoneLoggedOutAt: later(state.everyoneLoggedOutAt, by.everyoneLoggedOutAt),
  };
}

function at(offset: number | null): Cutoff {
  return offset === null ? null : new Date(SECOND * 1000 + offset);
}

describe('the rule, and the table that it was written from', PATIENT, () => {
  it('say the same of every token, user, policy and clock', () => {
    const property = fc.property(ruleCases, (given) => {
      expect(verdictOf(given)).toBe(naiveVerdict(given));
    });
    fc.assert(property, tries(10_000));
  });

  it('are compared on every outcome', () => {
    // Also where fewer are tried: the rarest outcome is one case in a thousand.
    const sample = { ...tries(0), numRuns: 10_000 };
    const seen = new Set(fc.sample(ruleCases, sample).map(naiveVerdict));
    expect([...seen].toSorted()).toEqual([
      'accepted',
      'claims_invalid',
      'everyone_logged_out',
      'issued_in_future',
      'logged_out_everywhere',
      'not_yet_valid',
      'password_changed',
      'reauthentication_required',
      'session_ended',
      'session_expired',
      'session_idle',
      'token_expired',
      'token_invalid',
      'token_revoked',
      'user_inactive',
      'user_unknown',
      'version_ahead',
      'version_stale',
    ]);
  });

  it('say the same of a payload that is anything', () => {
    const payloads = fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true });
    const property = fc.property(payloads, ruleCases, (payload, given) => {
      const verdict = judge(payload, recordOf(given.record), circumstancesOf(given));
      expect(verdict).toMatchObject({ accepted: false, reason: 'claims_invalid' });
    });
    fc.assert(property, tries(1000));
  });
});

describe('cutoffs', PATIENT, () => {
  it('compose by maximum: two are as good as the later one', () => {
    const property = fc.property(soundCases, (given) => {
      const { passwordChangedAt, logoutAllAt } = given.record;
      const both = accepts(given);
      const maximum = later(passwordChangedAt, logoutAllAt);
      const one = withState(given, { passwordChangedAt: maximum, logoutAllAt: null });
      const other = withState(given, { passwordChangedAt: null, logoutAllAt: maximum });
      expect([accepts(one), accepts(other)]).toEqual([both, both]);
    });
    fc.assert(property, tries(2000));
  });

  it('decide alike in any order', () => {
    const property = fc.property(soundCases, (given) => {
      const { passwordChangedAt, logoutAllAt } = given.record;
      const swapped = { passwordChangedAt: logoutAllAt, logoutAllAt: passwordChangedAt };
      expect(accepts(withState(given, swapped))).toBe(accepts(given));
    });
    fc.assert(property, tries(2000));
  });

  it('accept a token exactly when each of them alone does', () => {
    const property = fc.property(soundCases, (given) => {
      const none = { passwordChangedAt: null, logoutAllAt: null, everyoneLoggedOutAt: null };
      const alone = (['passwordChangedAt', 'logoutAllAt', 'everyoneLoggedOutAt'] as const).map(
        (name) => accepts(withState(given, { ...none, [name]: given.record[name] })),
      );
      expect(accepts(given)).toBe(alone.every(Boolean));
    });
    fc.assert(property, tries(2000));
  });

  it('of one user are like the one of everyone, except in the second of the cutoff itself', () => {
    const property = fc.property(seconds, versions, instants, (iat, version, cutoff) => {
      const state = { active: true, version, passwordChangedAt: null, logoutAllAt: null };
      const given = {
        claims: { sub: '7', iat, exp: SECOND + 10_000, ver: version },
        record: { ...state, everyoneVersion: 0, everyoneLoggedOutAt: null },
        realm: undefined,
        tolerance: TOLERANCE + 1,
        legacyUntil: undefined,
        maxAuthAge: undefined,
        now: SECOND * 1000,
      };
      const own = accepts(withState(given, { logoutAllAt: cutoff }));
      const everyone = accepts(withState(given, { everyoneLoggedOutAt: cutoff }));
      const sameSecond = Math.floor(iat) === Math.floor(Number(cutoff) / 1000);
      expect(own).toBe(everyone || sameSecond);
    });
    fc.assert(property, tries(2000));
  });
});

describe('a state that grows', PATIENT, () => {
  const growth = fc.record({
    version: fc.nat({ max: 2 }),
    passwordChangedAt: cutoffs,
    logoutAllAt: cutoffs,
    everyoneVersion: fc.nat({ max: 2 }),
    everyoneLoggedOutAt: cutoffs,
  });

  it('never makes a refused token valid, save one of a version that the user has not reached', () => {
    const property = fc.property(soundCases, growth, (given, by) => {
      fc.pre(((given.claims['ver'] as number | undefined) ?? 0) <= given.record.version);
      const after = accepts(withState(given, grown(given.record, by)));
      expect(after && !accepts(given)).toBe(false);
    });
    fc.assert(property, tries(5000));
  });

  it('by an invalidation invalidates every token, whatever the cutoff says', () => {
    const property = fc.property(soundCases, cutoffs, (given, cutoff) => {
      fc.pre(accepts(given));
      const { version } = given.record;
      expect(accepts(withState(given, { version: version + 1, logoutAllAt: cutoff }))).toBe(false);
      expect(accepts(withState(given, { version: version + 1 }))).toBe(false);
    });
    fc.assert(property, tries(1000));
  });
});

describe('a token issued from the state', PATIENT, () => {
  it('is accepted at once by every node whose clock is within the tolerance', () => {
    const skew = fc.integer({ min: -TOLERANCE * 500, max: TOLERANCE * 500 });
    const state = fc.record({
      version: versions,
      passwordChangedAt: fc.option(skew, { nil: null }),
      logoutAllAt: fc.option(skew, { nil: null }),
    });
    const property = fc.property(state, skew, skew, (user, issuerSkew, verifierSkew) => {
      const offsets = [user.passwordChangedAt, user.logoutAllAt, issuerSkew];
      const latest = Math.max(...offsets.filter((offset) => offset !== null));
      const iat = SECOND + Math.floor(latest / 1000);
      const given: NaiveCase = {
        claims: { sub: '7', iat, exp: iat + 900, ver: user.version },
        record: {
          active: true,
          version: user.version,
          passwordChangedAt: at(user.passwordChangedAt),
          logoutAllAt: at(user.logoutAllAt),
          everyoneVersion: 0,
          everyoneLoggedOutAt: null,
        },
        realm: undefined,
        tolerance: TOLERANCE,
        legacyUntil: undefined,
        maxAuthAge: undefined,
        now: SECOND * 1000 + verifierSkew,
      };
      expect(verdictOf(given)).toBe('accepted');
    });
    fc.assert(property, tries(2000));
  });
});

describe('time', PATIENT, () => {
  it('gives a token one span: accepted at two instants, it is accepted at all between', () => {
    const clocks = fc.array(
      fc.oneof(
        instants,
        instants.map((instant) => new Date(Number(instant) + 900_000)),
      ),
      { minLength: 3, maxLength: 3 },
    );
    const property = fc.property(ruleCases, clocks, (given, times) => {
      const [first, middle, last] = times.map(Number).toSorted((one, other) => one - other);
      const acceptsAt = (now: number | undefined) => accepts({ ...given, now: now! });
      expect(acceptsAt(first) && acceptsAt(last) && !acceptsAt(middle)).toBe(false);
    });
    fc.assert(property, tries(5000));
  });
});
