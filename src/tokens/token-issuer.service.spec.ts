import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ControlledStore, type ControlledUser } from '../../test/support/controlled-store.js';
import type { TokenClaims } from '../rule/claims.js';
import type { TokenStateStore } from '../state/token-state.store.js';
import type { Duration } from '../options/duration.js';
import { KeySet } from '../keys/key-set.js';
import { readKey } from '../keys/signing-key.js';
import {
  type ExtraClaims,
  type IssuableUser,
  type IssuerParts,
  TokenIssuer,
} from './token-issuer.service.js';

const SECOND = 1_768_478_400;
const NOW = SECOND * 1000 + 499;
const SECRET = '0123456789abcdef0123456789abcdef';
const key = readKey({ secret: SECRET }, 'key');

const ANNA: ControlledUser = {
  id: 'anna',
  tokenVersion: 3,
  passwordChangedAt: null,
  logoutAllAt: null,
};

/** An issuer with these parts instead of the usual ones. */
function issuer(parts: Partial<IssuerParts<ControlledUser>> = {}) {
  return new TokenIssuer<ControlledUser>({
    keys: new KeySet([key]),
    store: new ControlledStore(),
    clock: { now: () => NOW },
    expiresInSeconds: 900,
    ...parts,
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
      realm: 'controlled',
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

  it('follows no cutoff that a wrong clock has left', () => {
    const [followed, ignored] = [300_499, 300_500].map((milliseconds) =>
      claimsOf(issuer().issue({ ...ANNA, logoutAllAt: at(milliseconds) })),
    );
    expect(followed).toMatchObject({ iat: SECOND + 300 });
    expect(ignored).toMatchObject({ iat: SECOND });
  });

  it('signs with the first key', () => {
    const first = readKey({ secret: 'f'.repeat(64), algorithm: 'HS512', kid: 'first' }, 'key');
    const keys = new KeySet([first, key]);
    const token = issuer({ keys }).issue(ANNA);
    expect(headerOf(token)).toEqual({ alg: 'HS512', typ: 'at+jwt', kid: 'first' });
  });

  it.each([0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER])('writes the version %i exactly', (version) => {
    expect(claimsOf(issuer().issue({ ...ANNA, tokenVersion: version }))['ver']).toBe(version);
  });

  it('gives each token a different id, within one millisecond too', () => {
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
  ])('lives for %j when the caller asks for it', (expiresIn, seconds) => {
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

  it('says how long a token lives', () => {
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

  it('adds the claims of the application', () => {
    const claims = { role: 'admin', 'https://a.example/plan': { seats: 5 }, tenant: 't' };
    expect(claimsOf(issuer().issue(ANNA, { claims }))).toMatchObject({ ...claims, sub: 'anna' });
  });

  it.each('sub ver sid gen everyone_ver iat exp nbf jti auth_time iss aud'.split(' '))(
    'refuses the claim %s, which only the issuer sets',
    (name) => {
      const claims = { role: 'admin', [name]: 1 } as ExtraClaims;
      expect(() => issuer().issue(ANNA, { claims })).toThrow(
        new TypeError(`The claims ${name} are set by TokenIssuer. Leave them out.`),
      );
    },
  );

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'refuses the claim %s, which jsonwebtoken would misread',
    (name) => {
      const claims = JSON.parse(`{"${name}":{"iss":"another"}}`) as ExtraClaims;
      expect(() => issuer().issue(ANNA, { claims })).toThrow(
        new TypeError(`The claims ${name} clash with built-in object properties. Rename them.`),
      );
    },
  );

  it('names all reserved claims at once, those that are undefined too', () => {
    const claims = { ver: 9, sub: undefined } as unknown as ExtraClaims;
    expect(() => issuer().issue(ANNA, { claims })).toThrow(
      'The claims ver, sub are set by TokenIssuer. Leave them out.',
    );
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

describe('a domain object', () => {
  const store = {
    realm: () => 'public.users',
    describe: ({ id, ...state }: IssuableUser) => ({ subject: String(id), state }),
  } as unknown as TokenStateStore<IssuableUser>;
  const state = { tokenVersion: 3, passwordChangedAt: null, logoutAllAt: at(5000) };
  const parts = {
    keys: new KeySet([key]),
    clock: { now: () => NOW },
    expiresInSeconds: 900,
  };
  const domainIssuer = new TokenIssuer({ ...parts, store });

  it.each([
    ['7', '7'],
    [7, '7'],
    [7n, '7'],
  ])('with the id %s and the token state gets a token', (id, sub) => {
    const claims = claimsOf(domainIssuer.issue({ id, ...state }));
    expect(claims).toMatchObject({ sub, ver: 3, iat: SECOND + 5 });
  });

  it('may have more fields, which stay out of the token', () => {
    const user = { id: '7', ...state, email: 'anna@a.example' };
    expect(domainIssuer.issue(user)).not.toContain(
      Buffer.from('anna@a.example').toString('base64url'),
    );
    expect(claimsOf(domainIssuer.issue(user))).not.toHaveProperty('email');
  });

  it('must have its id and its whole token state, says the compiler', () => {
    const { tokenVersion, passwordChangedAt, logoutAllAt } = state;
    const mistakes = [
      // @ts-expect-error -- without an id
      () => domainIssuer.issue(state),
      // @ts-expect-error -- without the version
      () => domainIssuer.issue({ id: '7', passwordChangedAt, logoutAllAt }),
      // @ts-expect-error -- without the time of the password change
      () => domainIssuer.issue({ id: '7', tokenVersion, logoutAllAt }),
      // @ts-expect-error -- without the time of the logout
      () => domainIssuer.issue({ id: '7', tokenVersion, passwordChangedAt }),
      // @ts-expect-error -- a version that may not be loaded
      () => domainIssuer.issue({ id: '7', ...state, tokenVersion: undefined }),
      // @ts-expect-error -- a cutoff as text, as JSON has it
      () => domainIssuer.issue({ id: '7', ...state, logoutAllAt: '2026-01-15T12:00:00Z' }),
      // @ts-expect-error -- only an id
      () => domainIssuer.issue('7'),
    ];
    expect(mistakes).toHaveLength(7);
  });

  it('has the names of its type, where that is named', () => {
    interface Person {
      readonly email: string;
      readonly version: number;
    }
    const people = {
      realm: () => 'public.people',
      describe: ({ email, version }: Person) => ({
        subject: email,
        state: { ...state, tokenVersion: version },
      }),
    } as unknown as TokenStateStore<Person>;
    const peopleIssuer = new TokenIssuer<Person>({ ...parts, store: people });
    const token = peopleIssuer.issue({ email: 'anna@a.example', version: 4 });
    expect(claimsOf(token)).toMatchObject({ sub: 'anna@a.example', ver: 4 });
    // @ts-expect-error -- a person has no id
    const mistake = () => peopleIssuer.issue({ id: '7', ...state });
    expect(mistake).toBeInstanceOf(Function);
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
    realm: 'old.users',
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
      realm: 'controlled',
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

  it('is not for an administrator who invalidated the tokens of another', () => {
    expect(() => issuer().reissue({ ...receipt, subject: 'bert' }, old)).toThrow(
      /^The receipt and the token belong to different users\./,
    );
  });

  it('is not for the receipt of an invalidation of everyone, says the compiler', () => {
    const everyone = { subject: null, version: 1, effectiveAt: at(0) };
    // @ts-expect-error -- it has no subject
    expect(() => issuer().reissue(everyone, old)).toThrow(TypeError);
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

  it('lives as long as the caller asks, and not as long as the old one', () => {
    expect(claimsOf(issuer().reissue(receipt, old, { expiresIn: '5m' }))['exp']).toBe(SECOND + 300);
    expect(() => issuer().reissue(receipt, old, { expiresIn: '900' })).toThrow(TypeError);
  });
});
