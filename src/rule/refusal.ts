/**
 * Why a token is refused. The union is closed and its members are stable: clients and dashboards may rely on them.
 */
export type RefusalReason =
  /** The request carries no token. */
  | 'token_missing'
  /** Not one of our tokens: malformed, wrong signature, algorithm, key id, `typ`, issuer, audience or realm. */
  | 'token_invalid'
  /** The signature is ours, but a claim that the rule needs is missing or malformed. */
  | 'claims_invalid'
  /** `iat` is further ahead than the clock tolerance. */
  | 'issued_in_future'
  /** `nbf` is further ahead than the clock tolerance (RFC 7519 section 4.1.5). */
  | 'not_yet_valid'
  /** `exp` has passed (RFC 7519 section 4.1.4). */
  | 'token_expired'
  /** No user has this subject. */
  | 'user_unknown'
  /** The application says that the user is not active, or the row is soft-deleted. */
  | 'user_inactive'
  /** The user's tokens were invalidated after this one was issued. */
  | 'version_stale'
  /** `ver` is above the user's: the database was restored from a backup. */
  | 'version_ahead'
  /** The password changed after the token was issued. */
  | 'password_changed'
  /** The user was logged out everywhere after the token was issued. */
  | 'logged_out_everywhere'
  /** Everyone was logged out after the token was issued. */
  | 'everyone_logged_out'
  /** The session of the token was ended, or there is none. */
  | 'session_ended'
  /** The absolute end of the session has passed. */
  | 'session_expired'
  /** The session was unused for too long. */
  | 'session_idle'
  /** This very token was revoked. */
  | 'token_revoked'
  /** Not a refresh token of ours, or not one of this session. */
  | 'refresh_invalid'
  /** A refresh token that was replaced long ago: somebody has a copy. Its session was ended. */
  | 'refresh_reused'
  /** A refresh token from a later time than the database, which was restored from a backup. Its session was ended. */
  | 'session_ahead'
  /** The route asks for a recent login, and this one is older (RFC 9470). */
  | 'reauthentication_required';

/** A token that is refused, and why. A value, not an exception: only the edge of an application throws. */
export interface Refusal {
  readonly accepted: false;
  readonly reason: RefusalReason;
  /** For the developer who reads the log, never for the client. Contains no part of the token but header fields. */
  readonly detail?: string;
  /** The token looks like one that something other than `TokenIssuer` signed. */
  readonly hint?: 'not_issued_here';
}

export function refusal(
  reason: RefusalReason,
  more: Pick<Refusal, 'detail' | 'hint'> = {},
): Refusal {
  return { accepted: false, reason, ...more };
}

/** Whether something is a refusal: what Passport hands on as `info`, say. */
export function isRefusal(value: unknown): value is Refusal {
  return (
    typeof value === 'object' && value !== null && 'accepted' in value && value.accepted === false
  );
}
