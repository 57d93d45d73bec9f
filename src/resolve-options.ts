import { ExtractJwt } from 'passport-jwt';
import type { TokenExtractor } from './http/revocable-jwt.strategy.js';
import type {
  TokenInvalidationExtras,
  TokenInvalidationOptions,
} from './token-invalidation.options.js';
import { type Clock, systemClock } from './tokens/clock.js';
import { durationProblem, durationSeconds } from './tokens/duration.js';
import { KeySet } from './tokens/key-set.js';
import { type KeyOptions, readKey, type SigningKey } from './tokens/signing-key.js';

/** The options with every default filled in, in the units and types that the code works with. */
export interface ResolvedOptions {
  readonly keys: KeySet;
  readonly clock: Clock;
  readonly expiresInSeconds: number;
  readonly clockToleranceSeconds: number;
  readonly readTimeoutMs: number;
  readonly retryAfterSeconds: number;
  readonly jwtFromRequest: TokenExtractor;
  readonly signatureCacheSize: number;
  readonly issuer?: string;
  readonly audience?: string | string[];
  readonly legacyUntil?: Date;
  isActive(user: object): boolean;
}

/** Whatever the names of the options are, the compiler checks that this list has them all. */
const OPTION_NAMES: Readonly<Record<keyof TokenInvalidationOptions, true>> = {
  entity: true,
  properties: true,
  secret: true,
  keys: true,
  expiresIn: true,
  issuer: true,
  audience: true,
  clockTolerance: true,
  legacyUntil: true,
  isActive: true,
  jwtFromRequest: true,
  signatureCacheSize: true,
  readTimeout: true,
  writeTimeout: true,
  retryAfter: true,
  globalTable: true,
  checkSchema: true,
  clock: true,
};

const EXTRA_NAMES: Readonly<Record<keyof TokenInvalidationExtras, true>> = {
  isGlobal: true,
  globalGuard: true,
  endpoint: true,
  strategyName: true,
  dataSource: true,
  store: true,
  listener: true,
  imports: true,
};

const FACTORY_NAMES = new Set([
  'useFactory',
  'useClass',
  'useExisting',
  'inject',
  'provideInjectionTokensFrom',
]);

/** Fills in the defaults and collects everything that cannot work, each with what to do. */
export function resolveOptions(options: TokenInvalidationOptions): {
  resolved: ResolvedOptions;
  problems: string[];
} {
  const problems = unknownOptions(options);
  for (const name of Object.keys(DURATIONS) as DurationOption[]) {
    if (secondsOf(options, name) !== undefined) continue;
    const { least, most } = DURATIONS[name];
    problems.push(`${durationProblem(options[name], name)} From ${least} to ${most} s.`);
  }
  const seconds = (name: DurationOption): number => secondsOf(options, name) ?? 0;
  const { issuer, audience, legacyUntil } = options;
  const resolved: ResolvedOptions = {
    keys: new KeySet(readKeys(options, problems)),
    clock: options.clock ?? systemClock,
    expiresInSeconds: Math.floor(seconds('expiresIn')),
    clockToleranceSeconds: seconds('clockTolerance'),
    readTimeoutMs: seconds('readTimeout') * 1000,
    retryAfterSeconds: Math.ceil(seconds('retryAfter')),
    jwtFromRequest: options.jwtFromRequest ?? ExtractJwt.fromAuthHeaderAsBearerToken(),
    signatureCacheSize: options.signatureCacheSize ?? 5000,
    // Only true is yes: undefined is what a forgotten return, or a column that was not loaded, gives.
    isActive: (user) => options.isActive === undefined || isTrue(options.isActive(user)),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(legacyUntil !== undefined && { legacyUntil }),
  };
  problems.push(...typeProblems(options));
  return { resolved, problems };
}

function isTrue(value: unknown): boolean {
  return value === true;
}

/** Each duration's default, and the seconds that make sense: a timer of Node's holds 24 days at the most. */
const DURATIONS = {
  expiresIn: { fallback: '15m', least: 1, most: Number.MAX_SAFE_INTEGER },
  clockTolerance: { fallback: '5m', least: 0, most: 86_400 },
  readTimeout: { fallback: '2s', least: 0.001, most: 3_600 },
  writeTimeout: { fallback: '10s', least: 0.001, most: 3_600 },
  retryAfter: { fallback: '1s', least: 0, most: 86_400 },
} as const;

type DurationOption = keyof typeof DURATIONS;

