import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ControlledStore, type ControlledUser } from '../../test/support/controlled-store.js';
import { type RefusalEvent, TokenEventListener } from '../events/token-event.listener.js';
import { TokenEvents } from '../events/token-events.js';
import type { TokenPolicy } from '../rule/rule.js';
import { StrictReader } from '../state/strict-reader.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { durationProblem } from './duration.js';
import { KeySet } from './key-set.js';
import { type KeyOptions, readKey, type SigningKey } from './signing-key.js';
import { TokenIssuer } from './token-issuer.service.js';
import {
  type Acceptance,
  TokenVerifier,
  type Verdict,
  type VerifierSettings,
} from './token-verifier.service.js';
import { VerifiedTokens } from './verified-tokens.js';

const SECOND = 1_768_478_400;
const SECRET = '0123456789abcdef0123456789abcdef';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function keyOf(options: KeyOptions): SigningKey {
  const key = readKey(options, 'key');
  if (typeof key === 'string') throw new Error(key);
  return key;
}

const hmacKey = keyOf({ secret: SECRET, kid: 'hmac' });
const rsaKey = keyOf({ privateKey: rsa.privateKey, kid: 'rsa' });
const ecKey = keyOf({ privateKey: ec.privateKey, kid: 'ec' });

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
  throw new Error('Nobody asks the application');
}

/** A verifier with all that stands around it, and a clock that the test moves. */
function setUp({
  keys = [hmacKey],
  policy = {},
  ...settings
}: {
  keys?: SigningKey[];
  policy?: Partial<TokenPolicy>;
} & Partial<Omit<VerifierSettings<User>, 'policy'>> = {}) {
  const clock = { milliseconds: SECOND * 1000, now: () => clock.milliseconds };
  const store = new ControlledStore<User>();
  const told: RefusalEvent[] = [];
  class Listener extends TokenEventListener {
    override refused(event: RefusalEvent) {
      told.push(event);
    }
  }
  const keySet = new KeySet(keys);
  const events = new TokenEvents(new Listener());
  const reader = new StrictReader(store, 2000);
  const verifier = new TokenVerifier<User>(
    { keys: keySet, reader, clock, events },
    {
      policy: { clockToleranceSeconds: 300, ...policy },
      signatureCacheSize: 100,
      isActive: (user) => !user.disabled,
      ...settings,
    },
  );
  const issuer = new TokenIssuer(keySet, store, clock, { expiresInSeconds: 900, ...settings });
  return { verifier, issuer, store, clock, told };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const GOOD_CLAIMS = {
  sub: 'anna',
  ver: 3,
  iat: SECOND,
  exp: SECOND + 900,
  jti: 'the-token',
  auth_time: SECOND,
};
const GOOD_HEADER = { alg: 'HS256', typ: 'at+jwt', kid: 'hmac' };

/** A token of this header and payload, with the signature that `signer` makes. */
function forge(header: object, payload: unknown, signer: (input: string) => Buffer): string {
  const input = `${encode({ ...GOOD_HEADER, ...header })}.${encode(payload)}`;
  return `${input}.${signer(input).toString('base64url')}`;
}

const hmac = (secret: string) => (input: string) => {
  return createHmac('sha256', secret).update(input).digest();
};

/** What only the owner of the secret can sign: these claims over good ones. */
function ownToken(claims: object = {}, header: object = {}): string {
  return forge(header, { ...GOOD_CLAIMS, ...claims }, hmac(SECRET));
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
      const { verifier, issuer, store, told } = setUp({ keys: [key] });
      const verdict = verifier.verify(issuer.issue(ANNA, { claims: { role: 'admin' } }));
      const fresh = { ...ANNA };
      store.answer(fresh);
      expect(await verdict).toEqual({
        accepted: true,
        user: fresh,
        claims: expect.objectContaining({ sub: 'anna', ver: 3, role: 'admin' }),
      });
      expect(await verdict).toHaveProperty('user', fresh);
      expect(store.subjects).toEqual(['anna']);
      expect(told).toEqual([]);
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

  it.each<[string, User | undefined, object, string]>([
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
      'a global cutoff',
      ANNA,
      { everyoneLoggedOutAt: new Date(SECOND * 1000) },
      'everyone_logged_out',
    ],
  ])(
    'refuses for %s, and tells the listener once whose token it was',
    async (_, user, read, reason) => {
      const { verifier, store, told } = setUp();
      const verdict = verifier.verify(ownToken());
      store.answer(user, read);
      expect(await verdict).toStrictEqual({ accepted: false, reason });
      expect(told).toStrictEqual([{ reason, subject: 'anna', jti: 'the-token' }]);
    },
  );

  it('names no jti to the listener that is not text', async () => {
    const { verifier, store, told } = setUp();
    const verdict = verifier.verify(ownToken({ jti: { not: 'text' } }));
    store.answer(undefined);
    await verdict;
    expect(told).toStrictEqual([{ reason: 'user_unknown', subject: 'anna' }]);
  });

  it('asks whether the user is active with the user just read', async () => {
    const asked: User[] = [];
    const { verifier, store } = setUp({ isActive: (user) => asked.push(user) > 0 });
    const verdict = verifier.verify(ownToken());
    const fresh = { ...ANNA };
    store.answer(fresh);
    await verdict;
    expect(asked).toHaveLength(1);
    expect(asked[0]).toBe(fresh);
  });

  it('does not ask it about a user whose row is gone', async () => {
    const { verifier, store } = setUp({ isActive: unreachable });
    const verdict = verifier.verify(ownToken());
    store.answer(ANNA, { active: false });
    expect(await verdict).toMatchObject({ reason: 'user_inactive' });
  });

  it('does not accept when the application cannot say whether the user is active', async () => {
    const { verifier, store } = setUp({ isActive: unreachable });
    const verdict = verifier.verify(ownToken());
    store.answer(ANNA);
    await expect(verdict).rejects.toThrow('Nobody asks the application');
  });

  it('throws when the state cannot be read: nothing is known about the token', async () => {
    const { verifier, store, told } = setUp();
    const verdict = verifier.verify(ownToken());
    store.fail(new Error('connection lost'));
    await expect(verdict).rejects.toBeInstanceOf(TokenStateUnavailableError);
    expect(told).toEqual([]);
  });
});

