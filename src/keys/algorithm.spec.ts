import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type Algorithm,
  ALGORITHMS,
  algorithmProblem,
  defaultAlgorithm,
  weaknessOf,
} from './algorithm.js';

const secret = (bytes: number) => createSecretKey(Buffer.alloc(bytes, 7));
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey;

const KEYS: Readonly<Record<string, KeyObject>> = {
  'a secret': secret(64),
  RSA: rsa(2048),
  'RSA-PSS': generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey,
  'P-256': ec('P-256'),
  'P-384': ec('P-384'),
  'P-521': ec('P-521'),
  secp256k1: ec('secp256k1'),
  Ed25519: generateKeyPairSync('ed25519').publicKey,
  X25519: generateKeyPairSync('x25519').publicKey,
};

/** The algorithms of each kind of key, the default first (RFC 7518 section 3.1). */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  'a secret': ['HS256', 'HS384', 'HS512'],
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'RSA-PSS': ['PS256', 'PS384', 'PS512'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  secp256k1: [],
  Ed25519: [],
  X25519: [],
};

const kinds = Object.keys(KEYS).map((kind) => ({
  kind,
  key: KEYS[kind]!,
  fitting: FITTING[kind]!,
}));

describe('defaultAlgorithm', () => {
  it.each(kinds)('of $kind is the first that fits', ({ key, fitting }) => {
    expect(defaultAlgorithm(key)).toBe(fitting[0]);
  });
});

describe('algorithmProblem', () => {
  const cells = kinds.flatMap(({ kind, key, fitting }) =>
    ALGORITHMS.map((algorithm) => ({ kind, key, algorithm, fits: fitting.includes(algorithm) })),
  );

  it.each(cells)('$algorithm fits $kind: $fits', ({ key, algorithm, fits }) => {
    const problem = algorithmProblem(algorithm, key);
    const refused = new RegExp(`^${algorithm} .*: (use|give|name) `);
    expect(problem ?? 'fits').toMatch(fits ? /^fits$/ : refused);
  });

  it.each(kinds)('nothing else fits $kind', ({ key }) => {
    for (const algorithm of ['none', 'EdDSA', 'ES256K', 'HS1', 'hs256', 'RSA-OAEP', 'dir', '']) {
      expect(algorithmProblem(algorithm, key)).toBe(
        `the algorithm ${JSON.stringify(algorithm)} is not one that jsonwebtoken can use: choose one of ${ALGORITHMS.join(', ')}.`,
      );
    }
  });

  it.each<[Algorithm, number]>([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('%s takes a secret of %i bytes and none that is shorter', (algorithm: Algorithm, bytes) => {
    expect(weaknessOf(algorithm, secret(bytes))).toBeUndefined();
    expect(weaknessOf(algorithm, secret(bytes - 1))).toContain(
      `the secret has ${bytes - 1} bytes and ${algorithm} needs at least ${bytes} (RFC 7518 section 3.2)`,
    );
  });

  it.each<[Algorithm, number]>([
    ['HS256', 48],
    ['HS384', 96],
    ['HS512', 96],
  ])(
    'what it says to do for %s gives a secret that is long enough',
    (algorithm: Algorithm, random) => {
      const said = `generate one with "openssl rand -base64 ${random}"`;
      expect(weaknessOf(algorithm, secret(1))).toContain(said);
      const generated = Buffer.alloc(random, 7).toString('base64');
      expect(weaknessOf(algorithm, createSecretKey(Buffer.from(generated)))).toBeUndefined();
    },
  );

  it.each(['RS256', 'PS512'] as const)('%s takes no RSA key below 2048 bits', (algorithm) => {
    const problem = weaknessOf(algorithm, rsa(1024));
    expect(problem).toContain(`the RSA key has 1024 bits and ${algorithm} needs at least 2048`);
    expect(problem).toContain('openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048');
  });

  const PRESCRIBING = [
    { hash: 'sha256', mask: 'sha256', saltLength: 32, fitting: ['PS256'] },
    { hash: 'sha384', mask: 'sha384', saltLength: 48, fitting: ['PS384'] },
    { hash: 'sha512', mask: 'sha512', saltLength: 20, fitting: ['PS512'] },
    { hash: 'sha256', mask: 'sha256', saltLength: 33, fitting: [] },
    { hash: 'sha256', mask: 'sha512', saltLength: 32, fitting: [] },
  ];

  it.each(PRESCRIBING)(
    'an RSA-PSS key that prescribes $hash, $mask for the mask and $saltLength bytes of salt takes $fitting',
    ({ hash, mask, saltLength, fitting }) => {
      // The types want text for a salt length; Node wants a number.
      const prescribed = { hashAlgorithm: hash, mgf1HashAlgorithm: mask, saltLength };
      const { publicKey } = generateKeyPairSync('rsa-pss', {
        modulusLength: 2048,
        ...(prescribed as object),
      });
      const candidates = ['PS256', 'PS384', 'PS512'];
      expect(candidates.filter((each) => !algorithmProblem(each, publicKey))).toEqual(fitting);
    },
  );

  it.each([
    ['RS256', 'P-256', 'RS256 does not fit a key of type ec: use ES256.'],
    ['RS256', 'RSA-PSS', 'RS256 does not fit a key of type rsa-pss: use PS256.'],
    [
      'ES256',
      'RSA',
      'ES256 needs a key on the curve prime256v1 and was given a key of type rsa: use RS256.',
    ],
    [
      'ES256',
      'P-384',
      'ES256 needs a key on the curve prime256v1 and was given one on secp384r1: use ES384.',
    ],
    [
      'ES256',
      'secp256k1',
      'ES256 needs a key on the curve prime256v1 and was given one on secp256k1: use another key; jsonwebtoken cannot use this type.',
    ],
    [
      'PS256',
      'Ed25519',
      'PS256 does not fit a key of type ed25519: use another key; jsonwebtoken cannot use this type.',
    ],
    [
      'HS256',
      'RSA',
      'HS256 takes a secret and was given a rsa key: name an algorithm of that key, or give a secret.',
    ],
    [
      'RS256',
      'a secret',
      'RS256 takes a key pair and was given a secret: give privateKey or publicKey, or use HS256.',
    ],
  ])('%s with %s says what to do', (algorithm, kind, message) => {
    expect(algorithmProblem(algorithm, KEYS[kind]!)).toBe(message);
  });
});
