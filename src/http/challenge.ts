import type { RefusalReason } from '../rule/refusal.js';

/** What the client reads for each reason. */
const DESCRIPTIONS: Readonly<Record<RefusalReason, string>> = {
  token_missing: 'The request carries no access token',
  token_invalid: 'The access token is not valid',
  claims_invalid: 'The access token is not valid',
  issued_in_future: 'The access token was issued in the future',
  not_yet_valid: 'The access token is not valid yet',
  token_expired: 'The access token has expired',
  user_unknown: 'The user of the access token does not exist',
  user_inactive: 'The user of the access token is not active',
  version_stale: 'The access token has been revoked',
  version_ahead: 'The access token has been revoked',
  password_changed: 'The password was changed after the access token was issued',
  logged_out_everywhere: 'The user was logged out after the access token was issued',
  everyone_logged_out: 'Everyone was logged out after the access token was issued',
  session_ended: 'The session was ended',
  session_expired: 'The session has expired',
  session_idle: 'The session was unused for too long',
  token_revoked: 'The access token has been revoked',
  refresh_invalid: 'The refresh token is not valid',
  refresh_reused:
    'The refresh token was used again after it had been replaced; the session was ended',
  session_ahead: 'The session is not known any more',
  reauthentication_required: 'A more recent login is required',
};

export function describeReason(reason: RefusalReason): string {
  return DESCRIPTIONS[reason];
}

/**
 * The value of `WWW-Authenticate` (RFC 6750 section 3): without an error code when the request carried no token,
 * `insufficient_user_authentication` with `max_age` when a more recent login is asked for (RFC 9470 section 3).
 */
export function challenge(reason: RefusalReason, maxAuthAgeSeconds?: number): string {
  if (reason === 'token_missing') return 'Bearer';
  const parameters = [
    `error="${reason === 'reauthentication_required' ? 'insufficient_user_authentication' : 'invalid_token'}"`,
    `error_description="${DESCRIPTIONS[reason]}"`,
  ];
  if (reason === 'reauthentication_required' && maxAuthAgeSeconds !== undefined) {
    parameters.push(`max_age="${Math.floor(maxAuthAgeSeconds)}"`);
  }
  return `Bearer ${parameters.join(', ')}`;
}