const asRsa = (alg: string) => ({ alg, kid: 'rsa' });
const unsigned = () => Buffer.alloc(0);
const es256 = (key: KeyObject) => (input: string) =>
  sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });

describe('what is refused before anything is read', () => {
  const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const rs256 = (input: string) => sign('sha256', Buffer.from(input), rsa.privateKey);
  const ps256 = (input: string) =>
    sign('sha256', Buffer.from(input), {
      key: rsa.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    });
  const [header, payload, signature] = ownToken().split('.') as [string, string, string];
  const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['empty text', ''],
    ['two parts', `${header}.${payload}`],
    ['no signature', `${header}.${payload}.`],
    ['a signature cut short', `${header}.${payload}.${signature.slice(0, -4)}`],
    ['another signature', forge({}, GOOD_CLAIMS, hmac('another secret of thirty-two bytes'))],
    ['another payload', `${header}.${encode({ ...GOOD_CLAIMS, sub: 'bert' })}.${signature}`],
    ['another header', `${encode({ ...GOOD_HEADER, x: 1 })}.${payload}.${signature}`],
    ['a line break', `${header}.${payload}.${signature}\n`],
    ['padding', `${header}.${payload}.${signature}=`],
    [
      'characters that base64 skips',
      `${header}.${payload}.${signature.slice(0, 9)}*${signature.slice(9)}`,
    ],
    ['none', forge({ alg: 'none' }, GOOD_CLAIMS, unsigned)],
    ['none with a signature', forge({ alg: 'none' }, GOOD_CLAIMS, hmac(SECRET))],
    ['none without a kid', forge({ alg: 'none', kid: undefined }, GOOD_CLAIMS, unsigned)],
    ['a public key as HMAC secret', forge({ alg: 'HS256', kid: 'rsa' }, GOOD_CLAIMS, hmac(rsaPem))],
    ['a public key as the secret of RS256', forge(asRsa('RS256'), GOOD_CLAIMS, hmac(rsaPem))],
    ['the key of another kid', forge({ kid: 'rsa', alg: 'RS256' }, GOOD_CLAIMS, hmac(SECRET))],
    ['PS256 signed, RS256 said', forge(asRsa('RS256'), GOOD_CLAIMS, ps256)],
    ['PS256 signed and said, by an RS256 key', forge(asRsa('PS256'), GOOD_CLAIMS, ps256)],
    ['RS256 signed, PS256 said', forge(asRsa('PS256'), GOOD_CLAIMS, rs256)],
    ['another EC key', forge({ alg: 'ES256', kid: 'ec' }, GOOD_CLAIMS, es256(otherEc))],
    [
      'an EC signature of zeros',
      forge({ alg: 'ES256', kid: 'ec' }, GOOD_CLAIMS, () => Buffer.alloc(64)),
    ],
    [
      'an EC signature in DER',
      forge({ alg: 'ES256', kid: 'ec' }, GOOD_CLAIMS, (input) =>
        sign('sha256', Buffer.from(input), ec.privateKey),
      ),
    ],
    ['an unknown kid', ownToken({}, { kid: 'retired' })],
    ['no kid', ownToken({}, { kid: undefined })],
    ['another type', ownToken({}, { typ: 'JWT' })],
    ['crit', ownToken({}, { crit: ['exp'] })],
  ])('%s is no token of ours, and the listener hears of it once', async (_, token) => {
    const { verifier, store, told } = setUp({ keys: [hmacKey, rsaKey, ecKey] });
    const verdict = await verifier.verify(token as string);
    expect(verdict).toEqual({
      accepted: false,
      reason: 'token_invalid',
      detail: expect.any(String),
    });
    expect(store.subjects).toEqual([]);
    const { accepted: _accepted, ...event } = verdict as unknown as Record<string, unknown>;
    expect(told).toStrictEqual([event]);
  });

  it('the controls: each of these keys accepts what it signed', async () => {
    const tokens = [
      ownToken(),
      forge(asRsa('RS256'), GOOD_CLAIMS, rs256),
      forge({ alg: 'ES256', kid: 'ec' }, GOOD_CLAIMS, es256(ec.privateKey)),
    ];
    for (const token of tokens) {
      const { verifier, store } = setUp({ keys: [hmacKey, rsaKey, ecKey] });
      const verdict = verifier.verify(token);
      store.answer(ANNA);
      expect(await verdict).toMatchObject({ accepted: true });
    }
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
  ])('a token %s costs no read, and the listener hears of it once', async (_, claims, reason) => {
    const { verifier, store, told } = setUp();
    expect(await verifier.verify(ownToken(claims))).toMatchObject({ accepted: false, reason });
    expect(store.subjects).toEqual([]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ reason });
    expect(told[0]).not.toHaveProperty('subject');
  });

  it.each([[[]], [[1]], [[GOOD_CLAIMS]], ['text'], [1], [true], [null]])(
    'the signed payload %j is no set of claims',
    async (claims) => {
      const { verifier, store } = setUp();
      const token = forge({}, claims, hmac(SECRET));
      expect(await verifier.verify(token)).toMatchObject({ reason: 'claims_invalid' });
      expect(store.subjects).toEqual([]);
    },
  );

  it('shows the listener no token and no signature', async () => {
    const { verifier, told } = setUp();
    const tokens = [ownToken({}, { kid: 'x' }), `${header}.${payload}.AAAA`, ownToken({ exp: 0 })];
    for (const token of tokens) {
      await verifier.verify(token);
      const shown = JSON.stringify(told);
      expect(token.split('.').filter((piece) => shown.includes(piece))).toEqual([]);
    }
    expect(told).toHaveLength(3);
  });
});

