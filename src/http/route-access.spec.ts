import { SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it, vi } from 'vitest';
import { OptionalAuth } from './optional-auth.decorator.js';
import { Public } from './public.decorator.js';
import { RequireRecentLogin } from './require-recent-login.decorator.js';
import { type RouteAccess, RouteAccessReader } from './route-access.js';

type Mark = ClassDecorator & MethodDecorator;
type Controller = new () => { route(): void };

const MARKS = {
  nothing: [],
  '@Public()': [Public()],
  '@Public(false)': [Public(false)],
  '@OptionalAuth()': [OptionalAuth()],
  '@OptionalAuth(false)': [OptionalAuth(false)],
  'isPublic: true': [SetMetadata('isPublic', true)],
  'isPublic: false': [SetMetadata('isPublic', false)],
  '@RequireRecentLogin()': [RequireRecentLogin('10m')],
} satisfies Record<string, Mark[]>;

/** A controller with marks, and its one route with others. */
function controllerWith(onClass: readonly Mark[], onRoute: readonly Mark[]): Controller {
  class Marked {
    route(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Marked.prototype, 'route')!;
  for (const mark of onRoute) mark(Marked.prototype, 'route', descriptor);
  for (const mark of onClass) mark(Marked);
  return Marked;
}

function asked(controller: Controller): ExecutionContextHost {
  // oxlint-disable-next-line typescript/unbound-method -- Nest hands on handlers so
  return new ExecutionContextHost([], controller, controller.prototype.route as () => void);
}

const newReader = (key: string | undefined = 'isPublic') =>
  new RouteAccessReader(new Reflector(), key);
const accessOf = (onClass: readonly Mark[], onRoute: readonly Mark[], reader = newReader()) =>
  reader.of(asked(controllerWith(onClass, onRoute)));

/** In the table: `recent` is a login of the last ten minutes. */
const ACCESS = {
  login: { kind: 'login', maxAuthAge: undefined },
  recent: { kind: 'login', maxAuthAge: 600 },
  optional: { kind: 'optional', maxAuthAge: undefined },
  public: { kind: 'public', maxAuthAge: undefined },
} satisfies Record<string, RouteAccess>;

/** One row for each mark of the class; in it the access of a route with each mark, in the order of `MARKS`. */
const TABLE: Record<keyof typeof MARKS, (keyof typeof ACCESS)[]> = {
  nothing: ['login', 'public', 'login', 'optional', 'login', 'public', 'login', 'recent'],
  '@Public()': ['public', 'public', 'login', 'optional', 'login', 'public', 'login', 'recent'],
  '@Public(false)': ['login', 'public', 'login', 'optional', 'login', 'public', 'login', 'recent'],
  '@OptionalAuth()': [
    'optional',
    'public',
    'login',
    'optional',
    'login',
    'public',
    'login',
    'recent',
  ],
  '@OptionalAuth(false)': [
    'login',
    'public',
    'login',
    'optional',
    'login',
    'public',
    'login',
    'recent',
  ],
  'isPublic: true': ['public', 'public', 'login', 'optional', 'login', 'public', 'login', 'recent'],
  'isPublic: false': ['login', 'public', 'login', 'optional', 'login', 'public', 'login', 'recent'],
  '@RequireRecentLogin()': [
    'recent',
    'public',
    'recent',
    'optional',
    'recent',
    'public',
    'recent',
    'recent',
  ],
};
const NAMES = Object.keys(MARKS) as (keyof typeof MARKS)[];
const CELLS = NAMES.flatMap((onClass) =>
  NAMES.map((onRoute, column) => ({ onClass, onRoute, access: TABLE[onClass][column]! })),
);

describe('RouteAccessReader: the nearer decorator wins', () => {
  it.each(CELLS)(
    '$onRoute in a controller with $onClass: $access',
    ({ onClass, onRoute, access }) => {
      expect(accessOf(MARKS[onClass], MARKS[onRoute])).toStrictEqual(ACCESS[access]);
    },
  );

  it('also among two demands for a recent login', () => {
    const near = [RequireRecentLogin('1h')];
    expect(accessOf(MARKS['@RequireRecentLogin()'], near)).toStrictEqual({
      kind: 'login',
      maxAuthAge: 3600,
    });
    expect(accessOf(near, [RequireRecentLogin(0)])).toStrictEqual({ kind: 'login', maxAuthAge: 0 });
  });
});

describe('RouteAccessReader: on one target the stricter decorator wins', () => {
  const { '@Public()': open, '@OptionalAuth()': optional, '@RequireRecentLogin()': recent } = MARKS;

  it.each<[string, Mark[], keyof typeof ACCESS]>([
    ['@RequireRecentLogin over @Public', [...open, ...recent], 'recent'],
    ['@RequireRecentLogin over @OptionalAuth', [...optional, ...recent], 'recent'],
    [
      '@RequireRecentLogin over the application’s mark',
      [...MARKS['isPublic: true'], ...recent],
      'recent',
    ],
    ['@OptionalAuth over @Public, so that a token is judged', [...open, ...optional], 'optional'],
    [
      '@OptionalAuth over the application’s mark',
      [...MARKS['isPublic: true'], ...optional],
      'optional',
    ],
    [
      '@Public(false) over the application’s mark',
      [...MARKS['isPublic: true'], Public(false)],
      'login',
    ],
    ['@Public(false) leaves @OptionalAuth', [Public(false), ...optional], 'optional'],
    ['@OptionalAuth(false) leaves @Public', [...open, OptionalAuth(false)], 'public'],
    [
      '@Public over the application’s isPublic: false',
      [...open, ...MARKS['isPublic: false']],
      'public',
    ],
  ])('%s', (_, marks, access) => {
    const reversed = marks.toReversed();
    expect([accessOf(marks, []), accessOf([], marks), accessOf([], reversed)]).toStrictEqual(
      Array.from({ length: 3 }, () => ACCESS[access]),
    );
  });
});

describe('RouteAccessReader: the application’s own metadata', () => {
  it.each(['true', 1, {}, [], null])('opens nothing when it is %j', (value) => {
    const mark = SetMetadata('isPublic', value);
    expect(accessOf([], [mark])).toStrictEqual(ACCESS.login);
    expect(accessOf(MARKS['@Public()'], [mark])).toStrictEqual(ACCESS.login);
  });

  it('opens nothing under another key, or without one', () => {
    const [route, controller] = [[SetMetadata('isPublic', true)], [SetMetadata('isPublic', true)]];
    for (const key of ['public', 'IsPublic']) {
      expect(accessOf(controller, route, newReader(key))).toStrictEqual(ACCESS.login);
    }
    const none = new RouteAccessReader(new Reflector(), undefined);
    expect(accessOf(controller, route, none)).toStrictEqual(ACCESS.login);
  });
});

describe('RouteAccessReader: controllers that inherit', () => {
  const Base = controllerWith([], []);
  @Public()
  class Open extends Base {}
  @Public(false)
  class Closed extends Open {}
  @RequireRecentLogin('10m')
  class Recent extends Open {}
  class Plain extends Open {}

  it('take the marks of their base, unless they have the same', () => {
    const reader = newReader();
    const access = [Base, Open, Closed, Recent, Plain].map((each) => reader.of(asked(each)).kind);
    expect(access).toEqual(['login', 'public', 'login', 'login', 'public']);
  });

  it('have their own decorators although they share the handler', () => {
    const reader = newReader();
    expect(reader.of(asked(Open))).toStrictEqual(ACCESS.public);
    expect(reader.of(asked(Base))).toStrictEqual(ACCESS.login);
    expect(reader.of(asked(Open))).toStrictEqual(ACCESS.public);
  });
});

describe('RouteAccessReader', () => {
  it('reads the decorators of a route once', () => {
    const reflector = new Reflector();
    const read = vi.spyOn(reflector, 'get');
    const reader = new RouteAccessReader(reflector, 'isPublic');
    const [one, other] = [controllerWith([], []), controllerWith([], [])];
    const access = reader.of(asked(one));
    const reads = read.mock.calls.length;
    expect(reads).toBeGreaterThan(0);
    expect(reader.of(asked(one))).toBe(access);
    expect(read).toHaveBeenCalledTimes(reads);
    reader.of(asked(other));
    expect(read).toHaveBeenCalledTimes(2 * reads);
  });

  it('does not take what is no duration', () => {
    expect(() => RequireRecentLogin('soon')(Date)).toThrow(/^RequireRecentLogin is "soon": /);
  });
});
