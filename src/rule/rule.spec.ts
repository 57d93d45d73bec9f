import { describe, expect, it } from 'vitest';
import { judge } from '../../test/support/rule/judge.js';
import {
  type Circumstances,
  isLegacyWindowOpen,
  judgeClaims,
  type JudgedRecord,
  judgeRecord,
  judgeSession,
  type TokenPolicy,
} from './rule.js';
import type { SessionState } from './session-state.js';
import type { EveryoneState, TokenState } from './token-state.js';

/** The token of most tests was issued on this second, and is judged on it. */
const SECOND = 1_768_478_400;
const NOW = SECOND * 1000;
const NEVER: TokenState = { tokenVersion: 3, passwordChangedAt: null, logoutAllAt: null };

interface Case {
  claims?: Record<string, unknown>;
  state?: Partial<TokenState>;
  active?: boolean;
  everyone?: Partial<EveryoneState>;
  session?: Partial<SessionState> | null;
  tokenRevoked?: boolean;
  policy?: Partial<TokenPolicy>;
  now?: number;
  maxAuthAgeSeconds?: number;
}

/** The claims of a session, and a policy that reads them. */
const IN_SESSION: Case = {
  claims: { sid: '0190b5a0-0000-7000-8000-00000000abcd', gen: 2, everyone_ver: 1, jti: 'a' },
  everyone: { version: 1 },
  policy: { tokensWithoutSession: 'refuse', revokedTokens: true },
};
const LIVE: SessionState = {
  everyoneVersion: 1,
  endedReason: null,
  isExpired: false,
  isIdle: false,
  generation: 2,
  isSightDue: false,
};

function inputs({
  claims,
  state,
  active,
  everyone,
  policy,
  now,
  maxAuthAgeSeconds,
  ...more
}: Case) {
  return {
    payload: { sub: '7', iat: SECOND, exp: SECOND + 900, ver: 3, auth_time: SECOND, ...claims },
    record: {
      state: { ...NEVER, ...state },
      active: active ?? true,
      everyone: { version: 0, loggedOutAt: null, ...everyone },
      session: more.session === null ? null : { ...LIVE, ...more.session },
      tokenRevoked: more.tokenRevoked ?? false,
    } satisfies JudgedRecord,
    circumstances: {
      policy: { clockToleranceSeconds: 300, ...policy },
      now: now ?? NOW,
      maxAuthAgeSeconds,
    } satisfies Circumstances,
  };
}

function outcome(given: Case): string {
  const { payload, record, circumstances } = inputs(given);
  const verdict = judge(payload, record, circumstances);
  return verdict.accepted ? 'accepted' : verdict.reason;
}

/** The instant that many milliseconds after the beginning of the token's second. */
function at(milliseconds: number): Date {
  return new Date(NOW + milliseconds);
}

const INVALID = new Date('never');
const LEGACY = { legacyUntil: at(3_600_000) };

/** The rows of the rule, in their order, each with what makes it hold. They can be laid over one another. */
const ROWS: readonly (Case & { name: string; reason: string; more?: object })[] = [
  {
    name: 'no subject',
    claims: { sub: '' },
    reason: 'claims_invalid',
    more: { detail: '"sub" is not a non-empty string' },
  },
  {
    name: 'no version',
    claims: { ver: undefined },
    reason: 'claims_invalid',
    more: { detail: '"ver" is missing', hint: 'not_issued_here' },
  },
  { name: 'iat too far ahead', claims: { iat: SECOND + 301 }, reason: 'issued_in_future' },
  { name: 'nbf too far ahead', claims: { nbf: SECOND + 301 }, reason: 'not_yet_valid' },
  { name: 'exp has passed', claims: { exp: SECOND }, reason: 'token_expired' },
  { name: 'user not active', active: false, reason: 'user_inactive' },
  { name: 'version behind', claims: { ver: 2 }, reason: 'version_stale' },
  { name: 'version ahead', claims: { ver: 4 }, reason: 'version_ahead' },
  { name: 'cutoff', state: { passwordChangedAt: at(1e9) }, reason: 'password_changed' },
  {
    name: 'cutoff of everyone',
    everyone: { version: 1, loggedOutAt: at(1e9) },
    reason: 'everyone_logged_out',
  },
  {
    name: 'login too old',
    claims: { auth_time: SECOND - 601 },
    maxAuthAgeSeconds: 600,
    reason: 'reauthentication_required',
  },
];

/** A token without a version has none to compare; one behind is named by the very cutoff that would refuse it next. */
const EXCLUSIVE = new Set([
  'no version & version behind',
  'no version & version ahead',
  'version behind & version ahead',
  'version behind & cutoff',
]);

