import { randomUUID } from 'node:crypto';
import { sign } from 'jws';
import { ACCESS_TOKEN_TYPE, type KeySet } from '../keys/key-set.js';
import type { TokenClaims } from '../rule/claims.js';
import { isFarAhead } from '../state/far-ahead.js';
import type { TokenStateStore } from '../state/token-state.store.js';
import type { Clock } from './clock.js';

/** Claims that only the library may set. */
export const RESERVED = [
  'sub',
  'realm',
  'ver',
  'sid',
  'gen',
  'everyone_ver',
  'iat',
  'exp',
  'nbf',
  'jti',
  'auth_time',
  'iss',
  'aud',
] as const;

/** What the signer works with. */
export interface SignerParts {
  readonly keys: KeySet;
  readonly store: Pick<TokenStateStore, 'realm'>;
  readonly clock: Clock;
  readonly issuer?: string;
  readonly audience?: string | string[];
}

/** What a token says of its user, its session and its times. */
export interface SignedContent {
  readonly sub: string;
  readonly ver: number;
  readonly iat: number;
  readonly exp: number;
  /** `undefined`: nobody knows when the user entered credentials. */
  readonly auth_time: number | undefined;
  readonly sid?: string;
  readonly gen?: number;
  readonly everyone_ver?: number;
}

/** Writes access tokens: RFC 9068 for `typ`, RFC 7519 for the claims. */
export class TokenSigner {
  constructor(private readonly parts: SignerParts) {}

  /**
   * The database's clock may be ahead of this node's; a new token must not look older than the cutoffs it follows. It
   * does not follow one that a wrong clock has left: the token is refused either way, but only after a read, which
   * repairs the cutoff.
   */
  issuedAt(...earliest: (Date | null)[]): number {
    const now = this.parts.clock.now();
    const followed = earliest.filter((cutoff) => !isFarAhead(cutoff, now));
    // A cutoff that is null counts as the epoch.
    return Math.floor(Math.max(now, ...followed.map(Number)) / 1000);
  }

  /** @throws TypeError when a claim of the application is reserved */
  sign(content: SignedContent, claims?: object): string {
    const { algorithm, kid, signWith } = this.parts.keys.current;
    const { issuer, audience } = this.parts;
    const payload = {
      ...withoutReserved(claims),
      ...content,
      realm: this.parts.store.realm(),
      jti: randomUUID(),
      // JSON leaves out what is undefined.
      iss: issuer,
      aud: audience,
    };
    return sign({
      header: { alg: algorithm, typ: ACCESS_TOKEN_TYPE, kid },
      payload,
      // jws passes a KeyObject through; its types do not say so.
      secret: signWith as never,
    });
  }
}

export function isReserved(name: string): boolean {
  return (RESERVED as readonly string[]).includes(name);
}

/**
 * Names that every object inherits cannot be claims: where the claim is missing, readers would find the inherited
 * member.
 */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** What the application added to the claims of a token. */
export function addedClaims(claims: TokenClaims): object {
  const added = Object.entries(claims).filter(([name]) => !isReserved(name) && !isInherited(name));
  return Object.fromEntries(added);
}

function withoutReserved(claims: object | undefined): object {
  const names = Object.keys(claims ?? {});
  reject(names.filter(isReserved), 'are set by TokenIssuer. Leave them out.');
  reject(names.filter(isInherited), 'clash with built-in object properties. Rename them.');
  return { ...claims };
}

function reject(names: string[], why: string): void {
  if (names.length > 0) throw new TypeError(`The claims ${names.join(', ')} ${why}`);
}
