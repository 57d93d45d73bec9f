import { inspect } from 'node:util';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { ExtractJwt } from 'passport-jwt';
import { describe, expect, it } from 'vitest';
import type { TokenClaims } from './rule/claims.js';
import {
  EXTRA_ROWS,
  OPTION_ROWS,
  type TokenInvalidationOptions,
} from './token-invalidation.options.js';
import { problemsOf as problemsThrownBy } from '../test/support/problems-of.js';
import {
  misplacedOptions,
  type ResolvedOptions,
  resolveOptions,
} from './token-invalidation.resolved-options.js';
import { systemClock } from './tokens/clock.js';

const SECRET = '0123456789abcdef0123456789abcdef';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const CLAIMS: TokenClaims = { sub: 'anna', iat: 0, exp: 900, ver: 3 };

/** What is wrong with these options, whatever their types, as an application in JavaScript may give them. */
const problemsWith = (options: object) => problemsThrownBy(() => resolveOptions(options));

/** What is wrong with these options next to a good secret. */
const problemsOf = (options: object) => problemsWith({ secret: SECRET, ...options });

/** Resolves options that can work, next to a good secret. */
const resolve = (options: object = {}) => resolveOptions({ secret: SECRET, ...options });

describe('the defaults', () => {
  const resolved = resolve();
  const find = (authorization?: string) => resolved.jwtFromRequest({ headers: { authorization } });

  it('need a secret and nothing else', () => {
    expect(resolved).toMatchObject({
      expiresInSeconds: 900,
      policy: { clockToleranceSeconds: 300 },
      readTimeoutMs: 2000,
      retryAfterSeconds: 1,
      signatureCacheSize: 5000,
    });
    expect(resolved.keys.current.algorithm).toBe('HS256');
    expect(resolved.clock).toBe(systemClock);
  });

  it('ask for no issuer and no audience, and open no legacy window', () => {
    expect(resolved).not.toHaveProperty('issuer');
    expect(resolved).not.toHaveProperty('audience');
    expect(resolved.policy).toStrictEqual({ clockToleranceSeconds: 300 });
  });

  it('count every user as active', () => {
    expect(resolved.isActive({}, CLAIMS)).toBe(true);
  });

  it('find the token in Authorization: Bearer', () => {
    expect(find('Bearer a.b.c')).toBe('a.b.c');
    expect(find('bearer a.b.c')).toBe('a.b.c');
    expect(find('Basic a.b.c')).toBeNull();
    expect(find()).toBeNull();
  });

  it('replace whatever is undefined', () => {
    const names = Object.keys(OPTION_ROWS).filter((name) => name !== 'secret');
    const nothing = Object.fromEntries(names.map((name) => [name, undefined]));
    expect(JSON.stringify(resolve(nothing))).toBe(JSON.stringify(resolved));
  });
});

describe('what is given', () => {
  it('is taken', () => {
    const clock = { now: () => 0 };
    const legacyUntil = new Date(0);
    const jwtFromRequest = ExtractJwt.fromUrlQueryParameter('access_token');
    const resolved = resolve({
      expiresIn: '1h',
      clockTolerance: 30,
      readTimeout: '500ms',
      retryAfter: '5s',
      issuer: 'https://a.example',
      audience: ['web', 'app'],
      jwtFromRequest,
      legacyUntil,
      signatureCacheSize: 0,
      clock,
    });
    expect(resolved).toMatchObject({
      expiresInSeconds: 3600,
      policy: { clockToleranceSeconds: 30, legacyUntil },
      readTimeoutMs: 500,
      retryAfterSeconds: 5,
      issuer: 'https://a.example',
      audience: ['web', 'app'],
      signatureCacheSize: 0,
    });
    expect(resolved.clock).toBe(clock);
    expect(resolved.jwtFromRequest).toBe(jwtFromRequest);
    expect(resolve({ audience: 'web' }).audience).toBe('web');
  });

  it('decides whether a user is active, as a method of the options and with the claims', () => {
    class Options implements TokenInvalidationOptions {
      readonly secret = SECRET;
      readonly issuer = 'https://a.example';

      isActive({ disabled }: { disabled: boolean }, { sub }: TokenClaims) {
        return this.issuer === 'https://a.example' && sub === 'anna' && !disabled;
      }
    }
    const { isActive } = resolveOptions(new Options());
    expect(isActive({ disabled: false }, CLAIMS)).toBe(true);
    expect(isActive({ disabled: true }, CLAIMS)).toBe(false);
    expect(isActive({ disabled: false }, { ...CLAIMS, sub: 'bert' })).toBe(false);
  });

  it('may promise whether a user is active', async () => {
    const { isActive } = resolve({ isActive: async () => false });
    expect(await isActive({}, CLAIMS)).toBe(false);
  });

  it.each([
    [{ expiresIn: 1.9 }, { expiresInSeconds: 1 }],
    [{ retryAfter: '200ms' }, { retryAfterSeconds: 1 }],
    [{ retryAfter: 0 }, { retryAfterSeconds: 0 }],
    [{ clockTolerance: 0 }, { policy: { clockToleranceSeconds: 0 } }],
    [{ readTimeout: 0.001 }, { readTimeoutMs: 1 }],
    [{ retryAfter: 1.2 }, { retryAfterSeconds: 2 }],
    [{ signatureCacheSize: 1_000_000 }, { signatureCacheSize: 1_000_000 }],
    [{ readTimeout: '1ms' }, { readTimeoutMs: 1 }],
  ])('%j becomes %j', (given, expected) => {
    expect(resolve(given)).toMatchObject(expected);
  });
});

