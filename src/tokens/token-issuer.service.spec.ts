import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ControlledStore, type ControlledUser } from '../../test/support/controlled-store.js';
import type { TokenClaims } from '../rule/claims.js';
import type { Duration } from './duration.js';
import { KeySet } from './key-set.js';
import { readKey, type SigningKey } from './signing-key.js';
import { type ExtraClaims, type IssuerSettings, TokenIssuer } from './token-issuer.service.js';

const SECOND = 1_768_478_400;
const NOW = SECOND * 1000 + 499;
const SECRET = '0123456789abcdef0123456789abcdef';
const key = readKey({ secret: SECRET }, 'key') as SigningKey;

const ANNA: ControlledUser = {
  id: 'anna',
  tokenVersion: 3,
  passwordChangedAt: null,
  logoutAllAt: null,
};

function issuer(settings: Partial<IssuerSettings> = {}, keys = [key], now = NOW) {
  const clock = { now: () => now };
  return new TokenIssuer(new KeySet(keys), new ControlledStore(), clock, {
    expiresInSeconds: 900,
    ...settings,
  });
}

function part(token: string, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index]!, 'base64url').toString());
}

const headerOf = (token: string) => part(token, 0);
const claimsOf = (token: string) => part(token, 1);
const at = (milliseconds: number) => new Date(SECOND * 1000 + milliseconds);

describe('TokenIssuer.issue', () => {
  it('signs an access token of the version on the record', () => {
    const token = issuer().issue(ANNA);
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: key.kid });
    expect(claimsOf(token)).toEqual({
      sub: 'anna',
      ver: 3,
      iat: SECOND,
      exp: SECOND + 900,
      jti: expect.stringMatching(/^[\da-f-]{36}$/),
      auth_time: SECOND,
    });
    const [header, payload, signature] = token.split('.');
    const expected = createHmac('sha256', SECRET).update(`${header}.${payload}`);
    expect(signature).toBe(expected.digest('base64url'));
  });

  it('signs with the first key', () => {
    const first = readKey({ secret: 'f'.repeat(64), algorithm: 'HS512', kid: 'first' }, 'key');
    const token = issuer({}, [first as SigningKey, key]).issue(ANNA);
    expect(headerOf(token)).toEqual({ alg: 'HS512', typ: 'at+jwt', kid: 'first' });
  });

  it.each([0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER])('writes the version %i exactly', (version) => {
    expect(claimsOf(issuer().issue({ ...ANNA, tokenVersion: version }))['ver']).toBe(version);
  });

  it('gives each token an id of its own, within one millisecond too', () => {
    const issue = issuer();
    const ids = Array.from({ length: 100 }, () => claimsOf(issue.issue(ANNA))['jti']);
    expect(new Set(ids).size).toBe(100);
  });

  it.each<[string, Partial<ControlledUser>, number]>([
    ['no cutoff', {}, 0],
    ['old cutoffs', { passwordChangedAt: at(-9000), logoutAllAt: at(-1) }, 0],
    ['a cutoff later in this very second', { logoutAllAt: at(999) }, 0],
    ['a password change by a clock ahead', { passwordChangedAt: at(300_000) }, 300],
    ['a logout by a clock ahead', { logoutAllAt: at(299_999) }, 299],
    ['two, the password change last', { passwordChangedAt: at(9000), logoutAllAt: at(5000) }, 9],
    ['two, the logout last', { passwordChangedAt: at(5000), logoutAllAt: at(9000) }, 9],
  ])('is never issued before the cutoffs that it follows: %s', (_, state, later) => {
    const claims = claimsOf(issuer().issue({ ...ANNA, ...state }));
    expect(claims).toMatchObject({
      iat: SECOND + later,
      exp: SECOND + later + 900,
      auth_time: SECOND + later,
    });
  });

  it.each<[Duration, number]>([
    [60, 60],
    ['5m', 300],
    [1.9, 1],
    ['30d', 2_592_000],
  ])('lives for %j when it is told to', (expiresIn, seconds) => {
    const claims = claimsOf(issuer().issue(ANNA, { expiresIn }));
    expect(claims['exp']).toBe(SECOND + seconds);
  });

  it.each([[0], [0.9], ['999ms'], [-1], ['900'], [''], [Number.NaN], [Infinity], [{}]])(
    'does not take %j for a lifetime',
    (expiresIn) => {
      const options = { expiresIn: expiresIn as Duration };
      expect(() => issuer().issue(ANNA, options)).toThrow(TypeError);
      expect(() => issuer().issue(ANNA, options)).toThrow(/^expiresIn is .*: give seconds/);
    },
  );

  it('tells how long a token lives', () => {
    expect(issuer({ expiresInSeconds: 60 }).expiresInSeconds).toBe(60);
    expect(claimsOf(issuer({ expiresInSeconds: 60 }).issue(ANNA))['exp']).toBe(SECOND + 60);
  });

  it('keeps the login time that it is given', () => {
    const claims = claimsOf(issuer().issue(ANNA, { authTime: SECOND - 5000 }));
    expect(claims).toMatchObject({ auth_time: SECOND - 5000, iat: SECOND });
    expect(claimsOf(issuer().issue(ANNA, { authTime: 0 }))['auth_time']).toBe(0);
  });

  it('names the issuer and the audience when the module has them', () => {
    const claims = claimsOf(
      issuer({ issuer: 'https://a.example', audience: ['web', 'app'] }).issue(ANNA),
    );
    expect(claims).toMatchObject({ iss: 'https://a.example', aud: ['web', 'app'] });
    expect(claimsOf(issuer({ audience: 'web' }).issue(ANNA))).toMatchObject({ aud: 'web' });
    expect(claimsOf(issuer().issue(ANNA))).not.toHaveProperty('iss');
    expect(claimsOf(issuer().issue(ANNA))).not.toHaveProperty('aud');
  });

  it('adds the application’s own claims', () => {
    const claims = { role: 'admin', 'https://a.example/plan': { seats: 5 }, sid: 's' };
    expect(claimsOf(issuer().issue(ANNA, { claims }))).toMatchObject({ ...claims, sub: 'anna' });
  });

  it.each(['sub', 'ver', 'iat', 'exp', 'nbf', 'jti', 'auth_time', 'iss', 'aud'])(
    'refuses the claim %s, which is its own to set',
    (name) => {
      const claims = { role: 'admin', [name]: 1 } as ExtraClaims;
      expect(() => issuer().issue(ANNA, { claims })).toThrow(
        new TypeError(`The claims ${name} are set by TokenIssuer and cannot be given.`),
      );
    },
  );

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'refuses the claim %s, which jsonwebtoken would trip over',
    (name) => {
      const claims = JSON.parse(`{"${name}":{"iss":"another"}}`) as ExtraClaims;
      expect(() => issuer().issue(ANNA, { claims })).toThrow(
        new TypeError(
          `The claims ${name} have the name of what every object has and cannot be given.`,
        ),
      );
    },
  );

  it('names all reserved claims at once, those that are undefined too', () => {
    const claims = { ver: 9, sub: undefined } as unknown as ExtraClaims;
    expect(() => issuer().issue(ANNA, { claims })).toThrow('The claims ver, sub are set');
  });

  it('has types that forbid them', () => {
    const claims: ExtraClaims[] = [
      { role: 'admin' },
      // @ts-expect-error -- the issuer sets the subject
      { sub: 'bert' },
      // @ts-expect-error -- the issuer sets the version
      { ver: 9 },
      // @ts-expect-error -- the issuer sets the time of issue
      { iat: 0 },
      // @ts-expect-error -- expiresIn sets the expiry
      { exp: 0 },
      // @ts-expect-error -- authTime sets the time of the login
      { auth_time: 0 },
    ];
    expect(claims).toHaveLength(6);
  });

  it('does not sign for a record without its token state', () => {
    const { tokenVersion: _, ...user } = ANNA;
    expect(() => issuer().issue(user as ControlledUser)).toThrow(TypeError);
  });

  it('leaves the record and the claims as they were', () => {
    const claims = Object.freeze({ role: 'admin' });
    expect(() => issuer().issue(Object.freeze({ ...ANNA }), { claims })).not.toThrow();
  });
});

