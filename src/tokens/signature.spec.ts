import crypto, { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ec,
  ecKey,
  encode,
  forge,
  forgeText,
  GOOD_CLAIMS,
  GOOD_HEADER,
  hmac,
  hmacKey,
  keyOf,
  malleated,
  ownToken,
  rsa,
  rsaKey,
  SECRET,
  signerOf,
  tokenOf,
} from '../../test/support/signed-tokens.js';
import { KeySet } from '../keys/key-set.js';
import type { Algorithm } from '../keys/algorithm.js';
import type { SigningKey } from '../keys/signing-key.js';
import { Signature, type SignatureSettings } from './signature.js';

/** A signature check with these keys; by default any issuer and audience. */
function signatureWith(
  keys: SigningKey[] = [hmacKey, rsaKey, ecKey],
  settings: Partial<SignatureSettings> = {},
): Signature {
  return new Signature(new KeySet(keys), { signatureCacheSize: 100, ...settings });
}

const INVALID = { accepted: false, reason: 'token_invalid', detail: expect.any(String) };
const WRONG_SIGNATURE = { accepted: false, reason: 'token_invalid', detail: 'wrong signature' };

afterEach(() => vi.restoreAllMocks());

describe('a token of ours', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
  const long = 's'.repeat(64);

  it.each<[Algorithm, SigningKey]>([
    ['HS256', hmacKey],
    ['HS384', keyOf({ secret: long, algorithm: 'HS384' })],
    ['HS512', keyOf({ secret: long, algorithm: 'HS512' })],
    ['RS256', rsaKey],
    ['RS384', keyOf({ privateKey: rsa.privateKey, algorithm: 'RS384' })],
    ['RS512', keyOf({ privateKey: rsa.privateKey, algorithm: 'RS512' })],
    ['PS256', keyOf({ privateKey: rsa.privateKey, algorithm: 'PS256' })],
    ['PS384', keyOf({ privateKey: rsa.privateKey, algorithm: 'PS384' })],
    ['PS512', keyOf({ privateKey: rsa.privateKey, algorithm: 'PS512' })],
    ['ES256', ecKey],
    ['ES384', keyOf({ privateKey: p384 })],
    ['ES512', keyOf({ privateKey: p521 })],
  ])('gives its payload, signed with %s', (algorithm, key) => {
    expect(key.algorithm).toBe(algorithm);
    const token = tokenOf(key, GOOD_CLAIMS);
    expect(signatureWith([key]).payloadOf(token, false)).toStrictEqual({
      accepted: true,
      payload: GOOD_CLAIMS,
    });
  });

  it('may be of any of the keys, the first or not', () => {
    const signature = signatureWith();
    for (const key of [hmacKey, rsaKey, ecKey]) {
      const token = tokenOf(key, GOOD_CLAIMS);
      expect(signature.payloadOf(token, false)).toMatchObject({ accepted: true });
    }
  });

  it.each([['text'], [1], [true], [null], [[]], [[1]], [[GOOD_CLAIMS]], [{}]])(
    'may have the payload %j: the rule judges it',
    (payload) => {
      const token = forge({}, payload, hmac(SECRET));
      expect(signatureWith().payloadOf(token, false)).toStrictEqual({ accepted: true, payload });
    },
  );

  it.each(['text', '{', '{"sub":"anna"', '{sub:1}', ' ', '\u0000'])(
    'has no payload when that is not JSON: %j',
    (text) => {
      const token = forgeText({}, text, hmac(SECRET));
      expect(signatureWith().payloadOf(token, false)).toStrictEqual({
        accepted: true,
        payload: undefined,
      });
    },
  );

  it('is judged by nothing that the clock decides', () => {
    const token = ownToken({ exp: 0, nbf: 1e12, iat: 1e12 });
    expect(signatureWith().payloadOf(token, false)).toMatchObject({ accepted: true });
  });
});

const unsigned = () => Buffer.alloc(0);
const asRsa = (alg: string) => ({ alg, kid: 'rsa' });
const asEc = { alg: 'ES256', kid: 'ec' };

