import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ControlledStore,
  type ControlledUser,
  recordOf,
} from '../../test/support/controlled-store.js';
import {
  ecKey,
  forge,
  forgeText,
  GOOD_CLAIMS,
  hmac,
  hmacKey,
  keyOf,
  malleated,
  ownToken,
  rsa,
  rsaKey,
  SECOND,
  SECRET,
} from '../../test/support/signed-tokens.js';
import { until } from '../../test/support/until.js';
import { TokenEventEmitter } from '../events/token-event.emitter.js';
import { type RefusalEvent, TokenEventListener } from '../events/token-event.listener.js';
import { KeySet } from '../keys/key-set.js';
import type { SigningKey } from '../keys/signing-key.js';
import { type Duration, durationProblem } from '../options/duration.js';
import type { TokenClaims } from '../rule/claims.js';
import type { TokenPolicy } from '../rule/rule.js';
import { StrictReader } from '../state/strict-reader.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import type { IsActive } from './judge.js';
import { Signature, type SignatureSettings } from './signature.js';
import { TokenIssuer } from './token-issuer.service.js';
import { TokenVerifier } from './token-verifier.service.js';
import type { Acceptance } from './verdict.js';

interface User extends ControlledUser {
  readonly disabled: boolean;
}

const ANNA: User = {
  id: 'anna',
  tokenVersion: 3,
  passwordChangedAt: null,
  logoutAllAt: null,
  disabled: false,
};

function unreachable(): never {
  throw new Error('The application is not asked');
}

interface SetUp extends Partial<SignatureSettings> {
  keys?: SigningKey[];
  policy?: Partial<TokenPolicy>;
  isActive?: IsActive<User>;
}

/** A verifier with all that it works with, and a clock that the test moves. */
function setUp({
  keys = [hmacKey],
  policy = {},
  isActive = (user) => !user.disabled,
  ...settings
}: SetUp = {}) {
  const clock = { milliseconds: SECOND * 1000, now: () => clock.milliseconds };
  const store = new ControlledStore<User>();
  const refusals: RefusalEvent[] = [];
  class Listener extends TokenEventListener {
    override refused(event: RefusalEvent) {
      refusals.push(event);
    }
  }
  const events = new TokenEventEmitter();
  events.subscribe(new Listener());
  const keySet = new KeySet(keys);
  const signature = new Signature(keySet, { signatureCacheSize: 100, ...settings });
  const verifier = new TokenVerifier<User>(signature, {
    reader: new StrictReader(store, 2000),
    clock,
    events,
    policy: { clockToleranceSeconds: 300, realm: store.realm(), ...policy },
    isActive,
    noteSight: () => {},
  });
  const issuer = new TokenIssuer<User>({ keys: keySet, store, clock, expiresInSeconds: 900 });
  return { verifier, issuer, store, clock, refusals };
}

beforeEach(() => {
  Logger.overrideLogger(false);
});

