import { refusal, type Refusal } from './refusal.js';

/**
 * The claims of a token whose signature and shape have been checked (RFC 7519 section 4.1). Times are in seconds since
 * the epoch.
 */
export interface TokenClaims {
  /** Subject: the user's id, as text. */
  readonly sub: string;
  /** When the token was issued. */
  readonly iat: number;
  /** When it expires. */
  readonly exp: number;
  /** The user's token version at issue. Absent only in tokens of the legacy window. */
  readonly ver?: number;
  /** Not to be accepted before this time. */
  readonly nbf?: number;
  /** When the user last entered credentials (OpenID Connect Core section 2). */
  readonly auth_time?: number;
  /** Which users the subject is one of: the realm of their store. Absent only in tokens of the legacy window. */
  readonly realm?: string;
  /** The token's unique id. */
  readonly jti?: string;
  /** The session: a UUID in lower case (OpenID Connect Front-Channel Logout 1.0 section 3). Absent: none. */
  readonly sid?: string;
  /** The generation of the session's refresh token at issue. Present with `sid`. */
  readonly gen?: number;
  /** The version of everyone when the session started. Present with `sid`. */
  readonly everyone_ver?: number;
  readonly [claim: string]: unknown;
}

/** Which claims a payload must have besides those that each must have. */
export interface RequiredClaims {
  readonly version: boolean;
  /** Absent: sessions are off, and `sid` means nothing. */
  readonly session: 'optional' | 'required' | undefined;
  readonly tokenId: 'optional' | 'required' | undefined;
}

/** Why a payload cannot be judged; `undefined` when it can. */
export function refuseMalformed(payload: unknown, required: RequiredClaims): Refusal | undefined {
  const detail = shapeProblem(payload);
  if (detail !== undefined) return refusal('claims_invalid', { detail });
  const claims = payload as Partial<TokenClaims>;
  return (
    refuseVersion(claims.ver, required.version) ??
    refuseDetail(sessionProblem(claims, required.session)) ??
    refuseDetail(tokenIdProblem(claims.jti, required.tokenId))
  );
}

function refuseDetail(detail: string | undefined): Refusal | undefined {
  return detail === undefined ? undefined : refusal('claims_invalid', { detail });
}

function shapeProblem(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    return 'the payload is not a JSON object';
  }
  const { sub, iat, exp, nbf } = payload as Partial<Record<string, unknown>>;
  if (typeof sub !== 'string' || sub === '') return '"sub" is not a non-empty string';
  if (!Number.isFinite(iat)) return '"iat" is missing or not a number';
  if (!Number.isFinite(exp)) return '"exp" is missing or not a number';
  if (nbf !== undefined && !Number.isFinite(nbf)) return '"nbf" is not a number';
  return undefined;
}

function refuseVersion(version: unknown, required: boolean): Refusal | undefined {
  if (version === undefined) {
    return required
      ? refusal('claims_invalid', { detail: '"ver" is missing', hint: 'not_issued_here' })
      : undefined;
  }
  return isCount(version)
    ? undefined
    : refusal('claims_invalid', { detail: '"ver" is not a whole number from 0 up' });
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function sessionProblem(
  { sid, gen, everyone_ver }: Readonly<Record<string, unknown>>,
  asked: RequiredClaims['session'],
): string | undefined {
  if (asked === undefined) return undefined;
  if (sid === undefined) return asked === 'required' ? '"sid" is missing' : undefined;
  if (typeof sid !== 'string' || !UUID.test(sid)) return '"sid" is not a UUID in lower case';
  if (!isCount(gen)) return '"gen" is not a whole number from 0 up';
  return isCount(everyone_ver) ? undefined : '"everyone_ver" is not a whole number from 0 up';
}

/** PostgreSQL holds no NUL, and a lone surrogate would be sent as another character. */
function tokenIdProblem(jti: unknown, asked: RequiredClaims['tokenId']): string | undefined {
  if (asked === undefined) return undefined;
  if (jti === undefined) return asked === 'required' ? '"jti" is missing' : undefined;
  const isId = typeof jti === 'string' && /^[^\0]{1,255}$/.test(jti) && jti.isWellFormed();
  return isId ? undefined : '"jti" is not text of 1 to 255 characters';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
