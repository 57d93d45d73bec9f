import type { AddressPolicy } from '../events/address.js';
import { durationRow, isFunction, isPlainObject, isText } from '../options/checks.js';
import type { Duration } from '../options/duration.js';
import { type OptionRow, option } from '../options/option-table.js';
import type { KeyMaterial } from '../keys/signing-key.js';
import type { ExtraClaims } from '../tokens/token-issuer.service.js';
import { PRESETS, type SessionPreset } from './presets.js';
import type { SessionView } from './session-view.js';

/** The claims that the application adds to the access tokens of a session. */
export type SessionClaims<User> = (
  user: User,
  session: SessionView,
) => ExtraClaims | Promise<ExtraClaims>;

/** Sessions: one login on one device each, with a rotating refresh token. */
export interface SessionsOptions {
  /** What becomes of access tokens without a session: `'accept'` while such tokens are still about, `'refuse'` afterwards. Default: `'accept'`. */
  tokensWithoutSession?: 'accept' | 'refuse' | undefined;
  /** `absolute` and `idle` by name: `'consumer'` (90 days, 30 days), or after NIST SP 800-63B-4 `'aal1'` (30 days, none), `'aal2'` (24 hours, 1 hour), `'aal3'` (12 hours, 15 minutes). Default: none. */
  preset?: SessionPreset | undefined;
  /** How long a login lasts at most; nothing prolongs it. Required, unless there is a `preset`. */
  absolute?: Duration | undefined;
  /** How long a session lasts without use; a refresh in the background is use. Longer than `expiresIn` + 2 x `grace` + 1 s. Default: that of the `preset`, otherwise none. */
  idle?: Duration | undefined;
  /** How long a replaced refresh token is still good once its successor was seen to be kept; up to 5 minutes. `0`: not at all. Default: `'60s'`. */
  grace?: Duration | undefined;
  /** How many live sessions a user may have; parallel logins may go over it for a moment. Default: any number. */
  maxSessions?: number | undefined;
  /** What a login beyond `maxSessions` does: `'evict'` ends the sessions that were not used for longest, `'refuse'` fails with `TooManySessionsError`. Default: `'evict'`. */
  atCap?: 'evict' | 'refuse' | undefined;
  /** What a reused refresh token does: `'end'` ends its session, `'refuse'` only refuses the token, and a thief who is ahead stays in. Default: `'end'`. */
  onReuse?: 'end' | 'refuse' | undefined;
  /** How long an ended session stays in the table. Default: `'1 day'`. */
  retention?: Duration | undefined;
  /** Secrets of at least 32 bytes that refresh tokens are signed with: the first signs, any verifies. Required when the first of the module's keys is a key pair. Default: derived from the module's secrets. */
  keys?: KeyMaterial[] | undefined;
  /** `(user, session) => ({ … })`, or a promise of it: claims of the application in the access token, asked at the start and at each refresh. Default: none. */
  claims?: SessionClaims<never> | undefined;
  /** Whether the client's address is kept: `true`, `'network'` (/24 of IPv4, /48 of IPv6), or `false`. Default: `false`. */
  address?: AddressPolicy | undefined;
}

function choiceRow<const Choice extends string | boolean>(
  choices: readonly Choice[],
  fallback?: NoInfer<Choice>,
): OptionRow<Choice> {
  const shown = choices.map((choice) => (isText(choice) ? `'${choice}'` : String(choice)));
  return {
    default: fallback,
    check: (value) => choices.some((choice) => choice === value),
    problem: `is none of ${shown.join(', ')}.`,
  };
}

const LONGEST = 10 * 365 * 86_400;

/** One row an option of `sessions`. */
export const SESSION_ROWS = {
  tokensWithoutSession: choiceRow(['accept', 'refuse'], 'accept'),
  preset: choiceRow(Object.keys(PRESETS) as SessionPreset[]),
  absolute: durationRow(undefined, { least: 60, most: LONGEST }),
  idle: durationRow(undefined, { least: 1, most: LONGEST }),
  grace: durationRow('60s', { least: 0, most: 300 }),
  maxSessions: option<number>({
    check: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 10_000,
    problem: 'is not a whole number from 1 to 10000.',
  }),
  atCap: choiceRow(['evict', 'refuse'], 'evict'),
  onReuse: choiceRow(['end', 'refuse'], 'end'),
  retention: durationRow('1 day', { least: 0, most: LONGEST }),
  keys: option<KeyMaterial[]>({
    check: (value) => Array.isArray(value) && value.length > 0,
    problem: 'is not a list with a secret in it: give at least one, of at least 32 bytes.',
  }),
  claims: option<SessionClaims<never>>({
    check: isFunction,
    problem: 'is not a function: give (user, session) => the claims.',
  }),
  address: choiceRow<AddressPolicy>([false, 'network', true], false),
} satisfies Record<keyof SessionsOptions, OptionRow>;

/** The row of `sessions` in the module's options. */
export const SESSIONS_ROW = option<SessionsOptions>({
  check: isPlainObject,
  problem:
    "is not an object: give { absolute: '90 days', idle: '30 days' }, or { preset: 'consumer' }.",
  fields: SESSION_ROWS,
});