/** The key that the options choose for a token with this header. */
const select = ({ keys }: ResolvedOptions, header: object) => {
  const encoded = Buffer.from(JSON.stringify({ typ: 'at+jwt', ...header })).toString('base64url');
  return keys.select(`${encoded}.e30.c2ln`, false);
};

describe('the keys', () => {
  it('are one secret, or a list of which the first signs and any verifies', () => {
    expect(resolve().keys.current.algorithm).toBe('HS256');
    const listed = resolve({
      secret: undefined,
      keys: [
        { privateKey, kid: 'new' },
        { secret: SECRET, kid: 'old' },
      ],
    });
    expect(listed.keys.current.kid).toBe('new');
    expect(select(listed, { kid: 'old', alg: 'HS256' })).toMatchObject({ kid: 'old' });
    expect(select(listed, { kid: 'new', alg: 'ES256' })).toMatchObject({ kid: 'new' });
  });

  it('are the same, given as a secret or as a list of one', () => {
    const keys = [{ secret: createSecretKey(Buffer.from(SECRET)) }];
    expect(resolve({ secret: undefined, keys }).keys.current.kid).toBe(resolve().keys.current.kid);
  });

  const NO_LIST = 'keys is not a list with a key in it: give at least one, as [{ secret }].';

  it.each<[string, object, unknown[]]>([
    ['none', {}, [expect.stringMatching(/^secret: is empty: generate one with /)]],
    ['an empty secret', { secret: '' }, [expect.stringMatching(/^secret: is empty: /)]],
    [
      'a secret and a list',
      { secret: SECRET, keys: [{ secret: SECRET }] },
      ['secret and keys are both given: put the secret into keys, as { secret }.'],
    ],
    ['an empty list', { keys: [] }, [NO_LIST]],
    ['no list', { keys: { secret: SECRET } }, [NO_LIST]],
    ['text', { keys: SECRET }, [NO_LIST]],
    ['null', { keys: null }, [NO_LIST]],
    ['a list of text', { keys: [SECRET] }, [NO_LIST]],
    ['a list of nothing', { keys: [null, undefined] }, [NO_LIST]],
    ['a list with a good key and text', { keys: [{ secret: SECRET }, SECRET] }, [NO_LIST]],
    ['text next to a secret', { secret: SECRET, keys: SECRET }, [NO_LIST]],
    [
      'the problems of two keys',
      { keys: [{ secret: 'short' }, { publicKey, kid: '' }] },
      [
        expect.stringMatching(/^keys\[0\]: the secret has 5 bytes /),
        'keys[1].kid: is not text: give text, or leave it out.',
      ],
    ],
    [
      'a typo in a key',
      { keys: [{ secret: SECRET }, { secret: SECRET, kib: 'b', kid: 'b' }] },
      [
        'keys[1].kib is not an option: did you mean kid? Choose from secret, privateKey, publicKey, algorithm, kid.',
      ],
    ],
    [
      'a typo that leaves a key without one',
      { keys: [{ sercet: SECRET }] },
      [
        'keys[0].sercet is not an option: did you mean secret? Choose from secret, privateKey, publicKey, algorithm, kid.',
        'keys[0]: has no key: give secret, privateKey or publicKey.',
      ],
    ],
  ])('%s: says what is wrong and what to do', (_, options, problems) => {
    expect(problemsWith(options)).toEqual(problems);
  });
});