describe('TokenIssuer.reissue', () => {
  const old: TokenClaims = {
    sub: 'anna',
    ver: 3,
    iat: SECOND - 500,
    exp: SECOND + 400,
    jti: 'the-old-one',
    auth_time: SECOND - 5000,
    iss: 'https://old.example',
    aud: 'old',
    nbf: SECOND - 500,
    role: 'admin',
    amr: ['pwd', 'otp'],
  };
  const receipt = { subject: 'anna', version: 4, effectiveAt: at(300) };

  it('signs for the version that the invalidation made, with the login and the claims of the old token', () => {
    const token = issuer().reissue(receipt, old);
    expect(headerOf(token)).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: key.kid });
    const claims = claimsOf(token);
    expect(claims).toEqual({
      sub: 'anna',
      ver: 4,
      iat: SECOND,
      exp: SECOND + 900,
      jti: expect.any(String),
      auth_time: SECOND - 5000,
      role: 'admin',
      amr: ['pwd', 'otp'],
    });
    expect(claims['jti']).not.toBe('the-old-one');
  });

  it('is not for an administrator who ended the tokens of another', () => {
    expect(() => issuer().reissue({ ...receipt, subject: 'bert' }, old)).toThrow(
      /The receipt is for another user than the token/,
    );
  });

  it('leaves the time of the login unknown where the old token does not know it', () => {
    const { auth_time: _, ...legacy } = old;
    expect(claimsOf(issuer().reissue(receipt, legacy))).not.toHaveProperty('auth_time');
  });

  it('names today’s issuer and audience, not those of the old token', () => {
    const claims = claimsOf(
      issuer({ issuer: 'https://a.example', audience: 'web' }).reissue(receipt, old),
    );
    expect(claims).toMatchObject({ iss: 'https://a.example', aud: 'web' });
  });

  it.each([
    ['the cutoff, whose clock is ahead', at(60_999), old.iat, 60],
    ['the old token, whose node’s clock is ahead', at(0), SECOND + 120, 120],
    ['now', at(-60_000), old.iat, 0],
  ])('is issued at the latest of three: %s', (_, effectiveAt, iat, later) => {
    const claims = claimsOf(issuer().reissue({ ...receipt, effectiveAt }, { ...old, iat }));
    expect(claims).toMatchObject({ iat: SECOND + later, exp: SECOND + later + 900 });
  });

  it('has whole seconds, also after an old token that had none', () => {
    const claims = claimsOf(issuer().reissue(receipt, { ...old, iat: SECOND + 7.9 }));
    expect(claims['iat']).toBe(SECOND + 7);
  });

  it('lives as long as it is told to, and not as long as the old one', () => {
    expect(claimsOf(issuer().reissue(receipt, old, { expiresIn: '5m' }))['exp']).toBe(SECOND + 300);
    expect(() => issuer().reissue(receipt, old, { expiresIn: '900' })).toThrow(TypeError);
  });
});