describe('a token that is not ours', () => {
  const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const rs256 = signerOf('RS256', rsa.privateKey);
  const ps256 = signerOf('PS256', rsa.privateKey);
  const es256 = signerOf('ES256', ec.privateKey);
  const [header, payload, signature] = ownToken().split('.') as [string, string, string];
  const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  it.each<[string, string]>([
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
    ['PS256 signed, RS256 named', forge(asRsa('RS256'), GOOD_CLAIMS, ps256)],
    ['PS256 signed and named, by an RS256 key', forge(asRsa('PS256'), GOOD_CLAIMS, ps256)],
    ['RS256 signed, PS256 named', forge(asRsa('PS256'), GOOD_CLAIMS, rs256)],
    ['another EC key', forge(asEc, GOOD_CLAIMS, signerOf('ES256', otherEc))],
    ['an EC signature of zeros', forge(asEc, GOOD_CLAIMS, () => Buffer.alloc(64))],
    ['an EC signature that is too short', forge(asEc, GOOD_CLAIMS, () => Buffer.alloc(63, 1))],
    ['an EC signature that is too long', forge(asEc, GOOD_CLAIMS, () => Buffer.alloc(65, 1))],
    ['an EC signature of one byte', forge(asEc, GOOD_CLAIMS, () => Buffer.alloc(1, 1))],
    [
      'an EC signature in DER',
      forge(asEc, GOOD_CLAIMS, (input) => sign('sha256', Buffer.from(input), ec.privateKey)),
    ],
    ['an RSA signature of one byte', forge(asRsa('RS256'), GOOD_CLAIMS, () => Buffer.alloc(1, 1))],
    ['an unknown kid', ownToken({}, { kid: 'retired' })],
    ['no kid', ownToken({}, { kid: undefined })],
    ['another type', ownToken({}, { typ: 'JWT' })],
    ['crit', ownToken({}, { crit: ['exp'] })],
  ])('is refused: %s', (_, token) => {
    expect(signatureWith().payloadOf(token, false)).toMatchObject(INVALID);
  });

  it('the controls: each of these keys accepts what it signed', () => {
    for (const [header_, signer] of [
      [{}, hmac(SECRET)],
      [asRsa('RS256'), rs256],
      [asEc, es256],
    ] as const) {
      const token = forge(header_, GOOD_CLAIMS, signer);
      expect(signatureWith().payloadOf(token, false)).toMatchObject({ accepted: true });
    }
  });

  it.each([hmacKey, rsaKey, ecKey])('says only that the signature is wrong: $kid', (key) => {
    const token = `${tokenOf(key, GOOD_CLAIMS).slice(0, -8)}AAAAAAAA`;
    expect(signatureWith().payloadOf(token, false)).toStrictEqual(WRONG_SIGNATURE);
  });

  it('does not have its payload read', () => {
    const parse = vi.spyOn(JSON, 'parse');
    const claims = { ...GOOD_CLAIMS, note: 'forged' };
    signatureWith().payloadOf(forge({}, claims, hmac('another secret')), false);
    expect(parse.mock.calls.filter(([text]) => text.includes('forged'))).toEqual([]);
  });
});

describe('the issuer and the audience', () => {
  const who = { issuer: 'https://a.example', audience: ['web', 'app'] };
  const names = { iss: 'https://a.example', aud: 'web' };
  const verdictOn = (claims: object, settings: Partial<SignatureSettings> = who) =>
    signatureWith([hmacKey], settings).payloadOf(ownToken(claims), false);

  it.each<[string, object]>([
    ['both', names],
    ['another of the audiences', { ...names, aud: 'app' }],
    ['one of them among others', { ...names, aud: ['billing', 'app'] }],
  ])('accepts a token that names %s', (_, claims) => {
    expect(verdictOn(claims)).toMatchObject({ accepted: true, payload: claims });
  });

  const ISSUER = '"iss" is not the issuer';
  const AUDIENCE = '"aud" names none of the audiences';

  it.each<[string, object, string]>([
    ['neither', {}, ISSUER],
    ['no issuer', { aud: 'web' }, ISSUER],
    ['another issuer', { ...names, iss: 'https://b.example' }, ISSUER],
    ['an issuer that begins alike', { ...names, iss: 'https://a.example/' }, ISSUER],
    ['an issuer in another case', { ...names, iss: 'https://A.example' }, ISSUER],
    ['the issuer in a list', { ...names, iss: ['https://a.example'] }, ISSUER],
    ['no audience', { iss: 'https://a.example' }, AUDIENCE],
    ['another audience', { ...names, aud: 'billing' }, AUDIENCE],
    ['other audiences', { ...names, aud: ['billing', 'WEB'] }, AUDIENCE],
    ['an audience that begins alike', { ...names, aud: 'web2' }, AUDIENCE],
    ['an audience in an object', { ...names, aud: { web: 'web' } }, AUDIENCE],
    ['an audience in a list of a list', { ...names, aud: [['web']] }, AUDIENCE],
    ['an empty list', { ...names, aud: [] }, AUDIENCE],
    ['null', { ...names, aud: null }, AUDIENCE],
  ])('refuses a token that names %s', (_, claims, detail) => {
    expect(verdictOn(claims)).toStrictEqual({ accepted: false, reason: 'token_invalid', detail });
  });

  it('may be one text', () => {
    const one = { audience: 'web' };
    expect(verdictOn({ aud: 'web' }, one)).toMatchObject({ accepted: true });
    expect(verdictOn({ aud: ['app', 'web'] }, one)).toMatchObject({ accepted: true });
    for (const aud of ['we', 'w', ['w', 'e', 'b'], undefined]) {
      expect(verdictOn({ aud }, one)).toMatchObject(INVALID);
    }
  });

  it('may be demanded one without the other', () => {
    expect(verdictOn({ iss: who.issuer }, { issuer: who.issuer })).toMatchObject({
      accepted: true,
    });
    expect(verdictOn({ aud: 'app' }, { audience: who.audience })).toMatchObject({
      accepted: true,
    });
  });

  it('are not asked for when the module has none', () => {
    expect(verdictOn({ iss: 'anyone', aud: 'anything' }, {})).toMatchObject({ accepted: true });
  });

  it.each(['null', '1', '"https://a.example"', '[]', 'text'])(
    'are missing in the payload %s',
    (text) => {
      const token = forgeText({}, text, hmac(SECRET));
      expect(signatureWith([hmacKey], who).payloadOf(token, false)).toMatchObject(INVALID);
    },
  );

  it('are demanded within the legacy window too', () => {
    const token = ownToken({ iss: 'anyone' }, { typ: 'JWT', kid: undefined });
    expect(signatureWith([hmacKey], who).payloadOf(token, true)).toMatchObject(INVALID);
  });
});