function overlay(one: Case, other: Case): Case {
  return {
    ...one,
    ...other,
    claims: { ...one.claims, ...other.claims },
    state: { ...one.state, ...other.state },
    everyone: { ...one.everyone, ...other.everyone },
    policy: { ...one.policy, ...other.policy },
  };
}

/** The refusal as a value. */
function refusalWith(reason: string, more: object = {}): object {
  return { accepted: false, reason, ...more };
}

describe('the rows of the rule', () => {
  it('accepts a token against which nothing speaks, and hands on its claims', () => {
    const { payload, record, circumstances } = inputs({});
    const verdict = judge(payload, record, circumstances);
    expect(verdict).toStrictEqual({ accepted: true, claims: payload });
  });

  it.each(ROWS)('refuses: $name ($reason)', ({ reason, more, ...given }) => {
    const { payload, record, circumstances } = inputs(given);
    const verdict = judge(payload, record, circumstances);
    expect(verdict).toStrictEqual(refusalWith(reason, more));
  });

  const pairs = ROWS.flatMap((first, index) =>
    ROWS.slice(index + 1).map((second) => ({ first, second })),
  ).filter(({ first, second }) => !EXCLUSIVE.has(`${first.name} & ${second.name}`));

  it.each(pairs)('$first.name decides before $second.name', ({ first, second }) => {
    const { payload, record, circumstances } = inputs(overlay(first, second));
    const verdict = judge(payload, record, circumstances);
    expect(verdict).toStrictEqual(refusalWith(first.reason, first.more));
  });

  it.each(ROWS.slice(0, 5))(
    '$name decides before there is no such user',
    ({ reason, ...given }) => {
      const { payload, circumstances } = inputs(given);
      expect(judge(payload, undefined, circumstances)).toMatchObject({ accepted: false, reason });
    },
  );

  it('there is no such user decides before the login is too old', () => {
    const { payload, circumstances } = inputs(ROWS.at(-1)!);
    expect(judge(payload, undefined, circumstances)).toStrictEqual({
      accepted: false,
      reason: 'user_unknown',
    });
  });
});

describe('a token issued on the second of a cutoff, or around it', () => {
  const USER_CUTOFFS = ['passwordChangedAt', 'logoutAllAt'] as const;
  const NAMES = { passwordChangedAt: 'password_changed', logoutAllAt: 'logged_out_everywhere' };
  const MILLISECONDS = [0, 1, 500, 999];

  describe.each(USER_CUTOFFS)('%s', (cutoff) => {
    it.each(MILLISECONDS)('%i ms into the second: only the second before it is refused', (ms) => {
      const state = { [cutoff]: at(ms) };
      expect(outcome({ state, claims: { iat: SECOND - 1 } })).toBe(NAMES[cutoff]);
      expect(outcome({ state, claims: { iat: SECOND - 0.001 } })).toBe(NAMES[cutoff]);
      expect(outcome({ state, claims: { iat: SECOND } })).toBe('accepted');
      expect(outcome({ state, claims: { iat: SECOND + 0.5 } })).toBe('accepted');
      expect(outcome({ state, claims: { iat: SECOND + 1 } })).toBe('accepted');
    });

    it.each(MILLISECONDS)('%i ms into the second, without a version: refused too', (ms) => {
      const state = { tokenVersion: 0, [cutoff]: at(ms) };
      const legacy = (iat: number) =>
        outcome({ state, claims: { iat, ver: undefined }, policy: LEGACY });
      expect(legacy(SECOND - 1)).toBe(NAMES[cutoff]);
      expect(legacy(SECOND)).toBe(NAMES[cutoff]);
      expect(legacy(SECOND + 0.999)).toBe(NAMES[cutoff]);
      expect(legacy(SECOND + 1)).toBe('accepted');
    });
  });

  it.each(MILLISECONDS)('the cutoff of everyone, %i ms into the second: refused too', (ms) => {
    const everyone = { loggedOutAt: at(ms) };
    expect(outcome({ everyone, claims: { iat: SECOND - 1 } })).toBe('everyone_logged_out');
    expect(outcome({ everyone, claims: { iat: SECOND } })).toBe('everyone_logged_out');
    expect(outcome({ everyone, claims: { iat: SECOND + 0.999 } })).toBe('everyone_logged_out');
    expect(outcome({ everyone, claims: { iat: SECOND + 1 } })).toBe('accepted');
  });

  it('compares instants before 1970 as it does those after', () => {
    const state = { logoutAllAt: new Date(-1) };
    expect(outcome({ state, claims: { iat: -1 } })).toBe('accepted');
    expect(outcome({ state, claims: { iat: -1.5 } })).toBe('logged_out_everywhere');
    expect(outcome({ state, claims: { iat: -2 } })).toBe('logged_out_everywhere');
    expect(outcome({ state: { logoutAllAt: new Date(0) }, claims: { iat: -1 } })).toBe(
      'logged_out_everywhere',
    );
  });

  it('is judged by its own time, not by when it is judged', () => {
    const state = { passwordChangedAt: at(0), logoutAllAt: at(0) };
    const everyone = { loggedOutAt: at(-1000) };
    expect(outcome({ state, everyone, now: NOW + 899_000 })).toBe('accepted');
    expect(outcome({ state, claims: { iat: SECOND - 1 }, now: NOW + 899_000 })).not.toBe(
      'accepted',
    );
  });
});

