import { refusal, type Refusal } from '../rule/refusal.js';
import type { SigningKey } from './signing-key.js';
import { readHeader, type TokenHeader } from './token-header.js';

/** `typ` of an access token (RFC 9068 section 2.1). Media types compare without case (RFC 6838 section 4.2). */
export const ACCESS_TOKEN_TYPE = 'at+jwt';
const ACCESS_TOKEN_TYPES = new Set([ACCESS_TOKEN_TYPE, `application/${ACCESS_TOKEN_TYPE}`]);
const LEGACY_TYPES = new Set(['jwt', 'application/jwt', ...ACCESS_TOKEN_TYPES]);

/**
 * The application's keys: the first signs, any verifies. The `kid` of a token chooses the key and the key alone
 * decides about the algorithm, so that no header can (RFC 8725 section 3.1).
 */
export class KeySet {
  private readonly byId: ReadonlyMap<string, SigningKey>;

  constructor(private readonly keys: readonly SigningKey[]) {
    this.byId = new Map(keys.map((key) => [key.kid, key]));
  }

  /** The key that signs new tokens. */
  get current(): SigningKey {
    return this.keys[0]!;
  }

  /** The public halves, as a JWK Set lists them (RFC 7517 section 4); nothing of secrets, and of keys that are too short. */
  publicKeys(): object[] {
    return this.keys
      .filter(({ verifyWith, weakness }) => verifyWith.type === 'public' && weakness === undefined)
      .map(({ verifyWith, kid, algorithm: alg }) => {
        const jwk = verifyWith.export({ format: 'jwk' });
        return Object.assign(jwk, { kid, alg, use: 'sig' });
      });
  }

  /** The key to verify this token with, or why there can be none. Nothing is verified yet. */
  select(token: string, legacy: boolean): SigningKey | Refusal {
    const read = readHeader(token);
    if (!read.accepted) return read;

    const { header } = read;
    if (!isAccessTokenType(header.typ, legacy)) {
      return refusal('token_invalid', {
        detail: `"typ" is ${quote(header.typ)}, not "${ACCESS_TOKEN_TYPE}"`,
        hint: 'not_issued_here',
      });
    }
    const key = this.keyOf(header, legacy);
    if (key === undefined || (key.weakness !== undefined && !legacy)) {
      return refusal('token_invalid', { detail: `"kid" ${quote(header.kid)} is none of the keys` });
    }
    if (key.algorithm === header.alg) return key;
    const detail = `"alg" is ${quote(header.alg)}, the key has ${key.algorithm}`;
    return refusal('token_invalid', { detail });
  }

  /** Tokens from before this library carry no `kid`; the oldest key of their algorithm can have signed them. */
  private keyOf(header: TokenHeader, legacy: boolean): SigningKey | undefined {
    if (typeof header.kid === 'string') return this.byId.get(header.kid);
    return legacy && header.kid === undefined
      ? this.keys.findLast((key) => key.algorithm === header.alg)
      : undefined;
  }
}

/** A JWT from before this library may have no `typ` at all (RFC 7519 section 5.1). */
function isAccessTokenType(type: unknown, legacy: boolean): boolean {
  if (typeof type !== 'string') return legacy && type === undefined;
  return (legacy ? LEGACY_TYPES : ACCESS_TOKEN_TYPES).has(type.toLowerCase());
}

/** Lists and objects are only named: JSON.parse reads any depth, and JSON.stringify overflows the stack at some. */
function quote(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[…]' : '{…}';
  return JSON.stringify(value).slice(0, 80);
}