describe('the legacy window', () => {
  const oldToken = ownToken({ ver: undefined }, { typ: 'JWT', kid: undefined });

  it('lets in the type and the missing kid of a token from before this library', () => {
    expect(signatureWith().payloadOf(oldToken, true)).toMatchObject({ accepted: true });
    expect(signatureWith().payloadOf(oldToken, false)).toMatchObject(INVALID);
  });

  it('lets in no wrong signature', () => {
    const token = forge({ typ: 'JWT', kid: undefined }, GOOD_CLAIMS, hmac('another secret'));
    expect(signatureWith().payloadOf(token, true)).toStrictEqual(WRONG_SIGNATURE);
  });

  it.each(['null', '[]', '1', '"x"', '{'])(
    'does not make the payload %s of a token with typ JWT throw',
    (payload) => {
      const token = forgeText({ typ: 'JWT', kid: undefined }, payload, hmac(SECRET));
      expect(() => signatureWith().payloadOf(token, true)).not.toThrow();
    },
  );

  it('leaves nothing behind that passes after it has closed', () => {
    const signature = signatureWith();
    expect(signature.payloadOf(oldToken, true)).toMatchObject({ accepted: true });
    expect(signature.payloadOf(oldToken, false)).toMatchObject(INVALID);
  });
});

/** Counts what a check costs, from now on: header and payload parses, and signature computations. */
function countCost() {
  const parse = vi.spyOn(JSON, 'parse');
  const createHmac = vi.spyOn(crypto, 'createHmac');
  const createVerify = vi.spyOn(crypto, 'createVerify');
  const parsed = (text: string) => parse.mock.calls.filter(([given]) => given.includes(text));
  return {
    get headers() {
      return parsed('"alg"').length;
    },
    get payloads() {
      return parsed('"sub"').length;
    },
    get signatures() {
      return createHmac.mock.calls.length + createVerify.mock.calls.length;
    },
  };
}

const KEYS = [hmacKey, keyOf({ privateKey: rsa.privateKey, algorithm: 'PS256' }), rsaKey, ecKey];

describe('what a check costs', () => {
  it.each(KEYS)('one parse of each part and one signature: $algorithm', (key) => {
    const keys = new KeySet([key]);
    const select = vi.spyOn(keys, 'select');
    const signature = new Signature(keys, { signatureCacheSize: 0 });
    const token = tokenOf(key, GOOD_CLAIMS);
    const cost = countCost();
    expect(signature.payloadOf(token, false)).toMatchObject({ accepted: true });
    expect(select).toHaveBeenCalledExactlyOnceWith(token, false);
    expect(cost).toMatchObject({ headers: 1, payloads: 1, signatures: 1 });
  });

  it.each(KEYS)('a wrong signature: the same, and its payload is not read: $algorithm', (key) => {
    const signature = signatureWith([key]);
    const token = `${tokenOf(key, GOOD_CLAIMS).slice(0, -8)}AAAAAAAA`;
    const cost = countCost();
    expect(signature.payloadOf(token, false)).toStrictEqual(WRONG_SIGNATURE);
    expect(cost).toMatchObject({ headers: 1, payloads: 0, signatures: 1 });
  });

  it('a header that names none of the keys: no signature', () => {
    const signature = signatureWith();
    const cost = countCost();
    signature.payloadOf(ownToken({}, { kid: 'retired' }), false);
    expect(cost).toMatchObject({ headers: 1, payloads: 0, signatures: 0 });
  });

  it.each(KEYS)('a remembered token: no header, no key and no signature: $algorithm', (key) => {
    const keys = new KeySet([key]);
    const signature = new Signature(keys, { signatureCacheSize: 1 });
    const token = tokenOf(key, GOOD_CLAIMS);
    const first = signature.payloadOf(token, false);
    const select = vi.spyOn(keys, 'select');
    const cost = countCost();
    for (const legacy of [false, true]) {
      expect(signature.payloadOf(token, legacy)).toStrictEqual(first);
    }
    expect(select).not.toHaveBeenCalled();
    expect(cost).toMatchObject({ headers: 0, signatures: 0 });
  });
});