/** The whole seconds by which an instant follows the token's. */
function secondsLater(instant: Date | null): number {
  return instant === null ? -Infinity : Math.floor((instant.getTime() - NOW) / 1000);
}

describe('several cutoffs', () => {
  const INSTANTS = [null, at(-5000), at(-1), at(0), at(999), at(1000), at(5000), at(5001)];

  const combinations = INSTANTS.flatMap((passwordChangedAt) =>
    INSTANTS.flatMap((logoutAllAt) =>
      INSTANTS.map((everyoneLoggedOutAt) => ({
        passwordChangedAt,
        logoutAllAt,
        everyoneLoggedOutAt,
      })),
    ),
  );

  function expected(
    { passwordChangedAt, logoutAllAt, everyoneLoggedOutAt }: (typeof combinations)[number],
    refusedFrom: number,
  ): string {
    const password = secondsLater(passwordChangedAt) >= refusedFrom;
    const logout = secondsLater(logoutAllAt) >= refusedFrom;
    if (password && (!logout || passwordChangedAt! > logoutAllAt!)) return 'password_changed';
    if (logout) return 'logged_out_everywhere';
    return secondsLater(everyoneLoggedOutAt) >= 0 ? 'everyone_logged_out' : 'accepted';
  }

  it(`the strictest decides, in all ${combinations.length} combinations`, () => {
    const wrong = combinations.filter((cutoffs) => {
      const { everyoneLoggedOutAt, ...state } = cutoffs;
      const everyone = { loggedOutAt: everyoneLoggedOutAt };
      return outcome({ state, everyone }) !== expected(cutoffs, 1);
    });
    expect(wrong).toEqual([]);
  });

  it('the strictest decides for a token without a version, in all of them', () => {
    const wrong = combinations.filter((cutoffs) => {
      const { everyoneLoggedOutAt, ...state } = cutoffs;
      const given = {
        claims: { ver: undefined },
        state: { tokenVersion: 0, ...state },
        everyone: { loggedOutAt: everyoneLoggedOutAt },
        policy: LEGACY,
      };
      return outcome(given) !== expected(cutoffs, 0);
    });
    expect(wrong).toEqual([]);
  });
});

describe('a stale version', () => {
  it.each([
    ['no cutoff', null, null, 'version_stale'],
    ['a password change before the token', at(-1), null, 'version_stale'],
    ['a logout before the token', null, at(-1), 'version_stale'],
    ['both before the token', at(-1), at(-1000), 'version_stale'],
    ['a password change on the token’s second', at(0), null, 'password_changed'],
    ['a password change at its end', at(999), null, 'password_changed'],
    ['a password change after it', at(1000), null, 'password_changed'],
    ['a logout on the token’s second', null, at(0), 'logged_out_everywhere'],
    ['a logout after it', null, at(1000), 'logged_out_everywhere'],
    ['a password change after, a logout before', at(0), at(-1), 'password_changed'],
    ['a logout after, a password change before', at(-1), at(0), 'logged_out_everywhere'],
    ['both after, the password change last', at(5001), at(5000), 'password_changed'],
    ['both after, the logout last', at(5000), at(5001), 'logged_out_everywhere'],
    ['both on one millisecond', at(5000), at(5000), 'logged_out_everywhere'],
    ['an invalid password change', INVALID, null, 'version_stale'],
    ['an invalid logout', null, INVALID, 'version_stale'],
    ['an invalid password change, a logout after', INVALID, at(0), 'logged_out_everywhere'],
    ['an invalid logout, a password change after', at(0), INVALID, 'password_changed'],
  ] as const)('with %s is refused as it should be', (...row) => {
    const [, passwordChangedAt, logoutAllAt, reason] = row;
    const state = { passwordChangedAt, logoutAllAt };
    expect(outcome({ claims: { ver: 2 }, state })).toBe(reason);
    expect(outcome({ claims: { ver: 0, iat: SECOND + 0.5 }, state })).toBe(reason);
  });

  it.each([0, -5000])('is named by a cutoff %i ms from the epoch too', (milliseconds) => {
    const claims = { ver: 2, iat: milliseconds / 1000 };
    const passwordChangedAt = new Date(milliseconds);
    const logoutAllAt = new Date(milliseconds);
    expect(outcome({ claims, state: { passwordChangedAt } })).toBe('password_changed');
    expect(outcome({ claims, state: { logoutAllAt } })).toBe('logged_out_everywhere');
  });

  it('is named by the newer of two cutoffs around the epoch too', () => {
    const claims = { ver: 2, iat: -1 };
    const [before, epoch] = [new Date(-1000), new Date(0)];
    expect(outcome({ claims, state: { passwordChangedAt: before, logoutAllAt: epoch } })).toBe(
      'logged_out_everywhere',
    );
    expect(outcome({ claims, state: { passwordChangedAt: epoch, logoutAllAt: before } })).toBe(
      'password_changed',
    );
  });

  it.each([
    [2, 'version_stale'],
    [3, 'accepted'],
    [4, 'version_ahead'],
    [Number.MAX_SAFE_INTEGER, 'version_ahead'],
  ])('of %i, where the user’s is 3: %s', (ver, reason) => {
    expect(outcome({ claims: { ver } })).toBe(reason);
  });

  it('is stale whatever the cutoffs say, however new the token', () => {
    const claims = { ver: 2, iat: SECOND + 300 };
    expect(outcome({ claims, state: { passwordChangedAt: at(-1e9) } })).toBe('version_stale');
  });
});

