import { FOREIGN_TOKEN } from './refusal.js';

/**
 * The claims of a token that has been verified and whose own shape has been checked (RFC 7519 section 4.1).
 * Times are in seconds since the epoch.
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
  /** The token's own id. */
  readonly jti?: string;
  readonly [claim: string]: unknown;
}

/** Why a payload cannot be judged, as text for the developer; `undefined` when it can. */
export function claimsProblem(payload: unknown, versionRequired: boolean): string | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    return 'the payload is not a JSON object';
  }
  const { sub, iat, exp, nbf, ver } = payload as Partial<Record<string, unknown>>;
  if (typeof sub !== 'string' || sub === '') return '"sub" is not a non-empty string';
  if (!Number.isFinite(iat)) return '"iat" is missing or not a number';
  if (!Number.isFinite(exp)) return '"exp" is missing or not a number';
  if (nbf !== undefined && !Number.isFinite(nbf)) return '"nbf" is not a number';
  return versionProblem(ver, versionRequired);
}

function versionProblem(ver: unknown, required: boolean): string | undefined {
  if (ver === undefined) {
    return required ? `"ver" is missing: ${FOREIGN_TOKEN}` : undefined;
  }
  return Number.isSafeInteger(ver) && (ver as number) >= 0
    ? undefined
    : '"ver" is not a whole number from 0 up';
}
