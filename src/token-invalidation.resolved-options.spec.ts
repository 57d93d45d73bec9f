import { inspect } from 'node:util';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { ExtractJwt } from 'passport-jwt';
import { describe, expect, it } from 'vitest';
import { misplacedOptions, resolveOptions } from './resolve-options.js';
import type { TokenInvalidationOptions } from './token-invalidation.options.js';
import { systemClock } from './tokens/clock.js';

const SECRET = '0123456789abcdef0123456789abcdef';
const OTHER = 'fedcba9876543210fedcba9876543210';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Resolves these options over good ones. As an application in JavaScript may: the types are not asked. */
function resolve(options: Record<string, unknown> = {}) {
  return resolveOptions({ secret: SECRET, ...options });
}

const problemsOf = (options: Record<string, unknown>) => resolve(options).problems;

describe('the defaults', () => {
  const { resolved, problems } = resolve();
  const find = (authorization?: string) => resolved.jwtFromRequest({ headers: { authorization } });

  it('need a secret and nothing else', () => {
    expect(problems).toEqual([]);
    expect(resolved).toMatchObject({
      expiresInSeconds: 900,
      clockToleranceSeconds: 300,
      readTimeoutMs: 2000,
      retryAfterSeconds: 1,
    });
    expect(resolved.keys.current.algorithm).toBe('HS256');
    expect(resolved.clock).toBe(systemClock);
  });

  it('ask for no issuer and no audience, and open no legacy window', () => {
    expect(resolved).not.toHaveProperty('issuer');
    expect(resolved).not.toHaveProperty('audience');
    expect(resolved).not.toHaveProperty('legacyUntil');
  });

  it('count every user as active', () => {
    expect(resolved.isActive({})).toBe(true);
  });

  it('find the token in Authorization: Bearer', () => {
    expect(find('Bearer a.b.c')).toBe('a.b.c');
    expect(find('bearer a.b.c')).toBe('a.b.c');
    expect(find('Basic a.b.c')).toBeNull();
    expect(find()).toBeNull();
  });

  it('stand in for whatever is undefined', () => {
    const names = ['expiresIn', 'issuer', 'audience', 'clockTolerance', 'legacyUntil', 'isActive'];
    const more = ['jwtFromRequest', 'readTimeout', 'writeTimeout', 'retryAfter', 'clock', 'keys'];
    const nothing = Object.fromEntries([...names, ...more].map((name) => [name, undefined]));
    const again = resolve(nothing);
    expect(again.problems).toEqual([]);
    expect(JSON.stringify(again.resolved)).toBe(JSON.stringify(resolved));
  });
});

describe('what is given', () => {
  it('is taken', () => {
    const clock = { now: () => 0 };
    const legacyUntil = new Date(0);
    const jwtFromRequest = ExtractJwt.fromUrlQueryParameter('access_token');
    const { resolved, problems } = resolve({
      expiresIn: '1h',
      clockTolerance: 30,
      readTimeout: '500ms',
      retryAfter: '5s',
      issuer: 'https://a.example',
      audience: ['web', 'app'],
      jwtFromRequest,
      legacyUntil,
      clock,
    });
    expect(problems).toEqual([]);
    expect(resolved).toMatchObject({
      expiresInSeconds: 3600,
      clockToleranceSeconds: 30,
      readTimeoutMs: 500,
      retryAfterSeconds: 5,
      issuer: 'https://a.example',
      audience: ['web', 'app'],
      legacyUntil,
      clock,
    });
    expect(resolved.jwtFromRequest).toBe(jwtFromRequest);
    expect(resolve({ audience: 'web' }).resolved.audience).toBe('web');
  });

  it('decides whether a user is active, as a method of the options', () => {
    const { resolved } = resolve({
      properties: {},
      isActive(this: { properties: object }, user: { disabled: boolean }) {
        return this.properties !== undefined && !user.disabled;
      },
    });
    expect(resolved.isActive({ disabled: false })).toBe(true);
    expect(resolved.isActive({ disabled: true })).toBe(false);
  });

  it.each([
    [{ expiresIn: 1.9 }, { expiresInSeconds: 1 }],
    [{ retryAfter: '200ms' }, { retryAfterSeconds: 1 }],
    [{ retryAfter: 0 }, { retryAfterSeconds: 0 }],
    [{ clockTolerance: 0 }, { clockToleranceSeconds: 0 }],
    [{ readTimeout: '1ms' }, { readTimeoutMs: 1 }],
  ])('%j becomes %j', (given, expected) => {
    expect(resolve(given)).toMatchObject({ problems: [], resolved: expected });
  });

  it('leaves to others what is not resolved here', () => {
    const others = {
      entity: Date,
      properties: { id: 'x' },
      globalTable: 't',
      checkSchema: false,
    };
    expect(problemsOf({ ...others, writeTimeout: '5s' })).toEqual([]);
  });
});

