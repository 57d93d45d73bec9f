import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeySet } from './key-set.js';
import { type KeyOptions, readKey, type SigningKey } from './signing-key.js';

function keyOf(options: KeyOptions): SigningKey {
  return readKey(options, 'key');
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const fresh = keyOf({ secret: randomBytes(32), kid: 'fresh' });
const older = keyOf({ secret: randomBytes(32), kid: 'older' });
const pair = keyOf({ privateKey, kid: 'pair' });
const keys = new KeySet([fresh, older, pair]);

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with these header fields over good ones; its payload is not read. */
function token(header: Record<string, unknown>): string {
  const good = { alg: 'HS256', typ: 'at+jwt', kid: 'fresh' };
  return `${encode({ ...good, ...header })}.${encode({})}.c2ln`;
}

const INVALID = { accepted: false, reason: 'token_invalid' };
const strictly = (header: Record<string, unknown>) => keys.select(token(header), false);
const legacy = (header: Record<string, unknown>) => keys.select(token(header), true);

describe('KeySet', () => {
  it('signs with the first key', () => {
    expect(keys.current).toBe(fresh);
    expect(new KeySet([pair, fresh]).current).toBe(pair);
  });

  it.each([fresh, older, pair])('verifies with the key of the kid: $kid', (key) => {
    expect(strictly({ kid: key.kid, alg: key.algorithm })).toBe(key);
    expect(legacy({ kid: key.kid, alg: key.algorithm })).toBe(key);
  });

  it('has no key for a token that cannot be read, and says why', () => {
    expect(keys.select(undefined as never, false)).toEqual({
      ...INVALID,
      detail: 'the token is not text',
    });
    expect(keys.select('a.b', true)).toEqual({
      ...INVALID,
      detail: 'the token does not have three base64url parts',
    });
    expect(strictly({ crit: ['b64'], b64: false })).toEqual({
      ...INVALID,
      detail: '"crit" asks for an extension',
    });
  });
});

describe('a key that is too short', () => {
  const short = readKey({ secret: 'short', kid: 'short' }, 'key', true);
  const both = new KeySet([fresh, short]);

  it('verifies within the legacy window, and not after it', () => {
    expect(both.select(token({ kid: 'short' }), true)).toBe(short);
    expect(both.select(token({ kid: 'short' }), false)).toEqual({
      ...INVALID,
      detail: '"kid" "short" is none of the keys',
    });
  });
});

describe('the public keys', () => {
  it('are a JWK each, with its kid and algorithm, and nothing of a private key or a secret', () => {
    expect(keys.publicKeys()).toEqual([
      { ...publicKey.export({ format: 'jwk' }), kid: 'pair', alg: 'ES256', use: 'sig' },
    ]);
  });

  it('are not there of keys that are too short, or that are secrets', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const short = readKey({ publicKey: rsa.publicKey, kid: 'short' }, 'key', true);
    const partner = keyOf({ publicKey, kid: 'partner' });
    const listed = new KeySet([pair, short, fresh, partner]).publicKeys();
    expect(listed).toMatchObject([{ kid: 'pair' }, { kid: 'partner' }]);
    expect(listed).toHaveLength(2);
  });
});

describe('the kid', () => {
  const HOSTILE: [string, unknown][] = [
    ['unknown', 'retired'],
    ['of another case', 'FRESH'],
    ['with a space', 'fresh '],
    ['empty', ''],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['toString', 'toString'],
    ['a path', '../../../dev/null'],
    ['SQL', "' UNION SELECT 'key' --"],
    ['null', null],
    ['a number', 0],
    ['a list of it', ['fresh']],
    ['an object', { toString: 'fresh' }],
    ['true', true],
    ['10 KB', 'k'.repeat(10_240)],
  ];

  it.each(HOSTILE)('that is %s has no key, legacy window or not', (_, kid) => {
    for (const refused of [strictly({ kid }), legacy({ kid })]) {
      expect(refused).toMatchObject(INVALID);
      expect(refused).toHaveProperty(
        'detail',
        expect.stringMatching(/^"kid" .* is none of the keys$/),
      );
    }
  });

  it('is shown to the developer, cut short and on one line', () => {
    expect(strictly({ kid: 'retired' })).toHaveProperty(
      'detail',
      '"kid" "retired" is none of the keys',
    );
    const { detail } = strictly({ kid: `\n\u001B[2J${'k'.repeat(10_240)}` }) as { detail: string };
    expect(detail.length).toBeLessThan(120);
    // oxlint-disable-next-line no-control-regex -- looks for what could forge a line of a log
    expect(detail).not.toMatch(/[\u0000-\u001F]/);
  });

  it('must be there, also when there is one key only', () => {
    const refused = new KeySet([fresh]).select(token({ kid: undefined }), false);
    expect(refused).toEqual({ ...INVALID, detail: '"kid" missing is none of the keys' });
  });

  it('may be missing within the legacy window: the oldest key of the algorithm signed then', () => {
    expect(legacy({ kid: undefined })).toBe(older);
    expect(legacy({ kid: undefined, alg: 'ES256' })).toBe(pair);
    expect(legacy({ kid: undefined, alg: 'RS256' })).toMatchObject(INVALID);
    expect(legacy({ kid: undefined, alg: 'none' })).toMatchObject(INVALID);
  });
});