describe('the clock', () => {
  it.each(['iat', 'nbf'])('%s may be ahead by the tolerance, and not by more', (claim) => {
    const reason = claim === 'iat' ? 'issued_in_future' : 'not_yet_valid';
    const ahead = (seconds: number, given: Case = {}) =>
      outcome({ ...given, claims: { [claim]: SECOND + seconds } });
    expect(ahead(300)).toBe('accepted');
    expect(ahead(300.001)).toBe(reason);
    expect(ahead(301)).toBe(reason);
    expect(ahead(301, { now: NOW + 999 })).toBe(reason);
    expect(ahead(301, { now: NOW + 1000 })).toBe('accepted');
    expect(ahead(0, { policy: { clockToleranceSeconds: 0 } })).toBe('accepted');
    expect(ahead(1, { policy: { clockToleranceSeconds: 0 } })).toBe(reason);
    expect(ahead(-1e9)).toBe('accepted');
  });

  it('exp ends the token on its very instant, without tolerance', () => {
    const claims = { exp: SECOND + 10 };
    expect(outcome({ claims, now: NOW + 9999 })).toBe('accepted');
    expect(outcome({ claims, now: NOW + 10_000 })).toBe('token_expired');
    expect(outcome({ claims: { exp: SECOND + 0.5 }, now: NOW + 499 })).toBe('accepted');
    expect(outcome({ claims: { exp: SECOND + 0.5 }, now: NOW + 500 })).toBe('token_expired');
  });

  it.each([
    ['the time', { now: Number.NaN }],
    ['the tolerance', { policy: { clockToleranceSeconds: Number.NaN } }],
  ])('refuses when %s cannot be compared', (_, given: Case) => {
    expect(outcome(given)).toBe('issued_in_future');
  });
});

describe('the legacy window', () => {
  const token = { ver: undefined };
  const fresh = { tokenVersion: 0 };

  it('lets in a token without a version, as version 0', () => {
    expect(outcome({ claims: token, state: fresh, policy: LEGACY })).toBe('accepted');
    expect(outcome({ claims: token, state: { tokenVersion: 1 }, policy: LEGACY })).toBe(
      'version_stale',
    );
    const state = { tokenVersion: 1, logoutAllAt: at(5000) };
    expect(outcome({ claims: token, state, policy: LEGACY })).toBe('logged_out_everywhere');
  });

  it('closes on its instant', () => {
    const given = { claims: token, state: fresh, policy: { legacyUntil: at(1500) } };
    expect(outcome({ ...given, now: NOW + 1499 })).toBe('accepted');
    expect(outcome({ ...given, now: NOW + 1500 })).toBe('claims_invalid');
    expect(outcome({ ...given, now: NOW + 1501 })).toBe('claims_invalid');
  });

  it('is closed when there is none, or when its end is no instant', () => {
    expect(outcome({ claims: token, state: fresh })).toBe('claims_invalid');
    expect(outcome({ claims: token, state: fresh, policy: { legacyUntil: INVALID } })).toBe(
      'claims_invalid',
    );
  });

  it.each([[null], [''], ['0'], [false], [-1], [0.5]])('does not excuse the version %j', (ver) => {
    expect(outcome({ claims: { ver }, state: fresh, policy: LEGACY })).toBe('claims_invalid');
  });

  it('leaves a token with a version to its version, on the second of the cutoff too', () => {
    const state = { tokenVersion: 1, logoutAllAt: at(999) };
    expect(outcome({ claims: { ver: 1 }, state, policy: LEGACY })).toBe('accepted');
    expect(outcome({ claims: { ver: 0 }, state, policy: LEGACY })).toBe('logged_out_everywhere');
  });

  it.each(ROWS.filter(({ name }) => name !== 'no version'))(
    'turns no other check off: $name',
    ({ reason, ...given }) => {
      expect(outcome(overlay(given, { policy: LEGACY }))).toBe(reason);
    },
  );
});

