import type { KeyObject } from 'node:crypto';

/** What `jsonwebtoken` can sign and verify (RFC 7518 section 3.1), less `none`. */
export const ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;

/** The `alg` of a token: one of `ALGORITHMS`. */
export type Algorithm = (typeof ALGORITHMS)[number];

const CURVES: Partial<Record<Algorithm, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

/** The algorithm of a key that names none. */
export function defaultAlgorithm(key: KeyObject): Algorithm | undefined {
  if (key.type === 'secret') return 'HS256';
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  if (key.asymmetricKeyType === 'rsa-pss') {
    const hash = key.asymmetricKeyDetails!.hashAlgorithm ?? 'sha256';
    return ALGORITHMS.find((algorithm) => algorithm === hash.replace('sha', 'PS'));
  }
  const curve = key.asymmetricKeyDetails!.namedCurve;
  return ALGORITHMS.find((algorithm) => curve !== undefined && CURVES[algorithm] === curve);
}

/** What keeps the key from being used with the algorithm, and what to do; `undefined`: nothing. */
export function algorithmProblem(algorithm: string, key: KeyObject): string | undefined {
  if (!isAlgorithm(algorithm)) return unsupported(algorithm);
  if (key.type === 'secret') return secretProblem(algorithm);
  if (algorithm.startsWith('HS')) {
    return `${algorithm} takes a secret and was given a ${key.asymmetricKeyType} key: name an algorithm of that key, or give a secret.`;
  }
  return algorithm.startsWith('ES')
    ? ellipticCurveProblem(algorithm, key)
    : rsaProblem(algorithm, key);
}

function isAlgorithm(algorithm: string): algorithm is Algorithm {
  return (ALGORITHMS as readonly string[]).includes(algorithm);
}

function unsupported(algorithm: string): string {
  return `the algorithm ${JSON.stringify(algorithm)} is not one that jsonwebtoken can use: choose one of ${ALGORITHMS.join(', ')}.`;
}

function secretProblem(algorithm: Algorithm): string | undefined {
  return algorithm.startsWith('HS')
    ? undefined
    : `${algorithm} takes a key pair and was given a secret: give privateKey or publicKey, or use HS256.`;
}

function rsaProblem(algorithm: Algorithm, key: KeyObject): string | undefined {
  const type = key.asymmetricKeyType;
  if (type !== 'rsa' && !(type === 'rsa-pss' && algorithm.startsWith('PS'))) {
    return `${algorithm} does not fit a key of type ${type}: use ${defaultAlgorithm(key) ?? 'another key; jsonwebtoken cannot use this type'}.`;
  }
  return fitsPssParameters(algorithm, key)
    ? undefined
    : `${algorithm} does not fit the hash or the salt length that the RSA-PSS key prescribes: generate one without, or for ${algorithm}.`;
}

/** Why a key that fits the algorithm is too short for it, and what to do; `undefined`: it is not. */
export function weaknessOf(algorithm: Algorithm, key: KeyObject): string | undefined {
  if (key.type === 'secret') return shortSecret(algorithm, key.symmetricKeySize ?? 0);
  return algorithm.startsWith('ES')
    ? undefined
    : shortRsaKey(algorithm, key.asymmetricKeyDetails!.modulusLength ?? 0);
}

/** RFC 7518 section 3.2: an HMAC secret is at least as long as the hash. */
function shortSecret(algorithm: Algorithm, size: number): string | undefined {
  const needed = Number(algorithm.slice(2)) / 8;
  return size < needed
    ? `the secret has ${size} bytes and ${algorithm} needs at least ${needed} (RFC 7518 section 3.2): generate one with "openssl rand -base64 ${needed === 32 ? 48 : 96}".`
    : undefined;
}

/** RFC 7518 sections 3.3 and 3.5: RSA keys have at least 2048 bits. */
function shortRsaKey(algorithm: Algorithm, bits: number): string | undefined {
  return bits < 2048
    ? `the RSA key has ${bits} bits and ${algorithm} needs at least 2048 (RFC 7518 section 3.3): generate a new one with "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048".`
    : undefined;
}

/** A key of type rsa-pss may prescribe its hash, that of its mask and the least salt (RFC 4055 section 3.1); others cannot. */
function fitsPssParameters(algorithm: Algorithm, key: KeyObject): boolean {
  const bits = Number(algorithm.slice(2));
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = key.asymmetricKeyDetails!;
  return (
    (hashAlgorithm === undefined || hashAlgorithm === `sha${bits}`) &&
    mgf1HashAlgorithm === hashAlgorithm &&
    saltLength <= bits / 8
  );
}

/** RFC 7518 section 3.4: each ES algorithm has its own curve. */
function ellipticCurveProblem(algorithm: Algorithm, key: KeyObject): string | undefined {
  const curve = key.asymmetricKeyDetails!.namedCurve;
  return curve === CURVES[algorithm]
    ? undefined
    : `${algorithm} needs a key on the curve ${CURVES[algorithm]} and was given ${curve ? `one on ${curve}` : `a key of type ${key.asymmetricKeyType}`}: use ${defaultAlgorithm(key) ?? 'another key; jsonwebtoken cannot use this type'}.`;
}
