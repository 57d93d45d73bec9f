import { KeySet } from './keys/key-set.js';
import { readKeys, weakKeyWarnings } from './keys/read-keys.js';
import type { SigningKey } from './keys/signing-key.js';
import type { AuditMode } from './audit/audit-settings.js';
import type { ResolvedHandshake } from './http/contexts/handshake-tokens.js';
import type { MessageTokenExtractor } from './http/contexts/message-header.js';
import type { TokenExtractor } from './http/token-extractor.js';
import { type Duration, requireSeconds } from './options/duration.js';
import { type OptionRow, problemsOf, unknownOption, valueOf } from './options/option-table.js';
import { SetupProblems } from './options/setup-problems.js';
import type { TokenPolicy } from './rule/rule.js';
import { type ResolvedSessions, resolveSessions } from './sessions/resolve-sessions.js';
import type { Clock } from './tokens/clock.js';
import type { IsActive } from './tokens/judge.js';
import {
  EXTRA_ROWS,
  HANDSHAKE_ROWS,
  OPTION_ROWS,
  type TokenInvalidationOptions,
} from './token-invalidation.options.js';

/** The options with every default filled in, in the units and types that the code works with. */
export interface ResolvedOptions {
  readonly keys: KeySet;
  readonly clock: Clock;
  readonly policy: TokenPolicy;
  readonly expiresInSeconds: number;
  readonly readTimeoutMs: number;
  readonly retryAfterSeconds: number;
  readonly jwtFromRequest: TokenExtractor;
  readonly handshake: ResolvedHandshake;
  readonly messageToken: MessageTokenExtractor | undefined;
  readonly audit: AuditMode;
  readonly signatureCacheSize: number;
  readonly issuer?: string;
  readonly audience?: string | string[];
  readonly isActive: IsActive<unknown>;
  /** Absent: there are no sessions. */
  readonly sessions: ResolvedSessions | undefined;
  readonly revokedTokens: boolean;
  /** What works and may still be a mistake, to be said at boot. */
  readonly warnings: readonly string[];
}

/**
 * Fills in the defaults.
 *
 * @throws TokenInvalidationConfigError with everything that cannot work, each with what to do
 */
export function resolveOptions(given: TokenInvalidationOptions): ResolvedOptions {
  const problems = new SetupProblems();
  problems.add(...optionProblems(given));
  const keys = problems.collect(() => readGivenKeys(given)) ?? [];
  problems.throwIfAny();
  const sessions = sessionsOf(given, keys);

  return {
    keys: new KeySet(keys),
    warnings: weakKeyWarnings(keys),
    policy: policyOf(given, sessions),
    sessions,
    revokedTokens: given.revokedTokens === true,
    expiresInSeconds: Math.floor(secondsOf(given, 'expiresIn')),
    readTimeoutMs: secondsOf(given, 'readTimeout') * 1000,
    retryAfterSeconds: Math.ceil(secondsOf(given, 'retryAfter')),
    clock: valueOf(OPTION_ROWS.clock, given.clock),
    handshake: {
      ...given.handshake,
      token: valueOf(HANDSHAKE_ROWS.token, given.handshake?.token),
    },
    messageToken: given.rpc?.token,
    audit: valueOf(OPTION_ROWS.audit, given.audit),
    signatureCacheSize: valueOf(OPTION_ROWS.signatureCacheSize, given.signatureCacheSize),
    // The options may be an instance of a class, whose methods need it.
    isActive: valueOf(OPTION_ROWS.isActive, given.isActive).bind(given) as IsActive<unknown>,
    jwtFromRequest: valueOf(OPTION_ROWS.jwtFromRequest, given.jwtFromRequest),
    ...(given.issuer !== undefined && { issuer: given.issuer }),
    ...(given.audience !== undefined && { audience: given.audience }),
  };
}

function sessionsOf(
  given: TokenInvalidationOptions,
  signingKeys: readonly SigningKey[],
): ResolvedSessions | undefined {
  if (given.sessions === undefined) return undefined;
  return resolveSessions(given.sessions, {
    signingKeys,
    expiresInSeconds: Math.floor(secondsOf(given, 'expiresIn')),
  });
}

function policyOf(
  given: TokenInvalidationOptions,
  sessions: ResolvedSessions | undefined,
): TokenPolicy {
  const { legacyUntil, legacySubject, legacyMaxAge } = given;
  return {
    clockToleranceSeconds: secondsOf(given, 'clockTolerance'),
    ...(sessions && { tokensWithoutSession: sessions.tokensWithoutSession }),
    ...(given.revokedTokens === true && { revokedTokens: true }),
    ...(legacyUntil !== undefined && { legacyUntil }),
    ...(legacySubject !== undefined && { legacySubject: legacySubject.bind(given) }),
    ...(legacyMaxAge !== undefined && { legacyMaxAgeSeconds: secondsOf(given, 'legacyMaxAge') }),
  };
}

/** Keys are read only when they are a list of objects, or none: otherwise the table has said so. */
function readGivenKeys({ secret, keys, legacyUntil }: TokenInvalidationOptions): SigningKey[] {
  return keys === undefined || OPTION_ROWS.keys.check(keys)
    ? readKeys({ secret, keys }, legacyUntil !== undefined)
    : [];
}

type DurationOption = {
  [Name in keyof typeof OPTION_ROWS]: (typeof OPTION_ROWS)[Name] extends OptionRow<Duration>
    ? Name
    : never;
}[keyof typeof OPTION_ROWS];

function secondsOf(
  given: TokenInvalidationOptions,
  name: DurationOption & keyof TokenInvalidationOptions,
): number {
  return requireSeconds(valueOf(OPTION_ROWS[name] as OptionRow<Duration>, given[name]), name);
}

function optionProblems(given: TokenInvalidationOptions): string[] {
  // By name, because an instance of a class may have inherited some.
  const known = Object.keys(OPTION_ROWS).map((name) => [name, Reflect.get(given, name)]);
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(OPTION_ROWS, name));
  return [
    ...unknown.map((name) =>
      Object.hasOwn(EXTRA_ROWS, name)
        ? `${name} shapes the module and is not read from a factory: put it next to useFactory.`
        : unknownModuleOption(name),
    ),
    ...problemsOf(OPTION_ROWS, Object.fromEntries(known)),
    ...withoutWindow(given),
  ];
}

function withoutWindow(given: TokenInvalidationOptions): string[] {
  if (given.legacyUntil !== undefined) return [];
  return (['legacySubject', 'legacyMaxAge'] as const)
    .filter((name) => given[name] !== undefined)
    .map((name) => `${name} needs legacyUntil: without it every token from before is refused.`);
}

const FACTORY_NAMES = new Set([
  'useFactory',
  'useClass',
  'useExisting',
  'inject',
  'provideInjectionTokensFrom',
]);

/** What stands next to a factory and would be ignored there. */
export function misplacedOptions(asyncOptions: object): string[] {
  return Object.keys(asyncOptions)
    .filter((name) => !Object.hasOwn(EXTRA_ROWS, name) && !FACTORY_NAMES.has(name))
    .map((name) =>
      Object.hasOwn(OPTION_ROWS, name)
        ? `${name} stands next to the factory: return it from the factory.`
        : unknownModuleOption(name),
    );
}

function unknownModuleOption(name: string): string {
  return unknownOption(name, [...Object.keys(OPTION_ROWS), ...Object.keys(EXTRA_ROWS)]);
}