function notADuration(name: string, value: unknown, range: string): string {
  const shown = typeof value === 'string' ? JSON.stringify(value) : inspect(value);
  return `${name} is ${shown}: give seconds as a number, or text with a unit such as '15m'. From ${range} s.`;
}

describe('nonsense', () => {
  const RANGES = {
    expiresIn: '1 to 9007199254740991',
    clockTolerance: '0 to 86400',
    readTimeout: '0.001 to 3600',
    retryAfter: '0 to 86400',
  };

  const durations = Object.entries(RANGES).flatMap(([name, range]) =>
    ['900', '', 'soon', '-5m', -1, true, {}, [], Number.NaN, 1n, '1e9 years'].map((value) => ({
      name,
      value,
      range,
    })),
  );
  it.each(durations)('$name is not $value', ({ name, value, range }) => {
    expect(problemsOf({ [name]: value })).toEqual([notADuration(name, value, range)]);
  });

  it.each(Object.keys(RANGES))('%s is not without end', (name) => {
    expect(problemsOf({ [name]: Infinity })).toHaveLength(1);
  });

  it.each([
    ['expiresIn', 0],
    ['expiresIn', '999ms'],
    ['readTimeout', 0],
    ['clockTolerance', '30d'],
    ['retryAfter', 86_401],
    ['readTimeout', 3601],
  ] as const)('%s is out of range with %j', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([notADuration(name, value, RANGES[name])]);
  });

  const LEGACY =
    'legacyUntil is not a valid Date: give the instant at which the last old token has expired.';
  const ISSUER = 'issuer is not text: give the iss claim, or leave it out.';
  const AUDIENCE = 'audience is not text or a list of text: give the aud claim, or leave it out.';
  const CACHE = 'signatureCacheSize is not a whole number from 0 to 1000000.';
  const ACTIVE = 'isActive is not a function: give (user, claims) => boolean.';
  const EXTRACTOR =
    'jwtFromRequest is not a function: give one of ExtractJwt, or (request) => the token or null.';
  const CLOCK = 'clock has no now(): give { now: () => ms }.';

  it.each<[string, unknown, string]>([
    ['legacyUntil', new Date('never'), LEGACY],
    ['legacyUntil', '2030-01-01', LEGACY],
    ['legacyUntil', 1_900_000_000_000, LEGACY],
    ['legacyUntil', null, LEGACY],
    ['legacyUntil', {}, LEGACY],
    ['issuer', null, ISSUER],
    ['issuer', '', ISSUER],
    ['issuer', 1, ISSUER],
    ['issuer', ['https://a.example'], ISSUER],
    ['issuer', {}, ISSUER],
    ['audience', '', AUDIENCE],
    ['audience', [], AUDIENCE],
    ['audience', ['web', ''], AUDIENCE],
    ['audience', ['web', null], AUDIENCE],
    ['audience', /web/, AUDIENCE],
    ['audience', 1, AUDIENCE],
    ['audience', null, AUDIENCE],
    ['signatureCacheSize', -1, CACHE],
    ['signatureCacheSize', 0.5, CACHE],
    ['signatureCacheSize', NaN, CACHE],
    ['signatureCacheSize', '100', CACHE],
    ['signatureCacheSize', 1_000_001, CACHE],
    ['isActive', true, ACTIVE],
    ['isActive', 'active', ACTIVE],
    ['isActive', null, ACTIVE],
    ['jwtFromRequest', 'header', EXTRACTOR],
    ['jwtFromRequest', null, EXTRACTOR],
    ['jwtFromRequest', [], EXTRACTOR],
    ['clock', {}, CLOCK],
    ['clock', { now: 0 }, CLOCK],
    ['clock', Date.now, CLOCK],
    ['clock', 0, CLOCK],
    ['clock', null, CLOCK],
  ])('%s is not %o', (name, value, problem) => {
    expect(problemsOf({ [name]: value })).toEqual([problem]);
  });

  it('is found in an instance of a class too', () => {
    class Options {
      readonly secret = SECRET;

      get issuer() {
        return '';
      }

      get expiresIn() {
        return 'soon';
      }
    }
    expect(problemsWith(new Options())).toEqual([
      notADuration('expiresIn', 'soon', RANGES.expiresIn),
      ISSUER,
    ]);
  });

  it('is named all at once', () => {
    const problems = problemsWith({
      secret: 'short',
      expiresIn: 'soon',
      clockTolerance: -1,
      readTimeout: 0,
      retryAfter: 'later',
      issuer: '',
      audience: [],
      legacyUntil: 'tomorrow',
      isActive: true,
      jwtFromRequest: 'header',
      signatureCacheSize: -1,
      clock: {},
      expireIn: '15m',
      isGlobal: true,
    });
    expect(problems).toHaveLength(14);
    const named = problems.map((problem) => problem.split(/[ :]/)[0]);
    expect(new Set(named)).toEqual(
      new Set([
        'secret',
        'expiresIn',
        'clockTolerance',
        'readTimeout',
        'retryAfter',
        'issuer',
        'audience',
        'legacyUntil',
        'isActive',
        'jwtFromRequest',
        'signatureCacheSize',
        'clock',
        'expireIn',
        'isGlobal',
      ]),
    );
  });
});

