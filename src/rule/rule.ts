import { refuseMalformed, type RequiredClaims, type TokenClaims } from './claims.js';
import { type LegacyPolicy, readLegacyPayload } from './legacy-claims.js';
import { refusal, type Refusal, type RefusalReason } from './refusal.js';
import type { SessionState } from './session-state.js';
import { type EveryoneState, type TokenState, wholeSecond } from './token-state.js';

/** What the application decided about tokens, for all routes. */
export interface TokenPolicy extends LegacyPolicy {
  /** How far `iat` and `nbf` may be ahead of this node's clock. */
  readonly clockToleranceSeconds: number;
  /** Whose tokens these are: `realm` of every token that is accepted. */
  readonly realm?: string;
  /** What becomes of tokens without `sid`. Absent: sessions are off, and `sid` means nothing. */
  readonly tokensWithoutSession?: 'accept' | 'refuse' | undefined;
  /** Whether single tokens can be revoked, so that every token needs a `jti`. */
  readonly revokedTokens?: boolean | undefined;
  /** Until this instant a token may lack `ver`, which counts as version 0, `realm` and `jti`; absent: such a token is refused. */
  readonly legacyUntil?: Date;
}

/** What a token is judged by, apart from the user: the policy, the time, and what the route demands. */
export interface Circumstances {
  readonly policy: TokenPolicy;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long ago the user may have entered credentials; absent: any time. */
  readonly maxAuthAgeSeconds?: number | undefined;
}

/** All that is known of the user when the token is judged. */
export interface JudgedRecord {
  readonly state: TokenState;
  /** False for a user who is disabled or deleted. */
  readonly active: boolean;
  readonly everyone: EveryoneState;
  /** The session that `sid` names; `null`: this user has none with that id. */
  readonly session?: SessionState | null | undefined;
  /** Whether this very token was revoked. */
  readonly tokenRevoked?: boolean | undefined;
}

/** Claims that passed the first half of the rule. */
export interface CheckedClaims {
  readonly accepted: true;
  readonly claims: TokenClaims;
}

/** Whether tokens from before this library are still accepted. */
export function isLegacyWindowOpen({ legacyUntil }: TokenPolicy, now: number): boolean {
  return legacyUntil !== undefined && now < legacyUntil.getTime();
}

/**
 * The first half of the rule: judges verified claims before the user is read, so that a token which can never pass
 * costs no read. The first line that holds decides.
 *
 * Pure: no I/O, no exceptions, no clock. Comparisons are written so that a value that cannot be compared refuses:
 * `undefined < x` is false, and a check that asks "is it older?" would accept it.
 */
export function judgeClaims(
  given: unknown,
  { policy, now }: Circumstances,
): CheckedClaims | Refusal {
  const legacy = isLegacyWindowOpen(policy, now);
  const payload = legacy ? readLegacyPayload(given, policy) : given;
  const malformed = refuseMalformed(payload, requiredClaims(policy, legacy));
  if (malformed !== undefined) return malformed;

  const claims = payload as TokenClaims;
  if (claims.realm !== policy.realm && !(legacy && claims.realm === undefined)) {
    return refusal('token_invalid', { detail: '"realm" names other users' });
  }
  const latest = now / 1000 + policy.clockToleranceSeconds;
  if (!(claims.iat <= latest)) return refusal('issued_in_future');
  if (claims.nbf !== undefined && !(claims.nbf <= latest)) return refusal('not_yet_valid');
  if (!(claims.exp > now / 1000)) return refusal('token_expired');
  return { accepted: true, claims };
}

function requiredClaims(
  { tokensWithoutSession, revokedTokens }: TokenPolicy,
  legacy: boolean,
): RequiredClaims {
  return {
    version: !legacy,
    session: tokensWithoutSession && (tokensWithoutSession === 'refuse' ? 'required' : 'optional'),
    tokenId: revokedTokens ? (legacy ? 'optional' : 'required') : undefined,
  };
}

/**
 * The second half of the rule: judges the claims against the user's record, or against none. `undefined`: nothing
 * speaks against the token. Pure, like the first half.
 */
export function judgeRecord(
  claims: TokenClaims,
  record: JudgedRecord | undefined,
  circumstances: Circumstances,
): Refusal | undefined {
  if (record === undefined) return refusal('user_unknown');
  if (!record.active) return refusal('user_inactive');

  const inSession = hasSession(claims, circumstances.policy);
  const reason =
    judgeVersion(claims, record.state) ??
    judgeCutoffs(claims, record) ??
    (inSession ? judgeEveryoneVersion(claims, record) : judgeEveryoneCutoff(claims, record));
  if (reason !== undefined) return refusal(reason);
  return (
    (inSession ? judgeSession(record.session) : undefined) ??
    judgeToken(claims, record, circumstances.policy) ??
    judgeLogin(claims, circumstances)
  );
}