/** How many signatures it takes to check these tokens, one after the other. */
function costOf(signature: Signature, ...tokens: string[]): number {
  const cost = countCost();
  for (const token of tokens) signature.payloadOf(token, false);
  const { signatures } = cost;
  vi.restoreAllMocks();
  return signatures;
}

describe('the memory of verified signatures', () => {
  const token = ownToken();
  const tokens = ['one', 'two', 'three'].map((jti) => ownToken({ jti }));
  const [first, second, third] = tokens as [string, string, string];

  it('is none when its size is 0', () => {
    expect(costOf(signatureWith([hmacKey], { signatureCacheSize: 0 }), token, token)).toBe(2);
  });

  it('forgets the least recently used', () => {
    const signature = signatureWith([hmacKey], { signatureCacheSize: 2 });
    expect(costOf(signature, first, second, first, third, first)).toBe(3);
    expect(costOf(signature, second)).toBe(1);
  });

  it('gives each request a payload that nobody else has, the same to the letter', () => {
    const claims = { ...GOOD_CLAIMS, scope: { orders: ['read'], note: 'Zoë ✓' } };
    const signature = signatureWith();
    const own = ownToken(claims);
    const payloads = [1, 2, 3].map(() => {
      const signed = signature.payloadOf(own, false);
      return (signed as { payload: typeof claims }).payload;
    });
    for (const payload of payloads) expect(payload).toStrictEqual(claims);
    expect(new Set(payloads).size).toBe(3);
    expect(new Set(payloads.map(({ scope }) => scope)).size).toBe(3);
    expect(new Set(payloads.map(({ scope }) => scope.orders)).size).toBe(3);
  });

  it.each([hmacKey, rsaKey, ecKey])('takes in no token with a wrong signature: $kid', (key) => {
    const signature = signatureWith([key]);
    const wrong = `${tokenOf(key, GOOD_CLAIMS).slice(0, -8)}AAAAAAAA`;
    expect(costOf(signature, wrong, wrong)).toBe(2);
    expect(signature.payloadOf(wrong, false)).toStrictEqual(WRONG_SIGNATURE);
  });

  it('takes in no token of another issuer or audience', () => {
    const signature = signatureWith([hmacKey], { issuer: 'https://a.example', audience: 'web' });
    const other = ownToken({ iss: 'https://a.example', aud: 'app' });
    expect(costOf(signature, token, token, other, other)).toBe(4);
  });

  it('takes in no token while the legacy window is open', () => {
    const signature = signatureWith();
    signature.payloadOf(token, true);
    expect(costOf(signature, token)).toBe(1);
    expect(costOf(signature, token)).toBe(0);
  });

  it.each(['text', '"text"', '1', 'null', 'true'])(
    'takes in no payload that is no object: %s',
    (payload) => {
      const signature = signatureWith();
      const odd = forgeText({}, payload, hmac(SECRET));
      expect(costOf(signature, odd, odd)).toBe(2);
      expect(signature.payloadOf(odd, false)).toEqual(signature.payloadOf(odd, false));
    },
  );

  it('gives a list as a list', () => {
    const signature = signatureWith();
    const list = forge({}, [1], hmac(SECRET));
    for (const _ of [1, 2]) {
      expect(signature.payloadOf(list, false)).toStrictEqual({ accepted: true, payload: [1] });
    }
  });

  it('takes in no token of more than 2048 characters', () => {
    const long = ownToken({ note: 'x'.repeat(2000) });
    expect(costOf(signatureWith(), long, long)).toBe(2);
  });

  it('knows another spelling of a signature as another token, and verifies it', () => {
    const signature = signatureWith();
    const own = tokenOf(ecKey, GOOD_CLAIMS);
    const twin = malleated(own);
    expect(twin).not.toBe(own);
    expect(costOf(signature, own, twin)).toBe(2);
    expect(signature.payloadOf(twin, false)).toEqual(signature.payloadOf(own, false));
  });
});