const OPTION_NAMES = [
  'secret',
  'keys',
  'expiresIn',
  'issuer',
  'audience',
  'clockTolerance',
  'legacyUntil',
  'legacySubject',
  'legacyMaxAge',
  'isActive',
  'jwtFromRequest',
  'handshake',
  'rpc',
  'audit',
  'signatureCacheSize',
  'sessions',
  'revokedTokens',
  'readTimeout',
  'retryAfter',
  'clock',
];
const EXTRA_NAMES = [
  'store',
  'isGlobal',
  'globalGuard',
  'endpoints',
  'publicMetadataKey',
  'listener',
  'imports',
];
/** Options of the store, which the module does not take. */
const STORE_NAMES = ['entity', 'properties', 'dataSource', 'pool', 'table', 'writeTimeout'];
const UNKNOWN_NAMES = [...STORE_NAMES, 'toString', 'constructor', '__proto__', ''];
const MISSPELT_NAMES = [
  ['expireIn', 'expiresIn'],
  ['SECRET', 'secret'],
  ['isGlobl', 'isGlobal'],
] as const;

/** An object with this key, whatever the key. */
const having = (name: string) => Object.fromEntries([[name, true]]);

it('these are all options', () => {
  expect(Object.keys(OPTION_ROWS)).toEqual(OPTION_NAMES);
  expect(Object.keys(EXTRA_ROWS)).toEqual(EXTRA_NAMES);
});

describe('an option that a factory returns', () => {
  it.each(EXTRA_NAMES)('does not shape the module: %s', (name) => {
    expect(problemsOf(having(name))).toEqual([
      `${name} shapes the module and is not read from a factory: put it next to useFactory.`,
    ]);
  });

  it.each(UNKNOWN_NAMES)('is one that there is, and not %j', (name) => {
    const options = Object.fromEntries([
      ['secret', SECRET],
      [name, true],
    ]) as object;
    expect(problemsWith(options)).toEqual([
      `${name} is not an option: choose from ${[...OPTION_NAMES, ...EXTRA_NAMES].join(', ')}.`,
    ]);
  });

  it.each(MISSPELT_NAMES)('%j is perhaps %j, and boot asks', (misspelt, name) => {
    expect(problemsOf(having(misspelt))).toEqual([
      expect.stringContaining(`${misspelt} is not an option: did you mean ${name}? Choose from `),
    ]);
  });
});

describe('what stands next to a factory', () => {
  it('is the factory and what shapes the module', () => {
    const factory = [
      'useFactory',
      'useClass',
      'useExisting',
      'inject',
      'provideInjectionTokensFrom',
    ];
    const given = Object.fromEntries([...factory, ...EXTRA_NAMES].map((name) => [name, true]));
    expect(misplacedOptions(given)).toEqual([]);
  });

  it.each(OPTION_NAMES)('is not %s, which the factory returns', (name) => {
    expect(misplacedOptions({ useFactory: () => ({}), [name]: true })).toEqual([
      `${name} stands next to the factory: return it from the factory.`,
    ]);
  });

  it.each(UNKNOWN_NAMES)('is not %j, which is no option', (name) => {
    expect(misplacedOptions(having(name))).toEqual([
      expect.stringMatching(/ is not an option: choose from /),
    ]);
  });

  it.each(MISSPELT_NAMES)('is not %j, which is perhaps %j', (misspelt, name) => {
    expect(misplacedOptions(having(misspelt))).toEqual([
      expect.stringContaining(`${misspelt} is not an option: did you mean ${name}? Choose from `),
    ]);
  });

  it('is named all at once', () => {
    const problems = misplacedOptions({ useFactory: () => ({}), secret: SECRET, clock: {}, x: 1 });
    expect(problems).toHaveLength(3);
  });
});
