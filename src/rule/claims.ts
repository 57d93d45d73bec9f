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
  readonly [claim: string]: unknown;
}

/** Why a payload cannot be judged; `undefined` when it can. */
export function refuseMalformed(payload: unknown, versionRequired: boolean): Refusal | undefined {
  const detail = shapeProblem(payload);
  if (detail !== undefined) return refusal('claims_invalid', { detail });
  return refuseVersion((payload as Partial<TokenClaims>).ver, versionRequired);
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
  return Number.isSafeInteger(version) && (version as number) >= 0
    ? undefined
    : refusal('claims_invalid', { detail: '"ver" is not a whole number from 0 up' });
}
