import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it, vi } from 'vitest';
import { OptionalAuth } from './optional-auth.decorator.js';
import { Public } from './public.decorator.js';
import { RequireRecentLogin } from './require-recent-login.decorator.js';
import { type RouteAccess, RouteAccessReader } from './route-access.js';

class Base {
  plain(): void {}

  @Public()
  open(): void {}

  @Public(false)
  closed(): void {}

  @OptionalAuth()
  optional(): void {}

  @OptionalAuth(false)
  required(): void {}

  @RequireRecentLogin('10m')
  recent(): void {}

  @Public()
  @OptionalAuth()
  @RequireRecentLogin(0)
  contradictory(): void {}
}

class Closed extends Base {}

@Public()
class Open extends Base {}

@OptionalAuth()
class Visited extends Base {}

const CLOSED: RouteAccess = { isOpen: false, admitsAnonymous: false, maxAuthAge: undefined };
const OPEN = { ...CLOSED, isOpen: true };
const OPTIONAL = { ...CLOSED, admitsAnonymous: true };
const BOTH = { ...OPEN, admitsAnonymous: true };
const RECENT = { ...CLOSED, maxAuthAge: 600 };

type Route = keyof Base;
const asked = (controller: typeof Base, route: Route) =>
  // oxlint-disable-next-line typescript/unbound-method -- Nest hands on handlers so
  new ExecutionContextHost([], controller, controller.prototype[route]);

const reader = new RouteAccessReader(new Reflector());

describe('RouteAccessReader', () => {
  it.each<[Route, RouteAccess, RouteAccess, RouteAccess]>([
    ['plain', CLOSED, OPEN, OPTIONAL],
    ['open', OPEN, OPEN, BOTH],
    ['closed', CLOSED, CLOSED, OPTIONAL],
    ['optional', OPTIONAL, BOTH, OPTIONAL],
    ['required', CLOSED, OPEN, CLOSED],
    ['recent', RECENT, RECENT, RECENT],
    [
      'contradictory',
      { ...CLOSED, maxAuthAge: 0 },
      { ...CLOSED, maxAuthAge: 0 },
      { ...CLOSED, maxAuthAge: 0 },
    ],
  ])(
    'reads the route %s of a plain controller, of an open one and of one for visitors',
    (route, ...expected) => {
      // Twice: what is remembered is what was read.
      for (const _ of [1, 2]) {
        const found = [Closed, Open, Visited].map((each) => reader.of(asked(each, route)));
        expect(found).toStrictEqual(expected);
      }
    },
  );

  it('reads the decorators of a route once', () => {
    const reflector = new Reflector();
    const read = vi.spyOn(reflector, 'getAllAndOverride');
    const own = new RouteAccessReader(reflector);
    own.of(asked(Closed, 'plain'));
    const reads = read.mock.calls.length;
    expect(reads).toBeGreaterThan(0);
    expect(own.of(asked(Closed, 'plain'))).toBe(own.of(asked(Closed, 'plain')));
    expect(read).toHaveBeenCalledTimes(reads);
    own.of(asked(Closed, 'open'));
    own.of(asked(Closed, 'plain'));
    expect(read).toHaveBeenCalledTimes(2 * reads);
  });

  it('does not take what is no duration', () => {
    expect(() => RequireRecentLogin('soon')(Closed)).toThrow(/^RequireRecentLogin is "soon": /);
  });
});