describe('the keys', () => {
  it('are one secret, or a list of which the first signs', () => {
    expect(resolve().resolved.keys.algorithms).toEqual(['HS256']);
    const { resolved, problems } = resolveOptions({
      keys: [{ privateKey, kid: 'new' }, { secret: SECRET }, { publicKey, kid: 'partner' }],
    });
    expect(problems).toEqual([]);
    expect(resolved.keys.current.kid).toBe('new');
    expect(resolved.keys.algorithms).toEqual(['ES256', 'HS256']);
  });

  it('are the same, given as a secret or as a list of one', () => {
    const { resolved } = resolveOptions({
      keys: [{ secret: createSecretKey(Buffer.from(SECRET)) }],
    });
    expect(resolved.keys.current.kid).toBe(resolve().resolved.keys.current.kid);
  });

  it.each<[string, object, unknown[]]>([
    ['none', {}, [expect.stringMatching(/^options\.secret: is empty: generate one with /)]],
    ['an empty secret', { secret: '' }, [expect.stringMatching(/^options\.secret: is empty: /)]],
    [
      'a short secret',
      { secret: 'x' },
      [expect.stringMatching(/^options: the secret has 1 bytes /)],
    ],
    [
      'a secret and a list',
      { secret: SECRET, keys: [{ secret: OTHER }] },
      ['secret and keys are both given: put the secret into keys, as { secret }.'],
    ],
    [
      'an empty list',
      { keys: [] },
      ['keys is not a list with a key in it: give at least one, as [{ secret }].'],
    ],
    [
      'no list',
      { keys: { secret: SECRET } },
      ['keys is not a list with a key in it: give at least one, as [{ secret }].'],
    ],
    [
      'text',
      { keys: SECRET },
      ['keys is not a list with a key in it: give at least one, as [{ secret }].'],
    ],
    [
      'a list of text',
      { keys: [SECRET] },
      ['keys[0]: has no key: give secret, privateKey or publicKey.'],
    ],
    [
      'a list of nothing',
      { keys: [null, undefined] },
      [
        expect.stringMatching(/^keys\[0\]: has no key/),
        expect.stringMatching(/^keys\[1\]: has no key/),
      ],
    ],
    [
      'a first key that only verifies',
      { keys: [{ publicKey }, { secret: SECRET }] },
      [
        'keys[0]: only verifies, and the first key signs: put one with a secret or privateKey first.',
      ],
    ],
    [
      'one kid for two keys',
      {
        keys: [
          { secret: SECRET, kid: 'a' },
          { secret: OTHER, kid: 'a' },
        ],
      },
      ['keys: two have the kid "a": give each its own, or leave kid out.'],
    ],
    [
      'one kid for three keys',
      { keys: ['a', 'b', 'c'].map((c) => ({ secret: c.repeat(32), kid: 'x' })) },
      ['keys: two have the kid "x": give each its own, or leave kid out.'],
    ],
    [
      'one key twice',
      { keys: [{ privateKey }, { publicKey }] },
      [expect.stringMatching(/^keys: two have the kid "/)],
    ],
    [
      'a good key and a bad one',
      { keys: [{ secret: SECRET }, { secret: 'short' }] },
      [expect.stringMatching(/^keys\[1\]: the secret has 5 bytes /)],
    ],
  ])('%s: says what is wrong and what to do', (_, options, problems) => {
    expect(resolveOptions(options).problems).toEqual(problems);
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
    writeTimeout: '0.001 to 3600',
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
    ['writeTimeout', '30d'],
    ['readTimeout', 3601],
  ] as const)('%s is out of range with %j', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([notADuration(name, value, RANGES[name])]);
  });

  it.each(['issuer', 'audience'])('%s is not null', (name) => {
    expect(problemsOf({ [name]: null })).toHaveLength(1);
  });

  it('checkSchema is not text', () => {
    expect(problemsOf({ checkSchema: 'yes' })).toEqual(['checkSchema is not true or false.']);
  });

  it.each([undefined, null, 1, 'yes', Promise.resolve(true)])(
    'a user whom isActive answers %j for is not active',
    (answer) => {
      const { resolved } = resolveOptions({ secret: SECRET, isActive: () => answer as never });
      expect(resolved.isActive({})).toBe(false);
    },
  );

  it('the first key is told its own mistake, and not that of the second', () => {
    const { problems } = resolveOptions({ keys: [{ secret: 'short' }, { publicKey }] });
    expect(problems).toEqual([expect.stringMatching(/^keys\[0\]: the secret has 5 bytes/)]);
  });

  const LEGACY =
    'legacyUntil is not a valid Date: give the instant at which the last old token has expired.';
  const ISSUER = 'issuer is not text: give the iss claim, or leave it out.';
  const AUDIENCE = 'audience is not text or a list of text: give the aud claim, or leave it out.';
  const CACHE = 'signatureCacheSize is not a whole number from 0 to 1000000.';
  const ACTIVE = 'isActive is not a function: give (user) => boolean.';
  const EXTRACTOR = 'jwtFromRequest is not a function: give one of ExtractJwt.';
  const CLOCK = 'clock has no now(): give { now: () => ms }.';

  it.each<[string, unknown, string]>([
    ['legacyUntil', new Date('never'), LEGACY],
    ['legacyUntil', '2030-01-01', LEGACY],
    ['legacyUntil', 1_900_000_000_000, LEGACY],
    ['legacyUntil', null, LEGACY],
    ['legacyUntil', {}, LEGACY],
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

  it('is told all at once', () => {
    const problems = problemsOf({
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
      clock: {},
      expireIn: '15m',
      isGlobal: true,
    });
    expect(problems).toHaveLength(13);
    const named = problems.map((problem) => problem.split(/[ :]/)[0]);
    expect(new Set(named)).toEqual(
      new Set([
        'options',
        'expiresIn',
        'clockTolerance',
        'readTimeout',
        'retryAfter',
        'issuer',
        'audience',
        'legacyUntil',
        'isActive',
        'jwtFromRequest',
        'clock',
        'expireIn',
        'isGlobal',
      ]),
    );
  });
});

const OPTION_NAMES = [
  'entity',
  'properties',
  'secret',
  'keys',
  'expiresIn',
  'issuer',
  'audience',
  'clockTolerance',
  'legacyUntil',
  'isActive',
  'jwtFromRequest',
  'signatureCacheSize',
  'readTimeout',
  'writeTimeout',
  'retryAfter',
  'globalTable',
  'checkSchema',
  'clock',
];
const EXTRA_NAMES = [
  'isGlobal',
  'globalGuard',
  'endpoint',
  'strategyName',
  'dataSource',
  'store',
  'listener',
  'imports',
];
const UNKNOWN_NAMES = ['expireIn', 'SECRET', 'toString', 'constructor', '__proto__', ''];

/** An object with this key of its own, whatever the key. */
const having = (name: string) => Object.fromEntries([[name, true]]);

describe('an option that a factory returns', () => {
  it.each(EXTRA_NAMES)('does not shape the module: %s', (name) => {
    expect(problemsOf(having(name))).toEqual([
      `${name} shapes the module and is not read from a factory: put it beside useFactory.`,
    ]);
  });

  it.each(UNKNOWN_NAMES)('is one that there is, and not %j', (name) => {
    const options = Object.fromEntries([
      ['secret', SECRET],
      [name, true],
    ]) as object;
    expect(resolveOptions(options as TokenInvalidationOptions).problems).toEqual([
      `${name} is not an option: choose from ${[...OPTION_NAMES, ...EXTRA_NAMES].join(', ')}.`,
    ]);
  });
});

describe('what stands beside a factory', () => {
  it('is the factory and what shapes the module', () => {
    const factory = [
      'useFactory',
      'useClass',
      'useExisting',
      'inject',
      'provideInjectionTokensFrom',
    ];
    const beside = Object.fromEntries([...factory, ...EXTRA_NAMES].map((name) => [name, true]));
    expect(misplacedOptions(beside)).toEqual([]);
  });

  it.each(OPTION_NAMES)('is not %s, which the factory returns', (name) => {
    expect(misplacedOptions({ useFactory: () => ({}), [name]: true })).toEqual([
      `${name} stands beside the factory: return it from the factory.`,
    ]);
  });

  it.each(UNKNOWN_NAMES)('is not %j, which is no option', (name) => {
    expect(misplacedOptions(having(name))).toEqual([
      expect.stringMatching(/ is not an option: choose from /),
    ]);
  });

  it('is told all at once', () => {
    const problems = misplacedOptions({ useFactory: () => ({}), secret: SECRET, clock: {}, x: 1 });
    expect(problems).toHaveLength(3);
  });
});