/** The verdict on a token from before the library. */
const old = (claims: object, policy: object = {}, more: Case = {}) =>
  outcome({
    claims: { ver: undefined, ...claims },
    state: { tokenVersion: 0 },
    policy: { ...LEGACY, ...policy },
    ...more,
  });
/** Whose it is, or why it is refused. */
const subject = (claims: object, policy: object = {}) => {
  const { payload, circumstances } = inputs({
    claims: { ver: undefined, ...claims },
    policy: { ...LEGACY, ...policy },
  });
  const checked = judgeClaims(payload, circumstances);
  return checked.accepted ? checked.claims.sub : checked.reason;
};

const byId = (payload: { id?: unknown }) => payload.id;

describe('what tokens from before the library lack', () => {
  it('is a subject as text', () => {
    expect([7, 0, -1, 2 ** 53 - 1].map((sub) => subject({ sub }))).toEqual([
      '7',
      '0',
      '-1',
      '9007199254740991',
    ]);
    for (const sub of [0.5, 2 ** 53, Number.NaN, Infinity, null, [7], '']) {
      expect(subject({ sub })).toBe('claims_invalid');
    }
    expect(outcome({ claims: { sub: 7 }, policy: LEGACY })).toBe('claims_invalid');
    expect(outcome({ claims: { sub: 7, ver: undefined } })).toBe('claims_invalid');
  });

  it('is a subject in `sub`', () => {
    expect(subject({ id: 8 }, { legacySubject: byId })).toBe('8');
    expect(subject({ sub: '7' }, { legacySubject: byId })).toBe('claims_invalid');
    expect(subject({ sub: '7', ver: 3 }, { legacySubject: byId })).toBe('7');
    expect(
      subject(
        {},
        {
          legacySubject: () => {
            throw new Error('none');
          },
        },
      ),
    ).toBe('claims_invalid');
    const { circumstances } = inputs({ policy: { ...LEGACY, legacySubject: byId } });
    for (const payload of [null, 7, 'x', [{ id: 8 }]]) {
      expect(judgeClaims(payload, circumstances)).toMatchObject({ reason: 'claims_invalid' });
    }
  });

  it('is an end', () => {
    const policy = { legacyMaxAgeSeconds: 10 };
    const endless = { exp: undefined };
    expect(old(endless, policy, { now: NOW + 9999 })).toBe('accepted');
    expect(old(endless, policy, { now: NOW + 10_000 })).toBe('token_expired');
    expect(old(endless)).toBe('claims_invalid');
    expect(old({ exp: null }, policy)).toBe('claims_invalid');
    expect(old({ ...endless, iat: undefined }, policy)).toBe('claims_invalid');
    expect(old({ ...endless, iat: `${SECOND}` }, policy)).toBe('claims_invalid');
    expect(old({ exp: SECOND + 900 }, policy, { now: NOW + 20_000 })).toBe('accepted');
    expect(old({ ...endless, ver: 0 }, policy)).toBe('claims_invalid');
    expect(old(endless, { ...policy, legacyUntil: at(0) })).toBe('claims_invalid');
  });
});

/** What the first half of the rule says of these claims. */
function judged(claims: object, policy: Partial<TokenPolicy>) {
  const { payload, circumstances } = inputs({ claims: { ...claims }, policy });
  return judgeClaims(payload, circumstances);
}

describe('a realm', () => {
  const NAMED = { realm: 'public.users' };
  const otherUsers = {
    accepted: false,
    reason: 'token_invalid',
    detail: '"realm" names other users',
  };

  it('is that of the users, and nothing else', () => {
    expect(judged(NAMED, NAMED)).toMatchObject({ accepted: true });
    for (const realm of ['public.customers', 'PUBLIC.USERS', '', null, ['public.users']]) {
      expect(judged({ realm }, NAMED)).toEqual(otherUsers);
      expect(judged({ realm }, { ...NAMED, ...LEGACY })).toEqual(otherUsers);
    }
    expect(judged(NAMED, {})).toEqual(otherUsers);
    expect(judged(NAMED, LEGACY)).toEqual(otherUsers);
  });

  it('may be missing only in the legacy window', () => {
    expect(judged({}, NAMED)).toEqual(otherUsers);
    expect(judged({}, { ...NAMED, legacyUntil: at(0) })).toEqual(otherUsers);
    expect(judged({}, { ...NAMED, ...LEGACY })).toMatchObject({ accepted: true });
  });
});

