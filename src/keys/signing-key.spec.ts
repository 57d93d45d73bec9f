import {
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  type RSAPSSKeyPairKeyObjectOptions,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/support/problems-of.js';
import type { Algorithm } from './algorithm.js';
import { type KeyOptions, readKey, type SigningKey } from './signing-key.js';

const SECRET = '0123456789abcdef0123456789abcdef';
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');

/** A self-signed certificate, on P-256, as `openssl req -x509` made it. */
const CERTIFICATE = [
  'MIIBdTCCARugAwIBAgIUXOVnDWvjiZS5QKgk0W1YncGIWB8wCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYx',
  'OTEyNTRaGA8yMTI2MTEwMjE5MTI1NFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK6gffUzBkNA',
  'UHkDwTYU8ej9XDzH37qsunZc0a9GC0BQibSbzTyg9kNFNqy2NvbSqJmw3h39OZyZp1zRP5Xa4dijUzBRMB0GA1UdDgQWBBSF4LL0',
  'oedVCvcvc6r5UkW8QkZO+jAfBgNVHSMEGDAWgBSF4LL0oedVCvcvc6r5UkW8QkZO+jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49',
  'BAMCA0gAMEUCIHO34JxrFk3qyN9I0AY/Ip24rp98/W4IIDuNI/2O/VxjAiEAxJsdkNrUamYhj7roUMz5mBUtEdRyg/N9UAsoE4+T',
  'yBQ=',
].join('');

const publicPem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const privatePem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const badKid = 'keys[0].kid: is not text: give text, or leave it out.';
const foreignKid =
  'keys[0].kid: has other characters than printable ASCII: give others, or leave it out.';

function pssKey(parameters: Omit<RSAPSSKeyPairKeyObjectOptions, 'modulusLength'>): KeyObject {
  return generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...parameters }).privateKey;
}

/** The key itself; a set-up mistake fails the test with its message. */
const good = (options: KeyOptions): SigningKey => readKey(options, 'options');

describe('readKey', () => {
  it.each([
    ['text', SECRET],
    ['bytes', Buffer.from(SECRET)],
    ['a KeyObject', createSecretKey(Buffer.from(SECRET))],
  ])('takes a secret as %s, to sign and to verify with HS256', (_, secret) => {
    const key = good({ secret });
    expect(key.algorithm).toBe('HS256');
    expect(key.verifyWith.export()).toEqual(Buffer.from(SECRET));
    expect(key.signWith!.export()).toEqual(Buffer.from(SECRET));
    expect(key.kid).toBe(good({ secret: SECRET }).kid);
  });

  it('takes a secret that only speaks of keys', () => {
    expect(good({ secret: `not an ssh-rsa key, nor ecdsa-sha2: ${SECRET}` }).algorithm).toBe(
      'HS256',
    );
  });

  it('counts a secret in bytes of UTF-8, not in characters', () => {
    expect(good({ secret: 'ü'.repeat(16) }).algorithm).toBe('HS256');
    expect(() => good({ secret: 'u'.repeat(16) })).toThrow('the secret has 16 bytes');
  });

  it('keeps its own copy of the bytes of a secret', () => {
    const secret = Buffer.from(SECRET);
    const key = good({ secret });
    secret.fill(0);
    expect(key.signWith!.export()).toEqual(Buffer.from(SECRET));
  });

  it.each<[string, KeyOptions, Algorithm]>([
    ['RSA as PEM', { privateKey: privatePem(rsa.privateKey) }, 'RS256'],
    ['RSA as PEM bytes', { privateKey: Buffer.from(privatePem(rsa.privateKey)) }, 'RS256'],
    ['RSA as KeyObject', { privateKey: rsa.privateKey }, 'RS256'],
    ['RSA for PS384', { privateKey: rsa.privateKey, algorithm: 'PS384' }, 'PS384'],
    ['P-256 as PEM', { privateKey: privatePem(ec.privateKey) }, 'ES256'],
    ['P-256 as both halves', { privateKey: ec.privateKey, publicKey: ec.publicKey }, 'ES256'],
  ])('takes a private key, %s, to sign and to verify', (_, options, algorithm) => {
    const key = good(options);
    expect(key.algorithm).toBe(algorithm);
    expect(key.signWith!.type).toBe('private');
    expect(key.verifyWith.type).toBe('public');
    expect(createPublicKey(key.signWith!).equals(key.verifyWith)).toBe(true);
  });

  it.each([
    ['PEM', publicPem(ec.publicKey)],
    ['a KeyObject', ec.publicKey],
  ])('takes a public key as %s, and cannot sign with it', (_, publicKey) => {
    const key = good({ publicKey });
    expect(key.verifyWith.equals(ec.publicKey)).toBe(true);
    expect(key).not.toHaveProperty('signWith');
  });

  it.each(['openssl x5c and other words of a secret', 'MIIB a secret that begins as one does'])(
    'takes a secret that merely looks like a certificate: %s',
    (secret) => expect(good({ secret }).algorithm).toBe('HS256'),
  );

  it.each(['2026-01', 'a key', '~!@#'])('takes a kid of printable ASCII: %j', (kid) => {
    expect(good({ secret: SECRET, kid }).kid).toBe(kid);
  });

  it('says of a key that is too short why, where it may be, and of no other', () => {
    const weak = readKey({ secret: 'short' }, 'options', true);
    expect(weak.weakness).toMatch(/^the secret has 5 bytes and HS256 needs at least 32/);
    for (const mayBeWeak of [true, false]) {
      expect(readKey({ secret: SECRET }, 'options', mayBeWeak)).not.toHaveProperty('weakness');
    }
  });

  it('takes the algorithm and the kid that it is given', () => {
    const secret = randomBytes(64);
    expect(good({ secret, algorithm: 'HS512', kid: 'mine' })).toMatchObject({
      algorithm: 'HS512',
      kid: 'mine',
    });
  });
});

