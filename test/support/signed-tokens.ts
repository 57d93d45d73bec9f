import {
  constants,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  sign,
  type SignKeyObjectInput,
} from 'node:crypto';
import { type KeyOptions, readKey, type SigningKey } from '../../src/keys/signing-key.js';

/** The second on which the tokens of the unit specs are issued. */
export const SECOND = 1_768_478_400;
export const SECRET = '0123456789abcdef0123456789abcdef';
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export function keyOf(options: KeyOptions): SigningKey {
  const key = readKey(options, 'key');
  if (typeof key === 'string') throw new Error(key);
  return key;
}

export const hmacKey = keyOf({ secret: SECRET, kid: 'hmac' });
export const rsaKey = keyOf({ privateKey: rsa.privateKey, kid: 'rsa' });
export const ecKey = keyOf({ privateKey: ec.privateKey, kid: 'ec' });

export const GOOD_HEADER = { alg: 'HS256', typ: 'at+jwt', kid: 'hmac' };
export const GOOD_CLAIMS = {
  sub: 'anna',
  realm: 'controlled',
  ver: 3,
  iat: SECOND,
  exp: SECOND + 900,
  jti: 'the-token',
  auth_time: SECOND,
};

/** Makes the signature of a signing input (RFC 7515 section 5.1). */
export type Signer = (input: string) => Buffer;

export const encode = (value: unknown) => encodeText(JSON.stringify(value));
export const encodeText = (text: string) => Buffer.from(text).toString('base64url');

/** A token with exactly this payload, and these header fields over good ones. */
export function forge(header: object, payload: unknown, signer: Signer): string {
  return forgeText(header, JSON.stringify(payload), signer);
}

/** A token whose payload is this text, JSON or not. */
export function forgeText(header: object, payload: string, signer: Signer): string {
  const input = `${encode({ ...GOOD_HEADER, ...header })}.${encodeText(payload)}`;
  return `${input}.${signer(input).toString('base64url')}`;
}

/** What only the owner of the secret can sign: these claims over good ones. */
export function ownToken(claims: object = {}, header: object = {}): string {
  return forge(header, { ...GOOD_CLAIMS, ...claims }, hmac(SECRET));
}

/** What only the owner of this key can sign, with the header that belongs to it. */
export function tokenOf({ algorithm, kid, signWith }: SigningKey, payload: unknown): string {
  return forge({ alg: algorithm, kid }, payload, signerOf(algorithm, signWith!));
}

/** HMAC with SHA-256. */
export const hmac =
  (secret: string): Signer =>
  (input) =>
    createHmac('sha256', secret).update(input).digest();

/** Signs as RFC 7518 section 3 says, without any library. */
export function signerOf(algorithm: string, key: KeyObject): Signer {
  const hash = `sha${algorithm.slice(2)}`;
  if (key.type === 'secret') return (input) => createHmac(hash, key).update(input).digest();
  return (input) => sign(hash, Buffer.from(input), { key, ...SIGNING[algorithm.slice(0, 2)] });
}

const SIGNING: Readonly<Record<string, Omit<SignKeyObjectInput, 'key'>>> = {
  PS: {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  },
  ES: { dsaEncoding: 'ieee-p1363' },
};

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The token with the other ES256 signature of the same message: s and n - s both verify. */
export function malleated(token: string): string {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = (P256_ORDER - s).toString(16).padStart(64, '0');
  const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, 'hex')]);
  return `${header}.${payload}.${twin.toString('base64url')}`;
}