/** What becomes of a login at this time, where none older than 600 s is asked for. */
const login = (auth_time: unknown, now = NOW) =>
  outcome({ claims: { auth_time }, maxAuthAgeSeconds: 600, now });

describe('a recent login', () => {
  it('is as old as the route allows, and no older', () => {
    expect(login(SECOND)).toBe('accepted');
    expect(login(SECOND - 600)).toBe('accepted');
    expect(login(SECOND - 601)).toBe('reauthentication_required');
    expect(login(SECOND, NOW + 600_999)).toBe('accepted');
    expect(login(SECOND, NOW + 601_000)).toBe('reauthentication_required');
  });

  it('may come from a clock ahead by the tolerance, and not by more', () => {
    expect(login(SECOND + 300)).toBe('accepted');
    expect(login(SECOND + 301, NOW + 999)).toBe('reauthentication_required');
    expect(login(SECOND + 301, NOW + 1000)).toBe('accepted');
  });

  it('of this second satisfies even a route that allows no age at all', () => {
    const strict = { maxAuthAgeSeconds: 0 };
    expect(outcome(strict)).toBe('accepted');
    expect(outcome({ claims: { auth_time: SECOND - 1 }, ...strict })).toBe(
      'reauthentication_required',
    );
  });

  it.each([
    [undefined],
    [null],
    [''],
    ['abc'],
    [String(SECOND)],
    [[]],
    [{}],
    [[SECOND]],
    [true],
    [Number.NaN],
    [Infinity],
    [-1],
    [1.5],
    [1e30],
    [2 ** 53],
  ])('is not shown by an auth_time of %j', (auth_time) => {
    expect(login(auth_time)).toBe('reauthentication_required');
    expect(outcome({ claims: { auth_time } })).toBe('accepted');
  });

  it('is not shown to a route whose demand is no number', () => {
    expect(outcome({ maxAuthAgeSeconds: Number.NaN })).toBe('reauthentication_required');
  });

  it('is judged with the record, not with the claims', () => {
    const given = { claims: { auth_time: SECOND - 601 }, maxAuthAgeSeconds: 600 };
    const { payload, record, circumstances } = inputs(given);
    expect(judgeClaims(payload, circumstances)).toMatchObject({ accepted: true });
    expect(judgeRecord(payload, record, circumstances)).toStrictEqual({
      accepted: false,
      reason: 'reauthentication_required',
    });
    const anyTime = { ...circumstances, maxAuthAgeSeconds: undefined };
    expect(judgeRecord(payload, record, anyTime)).toBeUndefined();
  });
});

describe('a state that cannot be compared', () => {
  it.each<[string, Case]>([
    ['a version that is no number', { state: { tokenVersion: Number.NaN } }],
    ['an invalid password change', { state: { passwordChangedAt: INVALID } }],
    ['an invalid logout', { state: { logoutAllAt: INVALID } }],
    [
      'an invalid logout after a password change',
      {
        state: { passwordChangedAt: at(-5000), logoutAllAt: INVALID },
      },
    ],
    [
      'an invalid password change before a logout',
      { state: { passwordChangedAt: INVALID, logoutAllAt: at(-5_000_000) } },
    ],
    [
      'a cutoff that a store left out',
      { state: { passwordChangedAt: undefined as unknown as null } },
    ],
    ['two invalid cutoffs', { state: { passwordChangedAt: INVALID, logoutAllAt: INVALID } }],
    ['an invalid cutoff of everyone', { everyone: { loggedOutAt: INVALID } }],
    [
      'a cutoff of everyone that a store left out',
      { everyone: { loggedOutAt: undefined as unknown as null } },
    ],
  ])('refuses: %s', (_, given) => {
    expect(outcome(given)).not.toBe('accepted');
    const legacy = overlay(given, { claims: { ver: undefined }, policy: LEGACY });
    expect(outcome(overlay({ state: { tokenVersion: 0 } }, legacy))).not.toBe('accepted');
  });
});