describe('the kid of a key that names none', () => {
  it('never changes: tokens that are out carry it', () => {
    expect(good({ secret: SECRET }).kid).toBe('Dt6jAKTaQOvVxTmS');
    const publicKey = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----`;
    expect(good({ publicKey }).kid).toBe('pA8PLil03HaoLfb_');
  });

  it('is the same for both halves of a pair, in every form', () => {
    const kids = [
      { privateKey: ec.privateKey },
      { privateKey: privatePem(ec.privateKey) },
      { publicKey: ec.publicKey },
      { publicKey: publicPem(ec.publicKey) },
      { privateKey: ec.privateKey, publicKey: ec.publicKey },
    ].map((options) => good(options).kid);
    expect(new Set(kids).size).toBe(1);
  });

  it('is different for every key', () => {
    const keys: KeyOptions[] = [
      { secret: SECRET },
      { secret: `${SECRET} ` },
      { secret: SECRET.toUpperCase() },
      { privateKey: ec.privateKey },
      { privateKey: otherEc.privateKey },
      { publicKey: rsa.publicKey },
    ];
    expect(new Set(keys.map((options) => good(options).kid)).size).toBe(keys.length);
  });

  it('is short text that a header can hold, and reveals nothing of the secret', () => {
    const { kid } = good({ secret: SECRET });
    expect(kid).toMatch(/^[\w-]{16}$/);
    expect(kid).not.toBe(good({ secret: `${SECRET.slice(1)}0` }).kid);
    expect(SECRET).not.toContain(kid);
  });
});

function unreadable(half: string): string {
  return `keys[0].${half}Key: cannot be read as a ${half} key: give PEM text, and mind that line breaks survive the environment variable.`;
}

describe('a key that cannot be used', () => {
  const sshKey =
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@host';
  const weakRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pairAsSecret =
    'keys[0].secret: is a public or private key, not a secret: give a key pair in keys, as { privateKey, publicKey }.';

  const mistakes: [string, unknown, unknown][] = [
    ['nothing', {}, 'keys[0]: has no key: give secret, privateKey or publicKey.'],
    [
      'a secret and a pair',
      { secret: SECRET, publicKey: ec.publicKey },
      'keys[0]: has a secret and a key pair: give one of them.',
    ],
    [
      'an empty secret',
      { secret: '' },
      expect.stringMatching(
        /^keys\[0\]\.secret: is empty: generate one with "openssl rand -base64 48"/,
      ),
    ],
    [
      'an empty buffer',
      { secret: Buffer.alloc(0) },
      expect.stringMatching(/^keys\[0\]\.secret: is empty: /),
    ],
    [
      'a number as secret',
      { secret: 12_345_678 },
      'keys[0].secret: is number: give text, a Buffer or a KeyObject.',
    ],
    ['null as secret', { secret: null }, expect.stringMatching(/^keys\[0\]\.secret: is /)],
    [
      'a short secret',
      { secret: 'correct-horse' },
      expect.stringMatching(/^keys\[0\]: the secret has 13 bytes and HS256 needs at least 32/),
    ],
    [
      'one too short for HS384',
      { secret: SECRET, algorithm: 'HS384' },
      expect.stringMatching(/^keys\[0\]: the secret has 32 bytes and HS384 needs at least 48/),
    ],
    [
      'one too short for HS512',
      { secret: SECRET, algorithm: 'HS512' },
      expect.stringMatching(/^keys\[0\]: the secret has 32 bytes and HS512 needs at least 64/),
    ],
    ['a public PEM as secret', { secret: publicPem(rsa.publicKey) }, pairAsSecret],
    ['a public PEM after a blank line', { secret: `\n${publicPem(ec.publicKey)}` }, pairAsSecret],
    [
      'a PKCS #1 PEM as secret',
      { secret: rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }) },
      pairAsSecret,
    ],
    ['PEM bytes as secret', { secret: Buffer.from(publicPem(rsa.publicKey)) }, pairAsSecret],
    ['a private PEM as secret', { secret: privatePem(ec.privateKey) }, pairAsSecret],
    [
      'a public DER as secret',
      { secret: rsa.publicKey.export({ type: 'spki', format: 'der' }) },
      pairAsSecret,
    ],
    [
      'a JWK as secret',
      { secret: JSON.stringify(rsa.publicKey.export({ format: 'jwk' })) },
      pairAsSecret,
    ],
    [
      'a JWK set as secret',
      { secret: JSON.stringify({ keys: [ec.publicKey.export({ format: 'jwk' })] }, null, 2) },
      pairAsSecret,
    ],
    ['an ssh key as secret', { secret: sshKey }, pairAsSecret],
    ['an ssh key after a blank', { secret: ` ${sshKey}` }, pairAsSecret],
    [
      'an ssh key of a security key',
      { secret: 'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t' },
      pairAsSecret,
    ],
    ['SSH2 PEM as secret', { secret: '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA' }, pairAsSecret],
    [
      'a public DER of PKCS #1 as secret',
      { secret: rsa.publicKey.export({ type: 'pkcs1', format: 'der' }) },
      pairAsSecret,
    ],
    [
      'a private DER as secret',
      { secret: ec.privateKey.export({ type: 'pkcs8', format: 'der' }) },
      pairAsSecret,
    ],
    [
      'a public DER in base64 as secret',
      { secret: ec.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
      pairAsSecret,
    ],
    [
      'PEM in base64 as secret',
      { secret: Buffer.from(publicPem(rsa.publicKey)).toString('base64') },
      pairAsSecret,
    ],
    [
      'a list of JWKs as secret',
      { secret: JSON.stringify([ec.publicKey.export({ format: 'jwk' })]) },
      pairAsSecret,
    ],
    [
      'PEM in a secret KeyObject',
      { secret: createSecretKey(Buffer.from(publicPem(rsa.publicKey))) },
      pairAsSecret,
    ],
    ['an empty private key', { privateKey: '' }, unreadable('private')],
    ['null as private key', { privateKey: null as unknown as string }, unreadable('private')],
    [
      'a private PEM as public',
      { publicKey: privatePem(ec.privateKey) },
      'keys[0].publicKey: is a private key: give the public one.',
    ],
    [
      'an RSA-PSS key of another hash',
      {
        privateKey: pssKey({ hashAlgorithm: 'sha512', mgf1HashAlgorithm: 'sha512' }),
        algorithm: 'PS256',
      },
      expect.stringMatching(/^keys\[0\]: PS256 does not fit the hash or the salt length/),
    ],
    [
      'an RSA-PSS key with more salt than hash',
      {
        privateKey: pssKey({
          hashAlgorithm: 'sha256',
          mgf1HashAlgorithm: 'sha256',
          saltLength: 64 as never,
        }),
      },
      expect.stringMatching(/^keys\[0\]: PS256 does not fit the hash or the salt length/),
    ],
    ['a kid that is no text', { secret: SECRET, kid: 5 as unknown as string }, badKid],
    ['an empty kid', { secret: SECRET, kid: '' }, badKid],
    ...['schlüssel', 'ключ', 'été', 'a\u0000b', 'line\nbreak', '\nkid', 'kid\n'].map(
      (kid): [string, unknown, unknown] => [
        `the kid ${JSON.stringify(kid)}`,
        { secret: SECRET, kid },
        foreignKid,
      ],
    ),
    ...[
      Buffer.from(CERTIFICATE, 'base64'),
      CERTIFICATE,
      JSON.stringify({ x5c: [CERTIFICATE] }),
    ].map((secret): [string, unknown, unknown] => [
      'a certificate as secret',
      { secret },
      pairAsSecret,
    ]),
    [
      'a public KeyObject as secret',
      { secret: ec.publicKey },
      'keys[0].secret: is a public key, not a secret: give a key pair in keys, as { privateKey, publicKey }.',
    ],
    [
      'a private KeyObject as secret',
      { secret: ec.privateKey },
      'keys[0].secret: is a private key, not a secret: give a key pair in keys, as { privateKey, publicKey }.',
    ],
    [
      'a public KeyObject as private',
      { privateKey: ec.publicKey },
      'keys[0].privateKey: is a public key: give the private one.',
    ],
    [
      'a private KeyObject as public',
      { publicKey: ec.privateKey },
      'keys[0].publicKey: is a private key: give the public one.',
    ],
    [
      'a secret KeyObject as private',
      { privateKey: createSecretKey(randomBytes(32)) },
      'keys[0].privateKey: is a secret key: give the private one.',
    ],
    ['a public PEM as private', { privateKey: publicPem(ec.publicKey) }, unreadable('private')],
    [
      'PEM that lost its line breaks',
      { privateKey: privatePem(ec.privateKey).replaceAll('\n', '\\n') },
      unreadable('private'),
    ],
    [
      'PEM without a passphrase',
      {
        privateKey: ec.privateKey.export({
          type: 'pkcs8',
          format: 'pem',
          cipher: 'aes-256-cbc',
          passphrase: 'hunter2',
        }),
      },
      unreadable('private'),
    ],
    ['text that is no PEM', { publicKey: 'correct-horse-battery-staple' }, unreadable('public')],
    ['an empty public key', { publicKey: '' }, unreadable('public')],
    [
      'halves of two pairs',
      { privateKey: ec.privateKey, publicKey: otherEc.publicKey },
      'keys[0]: publicKey does not belong to privateKey: leave publicKey out and it is derived.',
    ],
    [
      'halves of two kinds',
      { privateKey: ec.privateKey, publicKey: rsa.publicKey },
      expect.stringMatching(/publicKey does not belong to privateKey/),
    ],
    [
      'RSA of 1024 bits',
      { privateKey: weakRsa.privateKey },
      expect.stringMatching(/^keys\[0\]: the RSA key has 1024 bits and RS256 needs at least 2048/),
    ],
    [
      'the wrong curve',
      { privateKey: p384.privateKey, algorithm: 'ES256' },
      expect.stringMatching(
        /^keys\[0\]: ES256 needs a key on the curve prime256v1 .* use ES384\.$/,
      ),
    ],
    [
      'Ed25519',
      { privateKey: ed.privateKey },
      expect.stringMatching(
        /^keys\[0\]: jsonwebtoken cannot use a key of type ed25519 .* with ES256, or RSA\.$/,
      ),
    ],
    [
      'Ed25519 as ES256',
      { publicKey: ed.publicKey, algorithm: 'ES256' },
      expect.stringMatching(/given a key of type ed25519/),
    ],
    [
      'HS256 with a pair',
      { privateKey: rsa.privateKey, algorithm: 'HS256' },
      expect.stringMatching(/^keys\[0\]: HS256 takes a secret and was given a rsa key/),
    ],
    [
      'RS256 with a secret',
      { secret: SECRET, algorithm: 'RS256' },
      expect.stringMatching(/^keys\[0\]: RS256 takes a key pair and was given a secret/),
    ],
    [
      'RS256 with an EC key',
      { privateKey: ec.privateKey, algorithm: 'RS256' },
      'keys[0]: RS256 does not fit a key of type ec: use ES256.',
    ],
    [
      'none',
      { secret: SECRET, algorithm: 'none' },
      expect.stringMatching(/^keys\[0\]: the algorithm "none" is not one/),
    ],
    [
      'empty',
      { secret: SECRET, algorithm: '' },
      expect.stringMatching(/^keys\[0\]: the algorithm "" is not one/),
    ],
    [
      'EdDSA',
      { privateKey: ed.privateKey, algorithm: 'EdDSA' },
      expect.stringMatching(/^keys\[0\]: the algorithm "EdDSA" is not one/),
    ],
    [
      'ES256K',
      { privateKey: ec.privateKey, algorithm: 'ES256K' },
      expect.stringMatching(/^keys\[0\]: the algorithm "ES256K" is not one/),
    ],
  ];

  it.each(mistakes)('%s: says what is wrong, where, and what to do', (_, options, message) => {
    expect(problemsOf(() => readKey(options as KeyOptions, 'keys[0]'))).toEqual([message]);
  });

  it.each(mistakes)('%s: shows nothing of the key', (_, options) => {
    const problem = String(problemsOf(() => readKey(options as KeyOptions, 'keys[0]')));
    const { secret, privateKey, publicKey } = options as KeyOptions;
    const texts = [secret, privateKey, publicKey].map((key) =>
      typeof key === 'string' || Buffer.isBuffer(key) ? key.toString('latin1') : '',
    );
    const pieces = texts.flatMap((text) => text.match(/[\w+/=-]{8,}/g) ?? []);
    const material = pieces.filter((piece) => !piece.startsWith('-----'));
    expect(material.filter((piece) => problem.includes(piece))).toEqual([]);
  });
});