describe('TokenVerifier.verify', () => {
  it.each([
    ['HS256', hmacKey],
    ['RS256', rsaKey],
    ['PS256', keyOf({ privateKey: rsa.privateKey, algorithm: 'PS256' })],
    ['ES256', ecKey],
  ])(
    'accepts what the issuer signed with %s, with the fresh user and the claims',
    async (_, key) => {
      const { verifier, issuer, store, refusals } = setUp({ keys: [key] });
      const verdict = verifier.verify(issuer.issue(ANNA, { claims: { role: 'admin' } }));
      const fresh = { ...ANNA };
      store.answer(fresh);
      expect(await verdict).toEqual({
        accepted: true,
        user: fresh,
        claims: expect.objectContaining({ sub: 'anna', ver: 3, role: 'admin' }),
      });
      expect(((await verdict) as Acceptance<User>).user).toBe(fresh);
      expect(store.subjects).toEqual(['anna']);
      expect(refusals).toEqual([]);
    },
  );

  it('decides nothing before the user is read', async () => {
    const { verifier, store } = setUp();
    let settled = false;
    const verdict = verifier.verify(ownToken()).finally(() => (settled = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    store.answer(ANNA);
    expect(await verdict).toMatchObject({ accepted: true });
  });

  it.each<[string, User | undefined, Parameters<ControlledStore<User>['answer']>[1], string]>([
    ['an unknown user', undefined, {}, 'user_unknown'],
    ['a user whose row is gone', ANNA, { active: false }, 'user_inactive'],
    ['a user who is disabled', { ...ANNA, disabled: true }, {}, 'user_inactive'],
    ['a new version', { ...ANNA, tokenVersion: 4 }, {}, 'version_stale'],
    ['a lower version', { ...ANNA, tokenVersion: 2 }, {}, 'version_ahead'],
    [
      'a later cutoff',
      { ...ANNA, logoutAllAt: new Date((SECOND + 1) * 1000) },
      {},
      'logged_out_everywhere',
    ],
    [
      'a cutoff of everyone',
      ANNA,
      { everyone: { version: 1, loggedOutAt: new Date(SECOND * 1000) } },
      'everyone_logged_out',
    ],
  ])(
    'refuses for %s, and the listener gets one event, which says whose token it was',
    async (_, user, read, reason) => {
      const { verifier, store, refusals } = setUp();
      const verdict = verifier.verify(ownToken());
      store.answer(user, read);
      expect(await verdict).toStrictEqual({ accepted: false, reason });
      expect(refusals).toStrictEqual([{ reason, subject: 'anna', jti: 'the-token' }]);
    },
  );

  it('names no jti to the listener that is not text', async () => {
    const { verifier, store, refusals } = setUp();
    const verdict = verifier.verify(ownToken({ jti: { not: 'text' } }));
    store.answer(undefined);
    await verdict;
    expect(refusals).toStrictEqual([{ reason: 'user_unknown', subject: 'anna' }]);
  });

  it('throws when the state cannot be read: nothing is known about the token', async () => {
    const { verifier, store, refusals } = setUp();
    const verdict = verifier.verify(ownToken());
    store.fail(new Error('connection lost'));
    await expect(verdict).rejects.toBeInstanceOf(TokenStateUnavailableError);
    expect(refusals).toEqual([]);
  });
});

describe('no token', () => {
  it.each([[null], [undefined], ['']])('is a refusal, and reads nothing: %j', async (token) => {
    const { verifier, store, refusals } = setUp();
    const reason = 'token_missing';
    expect(await verifier.verify(token)).toStrictEqual({ accepted: false, reason });
    expect(await verifier.verify(token, { maxAuthAge: 0 })).toStrictEqual({
      accepted: false,
      reason,
    });
    expect(store.subjects).toEqual([]);
    expect(refusals).toStrictEqual([{ reason }, { reason }]);
  });

  it.each([[0], [false], [{}], [[]], [Symbol('token')]])(
    'is not what something else than text is: %s',
    async (token) => {
      const { verifier, store } = setUp();
      const verdict = await verifier.verify(token as never);
      expect(verdict.accepted).toBe(false);
      expect(store.subjects).toEqual([]);
    },
  );
});

describe('whether the user is active', () => {
  it('is asked with the user just read, and the claims', async () => {
    const asked: [User, TokenClaims][] = [];
    const { verifier, store } = setUp({ isActive: (...question) => asked.push(question) > 0 });
    const verdict = verifier.verify(ownToken({ role: 'admin' }));
    const fresh = { ...ANNA };
    store.answer(fresh);
    expect(await verdict).toMatchObject({ accepted: true });
    expect(asked).toHaveLength(1);
    expect(asked[0]![0]).toBe(fresh);
    expect(asked[0]![1]).toStrictEqual({ ...GOOD_CLAIMS, role: 'admin' });
  });

  it.each<[string, User | undefined, boolean]>([
    ['a user whose row is gone', ANNA, false],
    ['nobody', undefined, true],
  ])('is not asked about %s', async (_, user, active) => {
    const { verifier, store } = setUp({ isActive: unreachable });
    const verdict = verifier.verify(ownToken());
    store.answer(user, { active });
    expect(await verdict).toMatchObject({ accepted: false });
  });

  it('is asked before the version is compared: an inactive user learns nothing more', async () => {
    const { verifier, store } = setUp({ isActive: () => false });
    const verdict = verifier.verify(ownToken());
    store.answer({ ...ANNA, tokenVersion: 4 });
    expect(await verdict).toMatchObject({ reason: 'user_inactive' });
  });

  it.each([
    ['true', () => true, true],
    ['a promise of true', async () => true, true],
    ['false', () => false, false],
    ['a promise of false', async () => false, false],
    ['nothing', () => undefined, false],
    ['a promise of nothing', async () => undefined, false],
    ['null', () => null, false],
    ['1', () => 1, false],
    ['text', () => 'yes', false],
    ['a promise of text', async () => 'yes', false],
    ['an object', () => ({}), false],
    ['a true object', () => Object(true), false],
    ['a promise of a function', async () => () => true, false],
  ])('only true is yes: %s', async (_, isActive, accepted) => {
    const { verifier, store } = setUp({ isActive: isActive as IsActive<User> });
    const verdict = verifier.verify(ownToken());
    store.answer(ANNA);
    expect((await verdict).accepted).toBe(accepted);
  });

  it('is waited for', async () => {
    let answer!: (active: boolean) => void;
    const isActive = vi.fn<() => Promise<boolean>>(
      () => new Promise((resolve) => (answer = resolve)),
    );
    const { verifier, store } = setUp({ isActive });
    let settled = false;
    const verdict = verifier.verify(ownToken()).finally(() => (settled = true));
    store.answer(ANNA);
    await until('the application is asked', () => isActive.mock.calls.length > 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    answer(true);
    expect(await verdict).toMatchObject({ accepted: true });
  });

  it.each([
    ['throws', unreachable],
    ['rejects', async () => unreachable()],
  ])('is not known when the application %s: nothing is accepted', async (_, isActive) => {
    const { verifier, store, refusals } = setUp({ isActive });
    const verdict = verifier.verify(ownToken());
    store.answer(ANNA);
    await expect(verdict).rejects.toThrow('The application is not asked');
    expect(refusals).toEqual([]);
  });

  it.each([
    ['throws', unreachable],
    ['rejects', async () => unreachable()],
  ])('fails only the request for which the application %s', async (_, failing) => {
    const isActive = ({ id }: User) => (id === 'bert' ? failing() : true);
    const { verifier, store } = setUp({ isActive });
    const subjects = ['anna', 'bert', 'carl'];
    const verdicts = subjects.map((sub) => verifier.verify(ownToken({ sub })));
    await until('the store is asked', () => store.reads.length > 0);
    store.reads[0]!.succeed(subjects.map((id) => recordOf(Object.assign({}, ANNA, { id }))));
    const [anna, bert, carl] = await Promise.allSettled(verdicts);
    expect(anna).toMatchObject({ value: { accepted: true, user: { id: 'anna' } } });
    expect(bert).toMatchObject({ status: 'rejected' });
    expect(carl).toMatchObject({ value: { accepted: true, user: { id: 'carl' } } });
  });
});

describe('what is refused before anything is read', () => {
  const [header, payload] = ownToken().split('.') as [string, string];

  it.each<[string, string]>([
    ['two parts', `${header}.${payload}`],
    ['no signature', `${header}.${payload}.`],
    ['another signature', forge({}, GOOD_CLAIMS, hmac('another secret of thirty-two bytes'))],
    ['none', forge({ alg: 'none' }, GOOD_CLAIMS, () => Buffer.alloc(0))],
    ['an unknown kid', ownToken({}, { kid: 'retired' })],
    ['another issuer', ownToken({ iss: 'https://b.example' })],
    ['crit', ownToken({ iss: 'https://a.example' }, { crit: ['exp'] })],
  ])('%s is no token of ours, and the listener gets one event', async (_, token) => {
    const { verifier, store, refusals } = setUp({ issuer: 'https://a.example' });
    const detail = expect.any(String);
    const reason = 'token_invalid';
    const verdict = await verifier.verify(token);
    expect(verdict).toStrictEqual({ accepted: false, reason, detail });
    expect(store.subjects).toEqual([]);
    const { accepted: _accepted, ...event } = verdict as unknown as Record<string, unknown>;
    expect(refusals).toStrictEqual([event]);
  });

  it('another type is no access token, and the refusal hints at its issuer', async () => {
    const { verifier, store, refusals } = setUp();
    const detail = '"typ" is "JWT", not "at+jwt"';
    expect(await verifier.verify(ownToken({}, { typ: 'JWT' }))).toStrictEqual({
      accepted: false,
      reason: 'token_invalid',
      detail,
      hint: 'not_issued_here',
    });
    expect(store.subjects).toEqual([]);
    expect(refusals).toStrictEqual([{ reason: 'token_invalid', detail }]);
  });

  it.each<[string, object, string]>([
    ['expired', { exp: SECOND }, 'token_expired'],
    ['issued in the future', { iat: SECOND + 301 }, 'issued_in_future'],
    ['not yet valid', { nbf: SECOND + 301 }, 'not_yet_valid'],
    ['without a subject', { sub: undefined }, 'claims_invalid'],
    ['of a subject that is a number', { sub: 7 }, 'claims_invalid'],
    ['without a version', { ver: undefined }, 'claims_invalid'],
    ['without an expiry', { exp: undefined }, 'claims_invalid'],
    ['without a time of issue', { iat: undefined }, 'claims_invalid'],
  ])('a token %s costs no read, and the listener gets one event', async (_, claims, reason) => {
    const { verifier, store, refusals } = setUp();
    expect(await verifier.verify(ownToken(claims))).toMatchObject({ accepted: false, reason });
    expect(store.subjects).toEqual([]);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatchObject({ reason });
    expect(refusals[0]).not.toHaveProperty('subject');
  });

  it.each([[[]], [[1]], [[GOOD_CLAIMS]], ['text'], [1], [true], [null]])(
    'the signed payload %j is no set of claims, remembered or not',
    async (claims) => {
      const { verifier, store } = setUp();
      const token = forge({}, claims, hmac(SECRET));
      for (const _ of [1, 2]) {
        expect(await verifier.verify(token)).toMatchObject({ reason: 'claims_invalid' });
      }
      expect(store.subjects).toEqual([]);
    },
  );

  it('shows the listener no token and no signature', async () => {
    const { verifier, refusals } = setUp();
    const tokens = [ownToken({}, { kid: 'x' }), `${header}.${payload}.AAAA`, ownToken({ exp: 0 })];
    for (const token of tokens) {
      await verifier.verify(token);
      const shown = JSON.stringify(refusals);
      expect(token.split('.').filter((piece) => shown.includes(piece))).toEqual([]);
    }
    expect(refusals).toHaveLength(3);
  });
});

describe('the clock', () => {
  it('is the application’s, and not the system’s: the token of an old test is accepted', async () => {
    const { verifier, store, clock } = setUp();
    const verdict = verifier.verify(ownToken());
    store.answer(ANNA);
    expect(await verdict).toMatchObject({ accepted: true });
    clock.milliseconds += 900_000;
    expect(await verifier.verify(ownToken())).toMatchObject({ reason: 'token_expired' });
  });

  it('is read once, so that signature, claims and login are judged on one instant', async () => {
    const all = setUp();
    const now = vi.spyOn(all.clock, 'now');
    const verdict = all.verifier.verify(ownToken(), { maxAuthAge: '10m' });
    all.store.answer(ANNA);
    expect(await verdict).toMatchObject({ accepted: true });
    expect(now).toHaveBeenCalledOnce();
  });
});

describe('the legacy window', () => {
  const policy = { legacyUntil: new Date((SECOND + 60) * 1000) };
  const oldToken = ownToken({ ver: undefined, jti: undefined }, { typ: 'JWT', kid: undefined });
  const user = { ...ANNA, tokenVersion: 0 };

  it('takes a token from before this library until it closes', async () => {
    const { verifier, store, clock } = setUp({ policy });
    clock.milliseconds += 59_999;
    const verdict = verifier.verify(oldToken);
    store.answer(user);
    expect(await verdict).toMatchObject({ accepted: true });
    clock.milliseconds += 1;
    expect(await verifier.verify(oldToken)).toMatchObject({ reason: 'token_invalid' });
    expect(store.subjects).toHaveLength(1);
  });

  it('takes a token without a kid until it closes', async () => {
    const { verifier, store, clock } = setUp({ policy });
    const token = ownToken({}, { kid: undefined });
    const verdict = verifier.verify(token);
    store.answer(ANNA);
    expect(await verdict).toMatchObject({ accepted: true });
    clock.milliseconds += 60_000;
    expect(await verifier.verify(token)).toMatchObject({
      reason: 'token_invalid',
      detail: '"kid" missing is none of the keys',
    });
  });

  it('does not save it from the first invalidation', async () => {
    const { verifier, store } = setUp({ policy });
    const verdict = verifier.verify(oldToken);
    store.answer({ ...user, tokenVersion: 1, passwordChangedAt: new Date(SECOND * 1000) });
    expect(await verdict).toMatchObject({ reason: 'password_changed' });
  });

  it.each(['null', '[]', '1', '"x"', '{'])(
    'refuses the payload %s of a token with typ JWT, and does not throw',
    async (payload) => {
      const { verifier, store } = setUp({ policy });
      const token = forgeText({ typ: 'JWT', kid: undefined }, payload, hmac(SECRET));
      expect(await verifier.verify(token)).toMatchObject({ reason: 'claims_invalid' });
      expect(store.subjects).toEqual([]);
    },
  );
});

describe('a recent login', () => {
  it('is asked for with maxAuthAge', async () => {
    const { verifier, store, refusals, clock } = setUp();
    clock.milliseconds += 600_000;
    const recent = verifier.verify(ownToken(), { maxAuthAge: '10m' });
    store.answer(ANNA);
    expect(await recent).toMatchObject({ accepted: true, user: { id: 'anna' } });

    clock.milliseconds += 1000;
    const old = verifier.verify(ownToken(), { maxAuthAge: '10m' });
    store.answer(ANNA);
    const reason = 'reauthentication_required';
    expect(await old).toStrictEqual({ accepted: false, reason });
    expect(refusals).toStrictEqual([{ reason, subject: 'anna', jti: 'the-token' }]);
  });

  it.each<[string, User | undefined, string]>([
    ['an unknown user', undefined, 'user_unknown'],
    ['a disabled one', { ...ANNA, disabled: true }, 'user_inactive'],
    ['a new version', { ...ANNA, tokenVersion: 4 }, 'version_stale'],
  ])('is asked for last: after %s', async (_, user, reason) => {
    const { verifier, store, refusals } = setUp();
    const verdict = verifier.verify(ownToken({ auth_time: 0 }), { maxAuthAge: 0 });
    store.answer(user);
    expect(await verdict).toMatchObject({ reason });
    expect(refusals).toHaveLength(1);
  });

  it('is not shown by a token without auth_time, and not asked for without maxAuthAge', async () => {
    for (const demands of [{ maxAuthAge: '10m' }, { maxAuthAge: undefined }, {}, undefined]) {
      const { verifier, store } = setUp();
      const verdict = verifier.verify(ownToken({ auth_time: undefined }), demands);
      store.answer(ANNA);
      expect((await verdict).accepted).toBe(demands?.maxAuthAge === undefined);
    }
  });

  it.each(['600', 'soon', -1, Number.NaN, null])(
    'of %j is a mistake of the caller, with a token or without one',
    async (given) => {
      const maxAuthAge = given as Duration;
      const { verifier, store, refusals } = setUp();
      for (const token of [ownToken(), null]) {
        await expect(verifier.verify(token, { maxAuthAge })).rejects.toThrow(
          new TypeError(`maxAuthAge ${durationProblem(maxAuthAge)}`),
        );
      }
      expect(store.subjects).toEqual([]);
      expect(refusals).toEqual([]);
    },
  );
});

describe('a token that was verified before', () => {
  it('is read for again, and judged again', async () => {
    const { verifier, issuer, store, clock } = setUp();
    const token = issuer.issue(ANNA);
    for (const [tokenVersion, verdict] of [
      [3, { accepted: true }],
      [3, { accepted: true }],
      [4, { accepted: false, reason: 'version_stale' }],
    ] as const) {
      const asked = verifier.verify(token);
      store.answer({ ...ANNA, tokenVersion });
      expect(await asked).toMatchObject(verdict);
    }
    expect(store.subjects).toEqual(['anna', 'anna', 'anna']);
    clock.milliseconds += 900_000;
    expect(await verifier.verify(token)).toMatchObject({ reason: 'token_expired' });
  });

  it('gives each request claims that nobody else has', async () => {
    const { verifier, store } = setUp();
    const token = ownToken({ scope: { orders: ['read'], note: 'Zoë ✓' } });
    const claims: TokenClaims[] = [];
    for (const _ of [1, 2, 3]) {
      const verdict = verifier.verify(token);
      store.answer(ANNA);
      claims.push(((await verdict) as Acceptance<User>).claims);
    }
    expect(claims[1]).toStrictEqual(claims[0]);
    expect(claims[2]).toStrictEqual(claims[0]);
    expect(new Set(claims).size).toBe(3);
    expect(new Set(claims.map(({ scope }) => scope)).size).toBe(3);
  });
});

describe('a token in another spelling', () => {
  it('is the same token: accepted while that is, refused when that is', async () => {
    const { verifier, issuer, store } = setUp({ keys: [ecKey] });
    const token = issuer.issue(ANNA);
    const twin = malleated(token);
    expect(twin).not.toBe(token);
    for (const spelling of [token, twin]) {
      const before = verifier.verify(spelling);
      store.answer(ANNA);
      expect(await before).toMatchObject({ accepted: true });
      const after = verifier.verify(spelling);
      store.answer({ ...ANNA, tokenVersion: 4 });
      expect(await after).toMatchObject({ accepted: false, reason: 'version_stale' });
    }
  });
});