/** What each value does in each claim; a value that is not named makes the claims invalid. */
describe('each claim with each value', () => {
  const VALUES: [string, unknown][] = [
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
    ['-1', -1],
    ['1.5', 1.5],
    ['1e30', 1e30],
    ['2**53', 2 ** 53],
  ];
  const OUTCOMES: Record<string, Record<string, string>> = {
    sub: { '"abc"': 'accepted', '"1"': 'accepted' },
    ver: {},
    iat: {
      '-1': 'accepted',
      '1.5': 'accepted',
      '1e30': 'issued_in_future',
      '2**53': 'issued_in_future',
    },
    exp: {
      '-1': 'token_expired',
      '1.5': 'token_expired',
      '1e30': 'accepted',
      '2**53': 'accepted',
    },
    nbf: {
      missing: 'accepted',
      '-1': 'accepted',
      '1.5': 'accepted',
      '1e30': 'not_yet_valid',
      '2**53': 'not_yet_valid',
    },
    auth_time: Object.fromEntries(VALUES.map(([name]) => [name, 'accepted'])),
  };
  const cells = Object.entries(OUTCOMES).flatMap(([claim, outcomes]) =>
    VALUES.map(([name, value]) => ({
      claim,
      name,
      value,
      reason: outcomes[name] ?? 'claims_invalid',
    })),
  );

  it.each(cells)('$claim as $name: $reason', ({ claim, value, reason }) => {
    expect(outcome({ claims: { [claim]: value } })).toBe(reason);
  });

  it.each([[null], [undefined], ['x'], [1], [[]], [[1]]])(
    'the payload %j is refused',
    (payload) => {
      const { record, circumstances } = inputs({});
      const legacy = inputs({ policy: LEGACY }).circumstances;
      expect(judge(payload, record, circumstances)).toStrictEqual({
        accepted: false,
        reason: 'claims_invalid',
        detail: 'the payload is not a JSON object',
      });
      expect(judge(payload, record, legacy)).toMatchObject({ reason: 'claims_invalid' });
    },
  );
});

describe('the version of everyone', () => {
  it('decides nothing about a token without a session: its second does', () => {
    const everyone = { version: 9, loggedOutAt: at(-1000) };
    expect(outcome({ everyone })).toBe('accepted');
    expect(outcome({ everyone, claims: { iat: SECOND - 1 } })).toBe('everyone_logged_out');
  });
});

describe('the halves of the rule', () => {
  it('the claims are judged without the user', () => {
    const { payload, circumstances } = inputs({ claims: { ver: 99 } });
    expect(judgeClaims(payload, circumstances)).toStrictEqual({ accepted: true, claims: payload });
    const late = inputs({ claims: { exp: SECOND } });
    expect(judgeClaims(late.payload, circumstances)).toStrictEqual({
      accepted: false,
      reason: 'token_expired',
    });
  });

  it('the record is judged with claims that passed', () => {
    const { payload, record, circumstances } = inputs({});
    expect(judgeRecord(payload, record, circumstances)).toBeUndefined();
    expect(judgeRecord(payload, undefined, circumstances)).toStrictEqual({
      accepted: false,
      reason: 'user_unknown',
    });
  });

  it('change nothing of what they are given', () => {
    const { payload, record, circumstances } = inputs({ policy: LEGACY });
    const given = [payload, record, record.state, record.everyone];
    for (const value of [...given, circumstances, circumstances.policy]) Object.freeze(value);
    expect(judge(payload, record, circumstances)).toMatchObject({ accepted: true });
  });
});

const windowUntil = (legacyUntil: Date): TokenPolicy => ({
  clockToleranceSeconds: 300,
  legacyUntil,
});

describe('isLegacyWindowOpen', () => {
  it.each([
    ['before its end', windowUntil(at(1)), true],
    ['on its end', windowUntil(at(0)), false],
    ['after its end', windowUntil(at(-1)), false],
    ['where its end is no instant', windowUntil(INVALID), false],
    ['where there is none', { clockToleranceSeconds: 300 }, false],
  ])('%s', (_, given, open) => {
    expect(isLegacyWindowOpen(given, NOW)).toBe(open);
  });

  it('is not extended by the clock tolerance, nor by a time that is none', () => {
    expect(isLegacyWindowOpen(windowUntil(at(1000)), NOW + 1000)).toBe(false);
    expect(isLegacyWindowOpen(windowUntil(at(1000)), Number.NaN)).toBe(false);
  });
});

