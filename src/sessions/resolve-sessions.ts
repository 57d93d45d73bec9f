import type { SigningKey } from '../keys/signing-key.js';
import { type Duration, requireSeconds } from '../options/duration.js';
import { valueOf } from '../options/option-table.js';
import { SetupProblems } from '../options/setup-problems.js';
import { PRESETS } from './presets.js';
import { type RefreshKey, refreshKeys } from './refresh-keys.js';
import type { SessionSettings } from './session-settings.js';
import { SESSION_ROWS, type SessionClaims, type SessionsOptions } from './sessions-options.js';
import { FLUSH_SECONDS } from './sights.js';

/** What of the module's other options counts for sessions. */
export interface AroundSessions {
  readonly signingKeys: readonly SigningKey[];
  readonly expiresInSeconds: number;
}

/** The options of the sessions, as the code works with them. */
export interface ResolvedSessions extends SessionSettings {
  readonly tokensWithoutSession: 'accept' | 'refuse';
  readonly refreshKeys: readonly RefreshKey[];
}

/**
 * Fills in the defaults. The rows of the table have been checked.
 *
 * @throws TokenInvalidationConfigError with all that cannot work, each with what to do
 */
export function resolveSessions(given: SessionsOptions, around: AroundSessions): ResolvedSessions {
  const problems = new SetupProblems();
  const keys = problems.collect(() => refreshKeys(given.keys, around.signingKeys));
  const times = timesOf(given);
  problems.add(...timeProblems(times, around), ...capProblems(given));
  problems.throwIfAny();

  const { claims } = given;
  return {
    tokensWithoutSession: valueOf(SESSION_ROWS.tokensWithoutSession, given.tokensWithoutSession),
    refreshKeys: keys!,
    limits: {
      absoluteSeconds: times.absolute!,
      idleSeconds: times.idle ?? null,
      maxSessions: given.maxSessions,
      atCap: valueOf(SESSION_ROWS.atCap, given.atCap),
      retentionSeconds: secondsOf('retention', given.retention)!,
    },
    graceSeconds: times.grace,
    onReuse: valueOf(SESSION_ROWS.onReuse, given.onReuse),
    address: valueOf(SESSION_ROWS.address, given.address),
    // The options may be an instance of a class, whose methods need it.
    claims: claims?.bind(given) as SessionClaims<unknown> | undefined,
    expiresInSeconds: around.expiresInSeconds,
  };
}

interface Times {
  readonly absolute: number | undefined;
  readonly idle: number | undefined;
  readonly grace: number;
}

function timesOf(given: SessionsOptions): Times {
  const preset = given.preset && PRESETS[given.preset];
  return {
    absolute: secondsOf('absolute', given.absolute ?? preset?.absolute),
    idle: secondsOf('idle', given.idle ?? preset?.idle),
    grace: secondsOf('grace', given.grace)!,
  };
}

/** Whole seconds, as the database counts with them. */
function secondsOf(
  name: 'absolute' | 'idle' | 'grace' | 'retention',
  given: Duration | undefined,
): number | undefined {
  const duration = valueOf(SESSION_ROWS[name], given) as Duration | undefined;
  return duration === undefined
    ? undefined
    : Math.floor(requireSeconds(duration, `sessions.${name}`));
}

function timeProblems({ absolute, idle, grace }: Times, around: AroundSessions): string[] {
  const problems: string[] = [];
  if (absolute === undefined) {
    problems.push(
      "sessions.absolute is missing: say how long a login lasts at most, such as '90 days', or choose a preset, such as 'consumer'.",
    );
  }
  const least = around.expiresInSeconds + 2 * grace + FLUSH_SECONDS;
  if (idle !== undefined && idle <= least) {
    problems.push(
      `sessions.idle is ${idle} s: it must be longer than ${least} s, which is expiresIn + 2 x grace + ${FLUSH_SECONDS} s, because use is noticed no more exactly. Raise it, or lower expiresIn or grace.`,
    );
  }
  return problems;
}

function capProblems({ atCap, maxSessions }: SessionsOptions): string[] {
  return atCap !== undefined && maxSessions === undefined
    ? ['sessions.atCap needs maxSessions: without it a user may have any number of sessions.']
    : [];
}
