import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { KeyOptions } from 'nestjs-token-invalidation';
import { SECRET } from '../create-app.js';

export const HOSTILE_ALGORITHMS = ['HS256', 'RS256', 'PS256', 'ES256'] as const;
export type HostileAlgorithm = (typeof HOSTILE_ALGORITHMS)[number];

/** An application's key, and another one of its kind that an attacker has. */
export interface KeyUnderAttack {
  /** For the module. */
  readonly options: KeyOptions;
  readonly header: { readonly alg: HostileAlgorithm; readonly typ: 'at+jwt'; readonly kid: 'key' };
  /** What only the application can do. */
  sign(input: string): Buffer;
  /** What the attacker can do with a key of the same kind. */
  signAsAttacker(input: string): Buffer;
  /** All spellings of what the world knows of the key: HMAC secrets to code that confuses the two. */
  readonly known: readonly (string | Buffer)[];
  /** The attacker's own key, as a header would bring it along. */
  readonly attackersJwk: object;
}

export function keyUnderAttack(alg: HostileAlgorithm): KeyUnderAttack {
  const header = { alg, typ: 'at+jwt', kid: 'key' } as const;
  if (alg === 'HS256') return { header, ...secretUnderAttack() };
  const own = keyPair(alg);
  const attackers = keyPair(alg);
  return {
    header,
    options: { privateKey: own.privateKey, kid: 'key', algorithm: alg },
    sign: (input) => signWith(alg, own.privateKey, input),
    signAsAttacker: (input) => signWith(alg, attackers.privateKey, input),
    known: spellings(own.publicKey),
    attackersJwk: attackers.publicKey.export({ format: 'jwk' }),
  };
}

function secretUnderAttack(): Omit<KeyUnderAttack, 'header'> {
  const attackers = `not ${SECRET}`;
  return {
    options: { secret: SECRET, kid: 'key' },
    sign: hmac(SECRET),
    signAsAttacker: hmac(attackers),
    known: ['', '\0', 'key', 'secret', 'null', 'undefined', Buffer.alloc(32)],
    attackersJwk: { kty: 'oct', k: Buffer.from(attackers).toString('base64url') },
  };
}

function hmac(secret: string): (input: string) => Buffer {
  return (input) => createHmac('sha256', secret).update(input).digest();
}

function keyPair(alg: HostileAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  return alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function signWith(alg: HostileAlgorithm, key: KeyObject, input: string): Buffer {
  const options = {
    ES256: { key, dsaEncoding: 'ieee-p1363' as const },
    PS256: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  };
  const chosen = alg === 'ES256' || alg === 'PS256' ? options[alg] : key;
  return sign('sha256', Buffer.from(input), chosen);
}

function spellings(publicKey: KeyObject): (string | Buffer)[] {
  const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const jwk = publicKey.export({ format: 'jwk' });
  const body = pem.split('\n').slice(1, -2);
  const pkcs1 =
    publicKey.asymmetricKeyType === 'rsa'
      ? [
          publicKey.export({ format: 'pem', type: 'pkcs1' }),
          publicKey.export({ format: 'der', type: 'pkcs1' }),
        ]
      : [];
  const texts = [pem, pem.trim(), pem.replaceAll('\n', '\r\n'), pem.replaceAll('\n', '')];
  const values = Object.values(jwk).map(String);
  return [...texts, body.join('\n'), body.join(''), der, ...pkcs1, JSON.stringify(jwk), ...values];
}