/** Whether a session has to be read, and speaks for or against the token. */
export function hasSession({ sid }: TokenClaims, { tokensWithoutSession }: TokenPolicy): boolean {
  return tokensWithoutSession !== undefined && sid !== undefined;
}

/** What a version says against claims that were made under another one. */
export function judgeVersion(
  claims: Pick<TokenClaims, 'ver' | 'iat'>,
  state: TokenState,
): RefusalReason | undefined {
  const version = claims.ver ?? 0;
  if (!(version >= state.tokenVersion)) return reasonForStaleness(claims.iat, state);
  if (!(version <= state.tokenVersion)) return 'version_ahead';
  return undefined;
}

/** The version decides that a token is stale; the newest cutoff that applies to it says why. */
function reasonForStaleness(iat: number, state: TokenState): RefusalReason {
  const password = cutoffThatRefuses(state.passwordChangedAt, iat);
  const logout = cutoffThatRefuses(state.logoutAllAt, iat);
  if (password === undefined && logout === undefined) return 'version_stale';
  return (password ?? -Infinity) > (logout ?? -Infinity)
    ? 'password_changed'
    : 'logged_out_everywhere';
}

function cutoffThatRefuses(cutoff: Date | null, iat: number): number | undefined {
  return cutoff !== null && wholeSecond(cutoff) >= Math.floor(iat) ? Number(cutoff) : undefined;
}

/**
 * `iat` has whole seconds and the cutoffs have milliseconds. Within the second of a user's cutoff the version has
 * already decided, exactly, because version and cutoff move in one statement. A token without a version has only the
 * second: there the second of the cutoff itself is refused too.
 */
function judgeCutoffs(claims: TokenClaims, { state }: JudgedRecord): RefusalReason | undefined {
  const passes = claims.ver === undefined ? isAfterSecondOf : isNotBeforeSecondOf;
  return [state.passwordChangedAt, state.logoutAllAt].every((cutoff) => passes(claims.iat, cutoff))
    ? undefined
    : reasonForStaleness(claims.iat, state);
}

/** Without a session there is only the second of `iat`: that of the cutoff itself is refused too. */
function judgeEveryoneCutoff(
  { iat }: TokenClaims,
  { everyone }: JudgedRecord,
): RefusalReason | undefined {
  return isAfterSecondOf(iat, everyone.loggedOutAt) ? undefined : 'everyone_logged_out';
}

/** A counter, and so no clock decides. The claim is that of the session, and decides also where no session is read. */
function judgeEveryoneVersion(
  claims: TokenClaims,
  { everyone, session }: JudgedRecord,
): RefusalReason | undefined {
  const ofToken = Number(claims.everyone_ver);
  const ofSession = Number(session?.everyoneVersion ?? claims.everyone_ver);
  return ofToken >= everyone.version && ofSession >= everyone.version
    ? undefined
    : 'everyone_logged_out';
}

/** What a session says against its tokens. One that was not read speaks against them too. */
export function judgeSession(
  session: Partial<Pick<SessionState, 'endedReason' | 'isExpired' | 'isIdle'>> | null | undefined,
): Refusal | undefined {
  if (!session) return refusal('session_ended', { detail: 'this user has no such session' });
  const { endedReason, isExpired, isIdle } = session;
  if (endedReason !== null) {
    return refusal('session_ended', { detail: endedReason ?? 'nobody knows' });
  }
  if (isExpired !== false) return refusal('session_expired');
  return isIdle !== false ? refusal('session_idle') : undefined;
}

/** A token of the legacy window may have no id, and then cannot be revoked alone. */
function judgeToken(
  { jti }: TokenClaims,
  { tokenRevoked }: JudgedRecord,
  { revokedTokens }: TokenPolicy,
): Refusal | undefined {
  const mayBeRevoked = revokedTokens === true && jti !== undefined;
  return mayBeRevoked && tokenRevoked !== false ? refusal('token_revoked') : undefined;
}

function isNotBeforeSecondOf(iat: number, cutoff: Date | null): boolean {
  return cutoff === null || iat >= wholeSecond(cutoff);
}

function isAfterSecondOf(iat: number, cutoff: Date | null): boolean {
  return cutoff === null || Math.floor(iat) > wholeSecond(cutoff);
}

/** The last line of the rule: does the token's login satisfy the route? */
function judgeLogin(
  claims: TokenClaims,
  { policy, now, maxAuthAgeSeconds }: Circumstances,
): Refusal | undefined {
  if (maxAuthAgeSeconds === undefined) return undefined;
  // An auth_time ahead of every clock would stay "recent" for ever.
  const age = Math.floor(now / 1000) - Number(claims.auth_time);
  const recent =
    Number.isFinite(claims.auth_time) &&
    age <= maxAuthAgeSeconds &&
    age >= -policy.clockToleranceSeconds;
  return recent ? undefined : refusal('reauthentication_required');
}