describe('a field of the header that is nested as deeply as a token is long', () => {
  // JSON.parse reads it; writing it out again would overflow the stack.
  const nested = '['.repeat(5900) + ']'.repeat(5900);

  it.each([
    ['typ', `{"typ":${nested}}`],
    ['kid', `{"typ":"at+jwt","kid":${nested}}`],
    ['alg', `{"typ":"at+jwt","kid":"fresh","alg":${nested}}`],
  ])('is refused and named by its kind: %s', (field, header) => {
    const encoded = Buffer.from(header).toString('base64url');
    const refused = keys.select(`${encoded}.e30.x`, false);
    expect(refused).toMatchObject(INVALID);
    expect(refused).toHaveProperty('detail', expect.stringMatching(`^"${field}" .*\\[…\\]`));
  });
});

describe('the algorithm', () => {
  it.each([
    ['fresh', 'none'],
    ['fresh', 'None'],
    ['fresh', ''],
    ['fresh', undefined],
    ['fresh', null],
    ['fresh', ['HS256']],
    ['fresh', 'hs256'],
    ['fresh', 'HS512'],
    ['fresh', 'ES256'],
    ['pair', 'HS256'],
    ['pair', 'ES384'],
    ['pair', 'none'],
  ])('of the key %s is not %j, whatever the header says', (kid, alg) => {
    for (const refused of [strictly({ kid, alg }), legacy({ kid, alg })]) {
      expect(refused).toMatchObject(INVALID);
      expect(refused).toHaveProperty('detail', expect.stringMatching(/^"alg" is .*, the key has /));
    }
  });
});

describe('the type', () => {
  const ACCESS = ['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'Application/AT+JWT'];
  const LEGACY = ['JWT', 'jwt', 'application/jwt', undefined];
  const OTHER = [
    null,
    '',
    0,
    true,
    {},
    ['at+jwt'],
    ['JWT'],
    ' at+jwt',
    'at+jwt ',
    'at+jwt; v=1',
    'at jwt',
    'text/at+jwt',
    'application/application/at+jwt',
    'refresh+jwt',
    'rt+jwt',
    'id+jwt',
    'logout+jwt',
    'secevent+jwt',
    'dpop+jwt',
    'JOSE',
    '__proto__',
  ];

  it.each(ACCESS)('%s is that of an access token', (typ) => {
    expect(strictly({ typ })).toBe(fresh);
    expect(legacy({ typ })).toBe(fresh);
  });

  it.each(LEGACY)('%s is taken within the legacy window alone', (typ) => {
    expect(strictly({ typ })).toMatchObject(INVALID);
    expect(legacy({ typ })).toBe(fresh);
  });

  it.each(OTHER.map((typ) => [typ]))('%j is refused, legacy window or not', (typ) => {
    for (const refused of [strictly({ typ }), legacy({ typ })]) {
      expect(refused).toMatchObject(INVALID);
      expect(refused).toHaveProperty(
        'detail',
        expect.stringMatching(/^"typ" is .*, not "at\+jwt"$/),
      );
    }
  });

  it('hints that TokenIssuer did not issue the token', () => {
    expect(strictly({ typ: 'JWT' })).toStrictEqual({
      ...INVALID,
      detail: '"typ" is "JWT", not "at+jwt"',
      hint: 'not_issued_here',
    });
  });

  it('alone gives that hint', () => {
    for (const refused of [
      keys.select('a.b', false),
      strictly({ kid: 'retired' }),
      strictly({ alg: 'none' }),
      strictly({ crit: [] }),
    ]) {
      expect(refused).toStrictEqual({ ...INVALID, detail: expect.any(String) });
    }
  });

  it.each([
    [undefined, 'missing'],
    [null, 'null'],
    [0, '0'],
    [{ nested: {} }, '{…}'],
    [['at+jwt'], '[…]'],
  ])('%j is shown as %s', (typ, shown) => {
    const { detail } = strictly({ typ }) as { detail: string };
    expect(detail).toBe(`"typ" is ${shown}, not "at+jwt"`);
  });
});