describe('the issuer and the audience', () => {
  const who = { issuer: 'https://a.example', audience: ['web', 'app'] };
  const names = { iss: 'https://a.example', aud: 'web' };

  it.each<[string, object]>([
    ['both', names],
    ['another of the audiences', { ...names, aud: 'app' }],
    ['one of them among others', { ...names, aud: ['billing', 'app'] }],
  ])('accepts a token that names %s', async (_, claims) => {
    const { verifier, store } = setUp(who);
    const verdict = verifier.verify(ownToken(claims));
    store.answer(ANNA);
    expect(await verdict).toMatchObject({ accepted: true });
  });

  it.each<[string, object]>([
    ['neither', {}],
    ['no issuer', { aud: 'web' }],
    ['another issuer', { ...names, iss: 'https://b.example' }],
    ['an issuer that begins alike', { ...names, iss: 'https://a.example/' }],
    ['the issuer in a list', { ...names, iss: ['https://a.example'] }],
    ['no audience', { iss: 'https://a.example' }],
    ['another audience', { ...names, aud: 'billing' }],
    ['other audiences', { ...names, aud: ['billing', 'WEB'] }],
    ['an audience that begins alike', { ...names, aud: 'web2' }],
    ['an audience in an object', { ...names, aud: { web: 'web' } }],
    ['an empty list', { ...names, aud: [] }],
  ])('refuses a token that names %s, and reads nothing', async (_, claims) => {
    const { verifier, store, told } = setUp(who);
    expect(await verifier.verify(ownToken(claims))).toMatchObject({ reason: 'token_invalid' });
    expect(store.subjects).toEqual([]);
    expect(told).toHaveLength(1);
  });

  it('are not asked for when the module has none', async () => {
    const { verifier, store } = setUp();
    expect(verifier.jwtOptions).toStrictEqual({
      algorithms: ['HS256'],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
    const verdict = verifier.verify(ownToken({ iss: 'anyone', aud: 'anything' }));
    store.answer(ANNA);
    expect(await verdict).toMatchObject({ accepted: true });
  });

  it('are part of how a signature is verified, so that passport-jwt asks for them too', () => {
    expect(setUp(who).verifier.jwtOptions).toStrictEqual({
      algorithms: ['HS256'],
      issuer: 'https://a.example',
      audience: ['web', 'app'],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
  });
});

describe('the clock', () => {
  it('is the application’s, and not the system’s: the token of an old test lives', async () => {
    const { verifier, store, clock } = setUp();
    const verdict = verifier.verify(ownToken());
    store.answer(ANNA);
    expect(await verdict).toMatchObject({ accepted: true });
    clock.milliseconds += 900_000;
    expect(await verifier.verify(ownToken())).toMatchObject({ reason: 'token_expired' });
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

  it('does not save it from the first invalidation', async () => {
    const { verifier, store } = setUp({ policy });
    const verdict = verifier.verify(oldToken);
    store.answer({ ...user, tokenVersion: 1, passwordChangedAt: new Date(SECOND * 1000) });
    expect(await verdict).toMatchObject({ reason: 'password_changed' });
  });

  it.each([['null'], ['[]'], ['1'], ['"x"'], ['{']])(
    'refuses the payload %s of a token with typ JWT, and does not throw',
    async (payload) => {
      const { verifier, store } = setUp({ policy });
      const input = `${encode({ alg: 'HS256', typ: 'JWT' })}.${Buffer.from(payload).toString('base64url')}`;
      const token = `${input}.${hmac(SECRET)(input).toString('base64url')}`;
      expect(await verifier.verify(token)).toMatchObject({ reason: 'token_invalid' });
      expect(store.subjects).toEqual([]);
    },
  );
});

describe('a recent login', () => {
  it('is asked for with maxAuthAge', async () => {
    const { verifier, store, told, clock } = setUp();
    clock.milliseconds += 600_000;
    const recent = verifier.verify(ownToken(), { maxAuthAge: '10m' });
    store.answer(ANNA);
    expect(await recent).toMatchObject({ accepted: true, user: { id: 'anna' } });

    clock.milliseconds += 1000;
    const old = verifier.verify(ownToken(), { maxAuthAge: '10m' });
    store.answer(ANNA);
    const reason = 'reauthentication_required';
    expect(await old).toStrictEqual({ accepted: false, reason });
    expect(told).toStrictEqual([{ reason, subject: 'anna', jti: 'the-token' }]);
  });

  it('is asked for last', async () => {
    const { verifier, store, told } = setUp();
    const verdict = verifier.verify(ownToken({ auth_time: 0 }), { maxAuthAge: 0 });
    store.answer({ ...ANNA, tokenVersion: 4 });
    expect(await verdict).toMatchObject({ reason: 'version_stale' });
    expect(told).toHaveLength(1);
  });

  it('is not shown by a token without auth_time, and not asked for without maxAuthAge', async () => {
    for (const demands of [{ maxAuthAge: '10m' }, {}, undefined]) {
      const { verifier, store } = setUp();
      const verdict = verifier.verify(ownToken({ auth_time: undefined }), demands);
      store.answer(ANNA);
      expect((await verdict).accepted).toBe(demands?.maxAuthAge === undefined);
    }
  });

  it.each(['600', 'soon', -1, Number.NaN])(
    'of %j is a mistake of the caller',
    async (maxAuthAge) => {
      const { verifier, store, told } = setUp();
      await expect(verifier.verify(ownToken(), { maxAuthAge })).rejects.toThrow(
        new TypeError(durationProblem(maxAuthAge, 'maxAuthAge')),
      );
      expect(store.subjects).toEqual([]);
      expect(told).toEqual([]);
    },
  );

  it('can be asked for after the token was accepted', () => {
    const { verifier, told } = setUp();
    expect(verifier.requireRecentLogin(GOOD_CLAIMS, 600)).toBeUndefined();
    expect(told).toEqual([]);
    expect(verifier.requireRecentLogin({ ...GOOD_CLAIMS, auth_time: 0 }, 600)).toStrictEqual({
      accepted: false,
      reason: 'reauthentication_required',
    });
    expect(told).toHaveLength(1);
  });
});

describe('a token in another spelling', () => {
  const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

  /** The other signature of the same message: s and n - s both verify. */
  function malleated(token: string): string {
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const bytes = Buffer.from(signature, 'base64url');
    const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
    const other = (P256_ORDER - s).toString(16).padStart(64, '0');
    const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, 'hex')]);
    return `${header}.${payload}.${twin.toString('base64url')}`;
  }

  it('is the same token: accepted while that is, dead when that is', async () => {
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

describe('TokenVerifier.verifyClaims', () => {
  it('decides about claims that somebody else has verified', async () => {
    const { verifier, store, told } = setUp();
    const verdict = verifier.verifyClaims(GOOD_CLAIMS);
    store.answer(ANNA);
    expect(await verdict).toStrictEqual({ accepted: true, user: ANNA, claims: GOOD_CLAIMS });
    expect(await verifier.verifyClaims(null)).toMatchObject({ reason: 'claims_invalid' });
    expect(told).toHaveLength(1);
  });
});

describe('TokenVerifier.selectKey', () => {
  it('gives the key to verify a token with', () => {
    const { verifier, told } = setUp({ keys: [hmacKey, rsaKey] });
    expect(verifier.selectKey(ownToken())).toBe(hmacKey);
    expect(told).toEqual([]);
  });

  it('refuses a token that none of the keys can have signed, and tells the listener', () => {
    const { verifier, told } = setUp();
    const refused = { reason: 'token_invalid', detail: '"kid" "rsa" is none of the keys' };
    const token = forge({ kid: 'rsa' }, GOOD_CLAIMS, hmac(SECRET));
    expect(verifier.selectKey(token)).toStrictEqual({ accepted: false, ...refused });
    expect(told).toStrictEqual([refused]);
  });

  it('takes a token without a kid until the legacy window closes', () => {
    const legacyUntil = new Date((SECOND + 60) * 1000);
    const { verifier, clock } = setUp({ policy: { legacyUntil } });
    const token = forge({ kid: undefined }, GOOD_CLAIMS, hmac(SECRET));
    expect(verifier.selectKey(token)).toBe(hmacKey);
    clock.milliseconds += 60_000;
    expect(verifier.selectKey(token)).toMatchObject({ reason: 'token_invalid' });
  });
});

/** Asks, and lets the store answer when it is asked. */
const ask = async (
  { verifier, store }: ReturnType<typeof setUp>,
  token: string,
  user: User = ANNA,
): Promise<Verdict<User>> => {
  const before = store.subjects.length;
  const verdict = verifier.verify(token);
  await new Promise((resolve) => setImmediate(resolve));
  if (store.subjects.length > before) store.answer(user);
  return verdict;
};

describe('the memory of verified signatures', () => {
  afterEach(() => vi.restoreAllMocks());

  it('spares the second verification, and not the second read', async () => {
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    const all = setUp();
    const token = all.issuer.issue(ANNA);
    expect((await ask(all, token)).accepted).toBe(true);
    expect((await ask(all, token)).accepted).toBe(true);
    expect(verify).toHaveBeenCalledTimes(1);
    expect(all.store.subjects).toEqual(['anna', 'anna']);
  });

  it('is none when its size is 0', async () => {
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    const all = setUp({ signatureCacheSize: 0 });
    const token = all.issuer.issue(ANNA);
    expect((await ask(all, token)).accepted).toBe(true);
    expect((await ask(all, token)).accepted).toBe(true);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('forgets the least recently used', async () => {
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    const all = setUp({ signatureCacheSize: 2 });
    const [first, second, third] = [1, 2, 3].map(() => all.issuer.issue(ANNA));
    for (const token of [first, second, first, third, first]) await ask(all, token!);
    expect(verify).toHaveBeenCalledTimes(3);
    await ask(all, second!);
    expect(verify).toHaveBeenCalledTimes(4);
  });

  it('accepts nothing that has expired, or was invalidated, since', async () => {
    const all = setUp();
    const token = all.issuer.issue(ANNA);
    await ask(all, token);
    const stale = { ...ANNA, tokenVersion: ANNA.tokenVersion + 1 };
    expect(await ask(all, token, stale)).toMatchObject({ reason: 'version_stale' });
    all.clock.milliseconds += 900_000;
    expect(await ask(all, token)).toMatchObject({ reason: 'token_expired' });
  });

  it('gives each request claims of its own, the same to the letter', async () => {
    const all = setUp();
    const token = all.issuer.issue(ANNA, {
      claims: { scope: { orders: ['read'], note: 'Zoë ✓' } },
    });
    const verdicts = [await ask(all, token), await ask(all, token), await ask(all, token)];
    const claims = verdicts.map((verdict) => (verdict as Acceptance<User>).claims);
    expect(claims[1]).toStrictEqual(claims[0]);
    expect(claims[2]).not.toBe(claims[1]);
    expect(claims[2]!['scope']).not.toBe(claims[1]!['scope']);
  });

  it.each([
    ['an HMAC, which is computed anew', hmacKey, 'wrong MAC'],
    ['a signature, which is left to jsonwebtoken', rsaKey, 'invalid signature'],
  ])('takes in no token that is wrong in %s', async (_, key, detail) => {
    const remember = vi.spyOn(VerifiedTokens.prototype, 'remember');
    const all = setUp({ keys: [key] });
    const token = `${all.issuer.issue(ANNA).slice(0, -4)}AAAA`;
    const refused = { accepted: false, reason: 'token_invalid', detail };
    expect(await ask(all, token)).toEqual(refused);
    expect(await ask(all, token)).toEqual(refused);
    expect(remember).not.toHaveBeenCalled();
  });

  it('takes in no token that passes only while the legacy window is open', async () => {
    const all = setUp({ policy: { legacyUntil: new Date((SECOND + 60) * 1000) } });
    const token = forge({ typ: 'JWT' }, GOOD_CLAIMS, hmac(SECRET));
    expect((await ask(all, token)).accepted).toBe(true);
    all.clock.milliseconds += 60_000;
    expect(await ask(all, token)).toMatchObject({ reason: 'token_invalid' });
  });

  it.each(['text', '"text"', '1', '', 'null', '[1]'])(
    'takes in no payload that is no object: %s',
    async (payload) => {
      const all = setUp();
      const input = `${encode(GOOD_HEADER)}.${Buffer.from(payload).toString('base64url')}`;
      const token = `${input}.${hmac(SECRET)(input).toString('base64url')}`;
      const verdicts = [await ask(all, token), await ask(all, token)];
      expect(verdicts.map(({ accepted }) => accepted)).toEqual([false, false]);
      expect(verdicts[1]).toEqual(verdicts[0]);
    },
  );

  it('takes in no token of more than 2048 characters', async () => {
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    const all = setUp();
    const token = all.issuer.issue(ANNA, { claims: { note: 'x'.repeat(2000) } });
    await ask(all, token);
    await ask(all, token);
    expect(verify).toHaveBeenCalledTimes(2);
  });
});