/** An option that is a duration, in seconds; `undefined` when it cannot be used. */
export function secondsOf(
  options: TokenInvalidationOptions,
  name: DurationOption,
): number | undefined {
  const { fallback, least, most } = DURATIONS[name];
  const seconds = durationSeconds(options[name] ?? fallback);
  return seconds !== undefined && seconds >= least && seconds <= most ? seconds : undefined;
}

function readKeys({ secret, keys }: TokenInvalidationOptions, problems: string[]): SigningKey[] {
  if (keys !== undefined && secret !== undefined) {
    problems.push('secret and keys are both given: put the secret into keys, as { secret }.');
    return [];
  }
  const given: unknown = keys ?? [{ secret: secret ?? '' }];
  if (!Array.isArray(given) || given.length === 0) {
    problems.push('keys is not a list with a key in it: give at least one, as [{ secret }].');
    return [];
  }
  const read = given.map((key: KeyOptions, index) => {
    const path = keys === undefined ? 'options' : `keys[${index}]`;
    return readKey(key ?? {}, path);
  });
  problems.push(...read.filter((key) => typeof key === 'string'));
  if (typeof read[0] === 'object' && read[0].signWith === undefined) {
    problems.push(
      'keys[0]: only verifies, and the first key signs: put one with a secret or privateKey first.',
    );
  }
  const good = read.filter((key) => typeof key !== 'string');
  problems.push(...repeatedKids(good));
  return good;
}

function repeatedKids(keys: readonly SigningKey[]): string[] {
  const problems: string[] = [];
  const kids = keys.map((key) => key.kid);
  const repeated = new Set(kids.filter((kid, index) => kids.indexOf(kid) !== index));
  for (const kid of repeated) {
    problems.push(
      `keys: two have the kid ${JSON.stringify(kid)}: give each its own, or leave kid out.`,
    );
  }
  return problems;
}

function typeProblems(options: TokenInvalidationOptions): string[] {
  const { legacyUntil, issuer = 'none', audience = 'none', clock, checkSchema = true } = options;
  const audiences: unknown[] = Array.isArray(audience) ? audience : [audience];
  const checks: [boolean, string][] = [
    [
      legacyUntil === undefined || Number.isFinite(legacyUntil?.getTime?.()),
      'legacyUntil is not a valid Date: give the instant at which the last old token has expired.',
    ],
    [isNonEmptyText(issuer), 'issuer is not text: give the iss claim, or leave it out.'],
    [
      audiences.length > 0 && audiences.every(isNonEmptyText),
      'audience is not text or a list of text: give the aud claim, or leave it out.',
    ],
    [typeof checkSchema === 'boolean', 'checkSchema is not true or false.'],
    [
      isCacheSize(options.signatureCacheSize ?? 0),
      'signatureCacheSize is not a whole number from 0 to 1000000.',
    ],
    [
      isFunctionOrAbsent(options, 'isActive'),
      'isActive is not a function: give (user) => boolean.',
    ],
    [
      isFunctionOrAbsent(options, 'jwtFromRequest'),
      'jwtFromRequest is not a function: give one of ExtractJwt.',
    ],
    [
      clock === undefined || typeof Reflect.get(Object(clock), 'now') === 'function',
      'clock has no now(): give { now: () => ms }.',
    ],
  ];
  return checks.filter(([good]) => !good).map(([, problem]) => problem);
}

function isCacheSize(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 1_000_000;
}

function isNonEmptyText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isFunctionOrAbsent(holder: object, name: string): boolean {
  const value: unknown = Reflect.get(holder, name);
  return value === undefined || typeof value === 'function';
}

function unknownOptions(options: TokenInvalidationOptions): string[] {
  return Object.keys(options)
    .filter((name) => !Object.hasOwn(OPTION_NAMES, name))
    .map((name) =>
      Object.hasOwn(EXTRA_NAMES, name)
        ? `${name} shapes the module and is not read from a factory: put it beside useFactory.`
        : unknownOption(name),
    );
}

/** What stands beside a factory and would be passed over in silence. */
export function misplacedOptions(asyncOptions: object): string[] {
  return Object.keys(asyncOptions)
    .filter((name) => !Object.hasOwn(EXTRA_NAMES, name) && !FACTORY_NAMES.has(name))
    .map((name) =>
      Object.hasOwn(OPTION_NAMES, name)
        ? `${name} stands beside the factory: return it from the factory.`
        : unknownOption(name),
    );
}

function unknownOption(name: string): string {
  const names = [...Object.keys(OPTION_NAMES), ...Object.keys(EXTRA_NAMES)];
  return `${name} is not an option: choose from ${names.join(', ')}.`;
}