describe('a token of a session', () => {
  const inSession = (given: Case) => outcome(overlay(IN_SESSION, given));

  it('is accepted when nothing refuses token, user and session', () => {
    expect(inSession({})).toBe('accepted');
  });

  it.each<[string, Case, string]>([
    ['no such session', { session: null }, 'session_ended'],
    ['an ended session', { session: { endedReason: 'evicted' } }, 'session_ended'],
    ['an expired session', { session: { isExpired: true } }, 'session_expired'],
    ['an idle session', { session: { isIdle: true } }, 'session_idle'],
    [
      'a session of which nobody knows its end',
      { session: { isExpired: undefined as never } },
      'session_expired',
    ],
    [
      'a session of which nobody knows its use',
      { session: { isIdle: undefined as never } },
      'session_idle',
    ],
    ['its own revocation', { tokenRevoked: true }, 'token_revoked'],
    [
      'everyone logged out, as the claim says',
      { claims: { everyone_ver: 0 } },
      'everyone_logged_out',
    ],
    [
      'everyone logged out, as the session says',
      { session: { everyoneVersion: 0 } },
      'everyone_logged_out',
    ],
    ['no session claim', { claims: { sid: undefined } }, 'claims_invalid'],
    ['no generation', { claims: { gen: undefined } }, 'claims_invalid'],
    ['no version of everyone', { claims: { everyone_ver: undefined } }, 'claims_invalid'],
    ['no id', { claims: { jti: undefined } }, 'claims_invalid'],
    ['an id that is no text', { claims: { jti: 7 } }, 'claims_invalid'],
    [
      'a session id in capitals',
      { claims: { sid: '0190B5A0-0000-7000-8000-00000000ABCD' } },
      'claims_invalid',
    ],
  ])('is refused for %s', (_, given, reason) => {
    expect(inSession(given)).toBe(reason);
  });

  it('says to the developer what ended the session', () => {
    const { payload, record, circumstances } = inputs(
      overlay(IN_SESSION, { session: { endedReason: 'refresh_reused' } }),
    );
    expect(judge(payload, record, circumstances)).toStrictEqual(
      refusalWith('session_ended', { detail: 'refresh_reused' }),
    );
  });

  it('says to the developer that there is no session, or that nobody knows why it ended', () => {
    expect(judgeSession(null)).toStrictEqual(
      refusalWith('session_ended', { detail: 'this user has no such session' }),
    );
    expect(judgeSession({ isExpired: false, isIdle: false })).toStrictEqual(
      refusalWith('session_ended', { detail: 'nobody knows' }),
    );
  });

  it('is refused when the store said nothing about the session, or the token', () => {
    const { payload, record, circumstances } = inputs(IN_SESSION);
    const { session: _, ...silent } = record;
    expect(judge(payload, silent, circumstances)).toMatchObject({ reason: 'session_ended' });
    const { tokenRevoked: __, ...more } = record;
    expect(judge(payload, more, circumstances)).toMatchObject({ reason: 'token_revoked' });
  });

  it('is judged by the version of everyone and not by the second of its cutoff', () => {
    expect(inSession({ everyone: { loggedOutAt: at(1e9) } })).toBe('accepted');
    expect(outcome({ everyone: { loggedOutAt: at(1e9) } })).toBe('everyone_logged_out');
  });

  it('is like any other where sessions are off', () => {
    const off = { policy: { tokensWithoutSession: undefined, revokedTokens: false } };
    expect(inSession({ ...off, session: null, tokenRevoked: true })).toBe('accepted');
    expect(inSession({ ...off, everyone: { loggedOutAt: at(0) } })).toBe('everyone_logged_out');
    expect(inSession({ ...off, claims: { sid: 7, jti: 7 } })).toBe('accepted');
  });

  it.each<[string, Case, Case, string]>([
    [
      'everyone logged out',
      { session: { everyoneVersion: 0 } },
      { session: { endedReason: 'evicted' } },
      'everyone_logged_out',
    ],
    [
      'a stale version',
      { claims: { ver: 2 } },
      { session: { everyoneVersion: 0 } },
      'version_stale',
    ],
    [
      'an ended session',
      { session: { endedReason: 'evicted', isExpired: true } },
      { tokenRevoked: true },
      'session_ended',
    ],
    [
      'an expired session',
      { session: { isExpired: true, isIdle: true } },
      { tokenRevoked: true },
      'session_expired',
    ],
    ['an idle session', { session: { isIdle: true } }, { tokenRevoked: true }, 'session_idle'],
    [
      'a revoked token',
      { tokenRevoked: true },
      { maxAuthAgeSeconds: 1, claims: { auth_time: 0 } },
      'token_revoked',
    ],
  ])('is refused for %s before anything later', (_, first, second, reason) => {
    const session = { ...second.session, ...first.session };
    expect(inSession({ ...overlay(first, second), session })).toBe(reason);
  });
});

describe('a token without a session', () => {
  it.each(['accept', 'refuse'] as const)('lives on or not, as the policy says: %s', (what) => {
    const policy = { tokensWithoutSession: what };
    expect(outcome({ policy, session: null })).toBe(
      what === 'accept' ? 'accepted' : 'claims_invalid',
    );
  });

  it('may lack an id in the legacy window', () => {
    const policy = { ...LEGACY, revokedTokens: true };
    const given = { claims: { ver: undefined }, state: { tokenVersion: 0 }, tokenRevoked: true };
    expect(outcome({ ...given, policy })).toBe('accepted');
    expect(outcome({ ...given, claims: { ver: undefined, jti: 'a' }, policy })).toBe(
      'token_revoked',
    );
  });
});
