import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  KeyObject,
  X509Certificate,
} from 'node:crypto';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import { type Algorithm, algorithmProblem, defaultAlgorithm, weaknessOf } from './algorithm.js';

/** Key material: text (PEM for a key pair), bytes, or a key that Node has parsed already. */
export type KeyMaterial = string | Buffer | KeyObject;

/** One key: either a `secret`, or a `privateKey`, a `publicKey` or both. */
export interface KeyOptions {
  /** HMAC secret, at least as long as the hash: 32 bytes for HS256. Text counts as UTF-8. */
  secret?: KeyMaterial;
  /** PEM or KeyObject; signs and verifies. */
  privateKey?: KeyMaterial;
  /** PEM or KeyObject; alone it only verifies. Default: derived from `privateKey`. */
  publicKey?: KeyMaterial;
  /** The only algorithm that the key is used with. Default: HS256 for a secret, RS256, PS256 or ES256/384/512 after the kind of key. */
  algorithm?: Algorithm;
  /** Key id, written to the `kid` header. Default: a fingerprint of the key. */
  kid?: string;
}

/** A key as it is used: parsed once, because parsing costs fifty times as much as verifying. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly verifyWith: KeyObject;
  /** Absent when the key only verifies. */
  readonly signWith?: KeyObject;
  /** Why the key is too short. Present: it verifies tokens from before this library, and only in the legacy window. */
  readonly weakness?: string;
}

/**
 * Reads a key.
 *
 * @param mayBeWeak - whether a key that is too short is a key with its `weakness`
 * @throws TokenInvalidationConfigError with what is wrong with it and what to do
 */
export function readKey(options: KeyOptions, path: string, mayBeWeak = false): SigningKey {
  const key = keyOf(readMaterial(options, path), options, path);
  return mayBeWeak ? key : strong(key, path);
}

/**
 * Reads a secret that is given without other fields, for HS256.
 *
 * @throws TokenInvalidationConfigError with what is wrong with it and what to do
 */
export function readSecret(secret: KeyMaterial, path: string): SigningKey {
  return strong(keyOf(secretMaterial(secret, path), {}, path), path);
}

function keyOf(material: Material, options: KeyOptions, path: string): SigningKey {
  const { verifyWith } = material;
  const algorithm = options.algorithm ?? defaultAlgorithm(verifyWith);
  if (algorithm === undefined) {
    throw problem(
      `${path}: jsonwebtoken cannot use a key of type ${verifyWith.asymmetricKeyType} (EdDSA among them): use an EC key on P-256 with ES256, or RSA.`,
    );
  }
  const misfit = algorithmProblem(algorithm, verifyWith);
  if (misfit !== undefined) throw problem(`${path}: ${misfit}`);
  const weakness = weaknessOf(algorithm, verifyWith);
  const key = { ...material, algorithm, ...(weakness !== undefined && { weakness }) };
  return named(key, options, path);
}

function strong(key: SigningKey, path: string): SigningKey {
  if (key.weakness !== undefined) throw problem(`${path}: ${key.weakness}`);
  return key;
}

function named(
  key: Omit<SigningKey, 'kid'>,
  { kid = fingerprint(key.verifyWith) }: KeyOptions,
  path: string,
): SigningKey {
  if (typeof kid !== 'string' || kid === '') {
    throw problem(`${path}.kid: is not text: give text, or leave it out.`);
  }
  // Headers are read as bytes by some and as UTF-8 by others: the token would come back with another kid.
  if (/^[ -~]+$/.test(kid)) return { ...key, kid };
  throw problem(
    `${path}.kid: has other characters than printable ASCII: give others, or leave it out.`,
  );
}

function problem(text: string): TokenInvalidationConfigError {
  return new TokenInvalidationConfigError([text]);
}

type Material = Pick<SigningKey, 'verifyWith' | 'signWith'>;

function readMaterial(options: KeyOptions, path: string): Material {
  const { secret, privateKey, publicKey } = options;
  const isPair = privateKey !== undefined || publicKey !== undefined;
  if (secret !== undefined && isPair) {
    throw problem(`${path}: has a secret and a key pair: give one of them.`);
  }
  if (secret !== undefined) return secretMaterial(secret, `${path}.secret`);
  if (!isPair) throw problem(`${path}: has no key: give secret, privateKey or publicKey.`);
  return readPair(options, path);
}

