import { claimsProblem, type TokenClaims } from './claims.js';
import { refusal, type Refusal, type RefusalReason } from './refusal.js';
import { wholeSecond, type TokenState } from './token-state.js';

/** What the application decided about tokens, once for all. */
export interface TokenPolicy {
  /** How far `iat` and `nbf` may lie ahead of this node's clock. */
  readonly clockToleranceSeconds: number;
  /** Until this instant a token without `ver` counts as version 0; absent: such a token is refused. */
  readonly legacyUntil?: Date;
  /** The route's own demand: how long ago the user may have entered credentials. */
  readonly maxAuthAgeSeconds?: number;
}

/** All that is known of the user at the moment of judging. */
export interface JudgedRecord {
  readonly state: TokenState;
  /** What the application says: false for a disabled or deleted user. */
  readonly active: boolean;
  /** The global cutoff; `null`: never. */
  readonly everyoneLoggedOutAt: Date | null;
}

/** Claims that passed as much of the rule as needs no user. */
export interface CheckedClaims {
  readonly accepted: true;
  readonly claims: TokenClaims;
}

/**
 * The rule: decides about verified claims, given the user's record or none. The first line that holds decides.
 *
 * Pure: no I/O, no exceptions, no clock of its own. `now` is in milliseconds since the epoch.
 *
 * Comparisons are written so that a value that cannot be compared refuses: `undefined < x` is false, and a check
 * that asks "is it older?" would let it in.
 */
export function judge(
  payload: unknown,
  record: JudgedRecord | undefined,
  policy: TokenPolicy,
  now: number,
): CheckedClaims | Refusal {
  const checked = judgeClaims(payload, policy, now);
  return checked.accepted ? (judgeRecord(checked.claims, record, policy, now) ?? checked) : checked;
}

/** The part of the rule that needs no user, so that a token which can never pass costs no read. */
export function judgeClaims(
  payload: unknown,
  policy: TokenPolicy,
  now: number,
): CheckedClaims | Refusal {
  const legacyOpen = policy.legacyUntil !== undefined && now < policy.legacyUntil.getTime();
  const problem = claimsProblem(payload, !legacyOpen);
  if (problem !== undefined) return refusal('claims_invalid', problem);

  const claims = payload as TokenClaims;
  const latest = now / 1000 + policy.clockToleranceSeconds;
  if (!(claims.iat <= latest)) return refusal('issued_in_future');
  if (claims.nbf !== undefined && !(claims.nbf <= latest)) return refusal('not_yet_valid');
  if (!(claims.exp > now / 1000)) return refusal('token_expired');
  return { accepted: true, claims };
}

/** The part of the rule that needs the user. `undefined`: nothing speaks against the token. */
export function judgeRecord(
  claims: TokenClaims,
  record: JudgedRecord | undefined,
  policy: TokenPolicy,
  now: number,
): Refusal | undefined {
  if (record === undefined) return refusal('user_unknown');
  if (!record.active) return refusal('user_inactive');

  const reason =
    judgeVersion(claims, record.state) ??
    judgeCutoffs(claims, record) ??
    judgeLogin(claims, policy, now);
  return reason && refusal(reason);
}

function judgeVersion(claims: TokenClaims, state: TokenState): RefusalReason | undefined {
  const version = claims.ver ?? 0;
  if (!(version >= state.tokenVersion)) return nameOfStaleness(claims.iat, state);
  if (!(version <= state.tokenVersion)) return 'version_ahead';
  return undefined;
}

/** A stale version says that the token is dead; the newest cutoff that can have killed it says why. */
function nameOfStaleness(iat: number, state: TokenState): RefusalReason {
  const password = killingInstant(state.passwordChangedAt, iat);
  const logout = killingInstant(state.logoutAllAt, iat);
  if (password === undefined && logout === undefined) return 'version_stale';
  return (password ?? -Infinity) > (logout ?? -Infinity)
    ? 'password_changed'
    : 'logged_out_everywhere';
}

function killingInstant(cutoff: Date | null, iat: number): number | undefined {
  return cutoff !== null && wholeSecond(cutoff) >= Math.floor(iat) ? Number(cutoff) : undefined;
}

/**
 * `iat` has whole seconds and the cutoffs milliseconds. Within the second of a user's cutoff the version has
 * decided already, exactly, because version and cutoff move in one statement. A token without a version, and the
 * global cutoff, have nothing but the second: there the second of the cutoff itself is refused too.
 */
function judgeCutoffs(claims: TokenClaims, record: JudgedRecord): RefusalReason | undefined {
  const cutoffs = [record.state.passwordChangedAt, record.state.logoutAllAt];
  const survives = claims.ver === undefined ? isAfterSecondOf : isNotBeforeSecondOf;
  if (!cutoffs.every((cutoff) => survives(claims.iat, cutoff))) {
    return nameOfStaleness(claims.iat, record.state);
  }
  return isAfterSecondOf(claims.iat, record.everyoneLoggedOutAt)
    ? undefined
    : 'everyone_logged_out';
}

function isNotBeforeSecondOf(iat: number, cutoff: Date | null): boolean {
  return cutoff === null || iat >= wholeSecond(cutoff);
}

function isAfterSecondOf(iat: number, cutoff: Date | null): boolean {
  return cutoff === null || Math.floor(iat) > wholeSecond(cutoff);
}

/** The last line of the rule: does the token's login satisfy the route? */
export function judgeLogin(
  claims: TokenClaims,
  policy: TokenPolicy,
  now: number,
): RefusalReason | undefined {
  if (policy.maxAuthAgeSeconds === undefined) return undefined;
  // An auth_time ahead of every clock would stay "recent" for ever.
  const age = Math.floor(now / 1000) - Number(claims.auth_time);
  const recent =
    Number.isFinite(claims.auth_time) &&
    age <= policy.maxAuthAgeSeconds &&
    age >= -policy.clockToleranceSeconds;
  return recent ? undefined : 'reauthentication_required';
}
