import { describe, expect, it } from 'vitest';
import type { RefusalReason } from '../rule/refusal.js';
import { challenge, describeReason } from './challenge.js';

const INVALID_TOKEN: [RefusalReason, string][] = [
  ['token_invalid', 'The access token is not valid'],
  ['claims_invalid', 'The access token is not valid'],
  ['issued_in_future', 'The access token was issued in the future'],
  ['not_yet_valid', 'The access token is not valid yet'],
  ['token_expired', 'The access token has expired'],
  ['user_unknown', 'The user of the access token does not exist'],
  ['user_inactive', 'The user of the access token is not active'],
  ['version_stale', 'The access token has been revoked'],
  ['version_ahead', 'The access token has been revoked'],
  ['password_changed', 'The password was changed after the access token was issued'],
  ['logged_out_everywhere', 'The user was logged out after the access token was issued'],
  ['everyone_logged_out', 'Everyone was logged out after the access token was issued'],
  ['session_ended', 'The session was ended'],
  ['session_expired', 'The session has expired'],
  ['session_idle', 'The session was unused for too long'],
  ['token_revoked', 'The access token has been revoked'],
  ['refresh_invalid', 'The refresh token is not valid'],
  [
    'refresh_reused',
    'The refresh token was used again after it had been replaced; the session was ended',
  ],
  ['session_ahead', 'The session is not known any more'],
];
const REASONS: RefusalReason[] = [
  'token_missing',
  ...INVALID_TOKEN.map(([reason]) => reason),
  'reauthentication_required',
];

describe('challenge', () => {
  it('names no error when the request carried no token (RFC 6750 section 3.1)', () => {
    expect(challenge('token_missing')).toBe('Bearer');
    expect(challenge('token_missing', 600)).toBe('Bearer');
  });

  it.each(INVALID_TOKEN)('of %s is invalid_token (RFC 6750 section 3.1)', (reason, description) => {
    const header = `Bearer error="invalid_token", error_description="${description}"`;
    expect(challenge(reason)).toBe(header);
    expect(challenge(reason, 600)).toBe(header);
    expect(describeReason(reason)).toBe(description);
  });

  it('asks for a more recent login, and says how recent (RFC 9470 section 3)', () => {
    expect(challenge('reauthentication_required', 600)).toBe(
      'Bearer error="insufficient_user_authentication", error_description="A more recent login is required", max_age="600"',
    );
    expect(challenge('reauthentication_required', 0)).toContain(', max_age="0"');
    expect(challenge('reauthentication_required')).toBe(
      'Bearer error="insufficient_user_authentication", error_description="A more recent login is required"',
    );
  });

  it.each(REASONS)('of %s has only characters that a quoted value may have', (reason) => {
    // RFC 6750 section 3: neither quotes nor backslashes, nothing outside of ASCII.
    expect(describeReason(reason)).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
    expect(challenge(reason, 600)).toMatch(/^Bearer( \w+="[^"\\]*"(, \w+="[^"\\]*")*)?$/);
  });
});
