import { TokenRefusedException } from '../../src/http/http-answers.js';
import type { RefusalReason } from '../../src/rule/refusal.js';
import { BOOT_PROBLEMS } from './boot-problems.js';
import { classOf, unionOf } from './source-comments.js';
import { table } from './table.js';

/** What to do about a refusal. The compiler checks that no reason is left out. */
const FIXES: Readonly<Record<RefusalReason, string>> = {
  token_missing:
    'Send `Authorization: Bearer <token>`, or set `jwtFromRequest`. Open the route with `@Public()` or `@OptionalAuth()`.',
  token_invalid:
    'Issue tokens with `TokenIssuer`, not with `JwtService`. Check that all nodes have the same keys, `issuer` and `audience`. The detail is in the `refused` event.',
  claims_invalid:
    'Issue tokens with `TokenIssuer`. For tokens from before this library set `legacyUntil`, with `legacySubject` or `legacyMaxAge` where they lack `sub` or `exp`. The detail is in the `refused` event.',
  issued_in_future: 'Run NTP on all nodes, or raise `clockTolerance`.',
  not_yet_valid: 'Wait until then, or correct the clocks.',
  token_expired: 'The client logs in again, or refreshes its token.',
  user_unknown: 'The user was deleted, or the token belongs to another database.',
  user_inactive:
    'Activate the user, restore the row, or check what `isActive` returns: only `true` accepts.',
  version_stale: 'The user logs in again.',
  version_ahead:
    'The user logs in again. See [a restored backup](operations.md#a-restored-backup).',
  password_changed: 'The user logs in with the new password.',
  logged_out_everywhere: 'The user logs in again.',
  everyone_logged_out: 'The user logs in again.',
  session_ended:
    'The user logs in again. The detail in the `refused` event says what ended the session.',
  session_expired: 'The user logs in again, or raise `absolute`.',
  session_idle: 'The user logs in again, or raise `idle`.',
  token_revoked: 'The client asks for another token.',
  refresh_invalid:
    'The user logs in again. Check that all nodes have the same keys for refresh tokens.',
  refresh_reused:
    'The user logs in again, and learns that somebody had a copy of the login. Processes that share no storage need a session each: see [sessions](sessions.md#what-a-client-does).',
  session_ahead:
    'The user logs in again. See [a restored backup](operations.md#a-restored-backup).',
  reauthentication_required:
    'The client asks for the password again, and gets a token with a new `auth_time`.',
};

const ERRORS: readonly (readonly [path: string, name: string, fix: string])[] = [
  [
    'src/options/config.error.ts',
    'TokenInvalidationConfigError',
    'Correct what each line of the message names. The kinds are [below](#problems-at-boot).',
  ],
  [
    'src/state/token-state-unavailable.error.ts',
    'TokenStateUnavailableError',
    'Its `cause` says what the database did. Repeat the call: a write whose answer was lost may have happened, and a second one does no harm.',
  ],
  [
    'src/state/token-state-unchanged.error.ts',
    'TokenStateUnchangedError',
    'Drop the `BEFORE` trigger that sets columns back, or returns `OLD` or `NULL`; or have it leave these tables alone.',
  ],
  [
    'src/invalidation/invalidation.error.ts',
    'UserUnknownError',
    'Give the id of a user, as a number or as text.',
  ],
  [
    'src/invalidation/invalidation.error.ts',
    'PasswordConflictError',
    'Read the hash again, check the current password against it, and repeat.',
  ],
  [
    'src/invalidation/invalidation.error.ts',
    'VersionConflictError',
    'Nothing to do: other tokens than the one that asked are valid now.',
  ],
  [
    'src/sessions/session.error.ts',
    'TooManySessionsError',
    'The user ends another session. Or set `atCap` to `evict`.',
  ],
  [
    'src/http/http-answers.ts',
    'TokenRefusedException',
    'What the guard throws. A filter of yours may change the body; its `reason` is the code.',
  ],
];

/** docs/errors.md: the reasons and the classes from their comments, the rest from here. */
export function errorsPage(): string {
  return `# Errors

This page is generated from the source: \`npm run docs\`.

## How a token is judged

One pure rule in two halves, before and after the user is read: [src/rule/rule.ts](../src/rule/rule.ts). The first line that
applies decides.

${table(['refused when', '`errorCode`'], RULE)}

## Refusals

A refusal is a 401. \`WWW-Authenticate\` carries the challenge of RFC 6750, or of RFC 9470 for the last one. The body is

\`\`\`json
${JSON.stringify(new TokenRefusedException('password_changed').getResponse(), null, 2)}
\`\`\`

The codes are stable: clients and dashboards may rely on them.

${table(
  ['`errorCode`', 'cause', 'fix'],
  unionOf('src/rule/refusal.ts', 'RefusalReason').map(({ name, text }) => [
    `\`${name}\``,
    text,
    FIXES[name as RefusalReason],
  ]),
)}

## 503

\`token_state_unavailable\` with \`Retry-After\`: the user could not be read in time, or an invalidation could not be written.
Nothing is known about the token. The log has one line for each outage, with the cause.

## Errors that code gets

${table(
  ['class', 'cause', 'fix'],
  ERRORS.map(([path, name, fix]) => [`\`${name}\``, classOf(path, name).text, fix]),
)}

A \`TypeError\` is a mistake in the call, and its message says what to do: an undefined user id, a record without its id or
token state, a reserved claim, a receipt and a token of different users, something that is no transaction, something that is
no duration.

## Problems at boot

\`TokenInvalidationConfigError\` lists its problems all at once. Each line names the option, and says what to do. The last two
below are thrown alone.

${table(
  ['message', 'cause', 'fix'],
  BOOT_PROBLEMS.map(({ message, cause, fix }) => [`\`${message}\``, cause, fix]),
)}
`;
}

const RULE: readonly (readonly string[])[] = [
  ['the request carries no token', '`token_missing`'],
  ['signature, algorithm, `kid`, `typ`, issuer or audience are not ours', '`token_invalid`'],
  [
    '`sub` is not a non-empty string; `iat` or `exp` is not a number; `ver` is not a whole number from 0; with sessions, `sid`, `gen` or `everyone_ver` is malformed; with revoked tokens, `jti` is missing or malformed',
    '`claims_invalid`',
  ],
  [
    "`iat` or `nbf` is ahead of this node's clock by more than `clockTolerance`",
    '`issued_in_future`, `not_yet_valid`',
  ],
  ['`exp` has passed', '`token_expired`'],
  ['there is no such user', '`user_unknown`'],
  ['the row is soft-deleted, or your `isActive` does not return true', '`user_inactive`'],
  [
    "`ver` is below the user's version",
    '`password_changed`, `logged_out_everywhere`, or else `version_stale`',
  ],
  ['`ver` is above it', '`version_ahead`'],
  ['`iat` is before the second of a cutoff', '`password_changed`, `logged_out_everywhere`'],
  [
    'everyone was logged out: without `sid`, `iat` is not after that second; with it, `everyone_ver` is below the version of everyone',
    '`everyone_logged_out`',
  ],
  [
    "`sid` names no session of this user or an ended one; its absolute end, or its longest pause, has passed by the database's clock",
    '`session_ended`, `session_expired`, `session_idle`',
  ],
  ['this very token was revoked by its `jti`', '`token_revoked`'],
  ['the route asks for a recent login and `auth_time` is older', '`reauthentication_required`'],
];