function secretMaterial(secret: KeyMaterial, path: string): Material {
  if (secret instanceof KeyObject && secret.type !== 'secret') {
    throw notASecret(path, secret.type);
  }
  if (typeof secret !== 'string' && !Buffer.isBuffer(secret) && !(secret instanceof KeyObject)) {
    throw problem(`${path}: is ${typeof secret}: give text, a Buffer or a KeyObject.`);
  }
  const bytes = secret instanceof KeyObject ? secret.export() : Buffer.from(secret);
  if (bytes.length === 0) {
    throw problem(
      `${path}: is empty: generate one with "openssl rand -base64 48", and check that the environment variable is set.`,
    );
  }
  // Anyone who has a public key could sign with it if it were taken for an HMAC secret.
  if (isKeyPair(bytes)) throw notASecret(path, 'public or private');
  const key = createSecretKey(bytes);
  return { signWith: key, verifyWith: key };
}

function notASecret(path: string, kind: string): TokenInvalidationConfigError {
  return problem(
    `${path}: is a ${kind} key, not a secret: give a key pair in keys, as { privateKey, publicKey }.`,
  );
}

/** PEM, JWK, OpenSSH and DER, or any of these encoded in base64 once more. */
function isKeyPair(bytes: Buffer): boolean {
  return [bytes, Buffer.from(bytes.toString(), 'base64')].some(
    (material) =>
      /---- ?BEGIN |"kty"|"x5c"|^\s*(sk-)?(ssh|ecdsa)-/.test(material.toString()) ||
      isCertificate(material) ||
      (['spki', 'pkcs1', 'pkcs8'] as const).some((type) => isDer(material, type)),
  );
}

/** Also as `x5c` has it (RFC 7517 section 4.7). Certificates are public. */
function isCertificate(material: Buffer): boolean {
  try {
    return new X509Certificate(material).publicKey !== undefined;
  } catch {
    return false;
  }
}

function isDer(key: Buffer, type: 'spki' | 'pkcs1' | 'pkcs8'): boolean {
  let read: KeyObject | undefined;
  try {
    if (type === 'pkcs8') read = createPrivateKey({ key, format: 'der', type });
    else read = createPublicKey({ key, format: 'der', type });
  } catch {
    // Not DER, and so no key.
  }
  return read !== undefined;
}

function readPair({ privateKey, publicKey }: KeyOptions, path: string): Material {
  const signWith = privateKey === undefined ? undefined : parse(privateKey, 'private', path);
  const verifyWith =
    publicKey === undefined ? createPublicKey(signWith!) : parse(publicKey, 'public', path);
  if (signWith === undefined) return { verifyWith };
  if (createPublicKey(signWith).equals(verifyWith)) return { signWith, verifyWith };
  throw problem(
    `${path}: publicKey does not belong to privateKey: leave publicKey out and it is derived.`,
  );
}

function parse(material: KeyMaterial, type: 'private' | 'public', path: string): KeyObject {
  const read =
    material instanceof KeyObject
      ? { key: material, kind: material.type }
      : parseText(material, type);
  if (read === undefined) {
    throw problem(
      `${path}.${type}Key: cannot be read as a ${type} key: give PEM text, and mind that line breaks survive the environment variable.`,
    );
  }
  if (read.kind === type) return read.key;
  throw problem(`${path}.${type}Key: is a ${read.kind} key: give the ${type} one.`);
}

interface ParsedKey {
  readonly key: KeyObject;
  /** Of what was given: createPublicKey() takes the public half of a private key, and giving that is a mistake. */
  readonly kind: KeyObject['type'];
}

/** `undefined`: it is no such key. The cause could quote it, and stays out of the message. */
function parseText(text: string | Buffer, type: 'private' | 'public'): ParsedKey | undefined {
  try {
    const key = type === 'private' ? createPrivateKey(text) : createPublicKey(text);
    const isPrivate = text.toString().includes('PRIVATE KEY-----');
    return { key, kind: isPrivate ? 'private' : key.type };
  } catch {
    return undefined;
  }
}

/**
 * An id for a key that names none, the same on every node. For a secret it is a MAC under that secret, which reveals
 * no more about it than any token does.
 */
function fingerprint(key: KeyObject): string {
  const digest =
    key.type === 'secret'
      ? createHmac('sha256', key).update('nestjs-token-invalidation kid')
      : createHash('sha256').update(key.export({ type: 'spki', format: 'der' }));
  return digest.digest('base64url').slice(0, 16);
}
