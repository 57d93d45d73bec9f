import { expect, it } from 'vitest';
import { hiddenDemand } from './hidden-demand.js';
import { RequireRecentLogin } from './require-recent-login.decorator.js';

/** As a decorator for logging or caching may do. */
const Replaced: MethodDecorator = (_target, _name, descriptor) => {
  descriptor.value = (() => {}) as never;
};

class Routes {
  @RequireRecentLogin('10m')
  demanding(): void {}

  @Replaced
  @RequireRecentLogin('10m')
  hidden(): void {}

  @RequireRecentLogin('10m')
  @Replaced
  kept(): void {}

  @Replaced
  open(): void {}
}

@RequireRecentLogin('10m')
class DemandingRoutes {
  @Replaced
  route(): void {}
}

const isHidden = (type: { prototype: object }, name: string) =>
  hiddenDemand(type as never, name, Reflect.get(type.prototype, name) as Function);

it('a demand is hidden where a later decorator put another function in its place', () => {
  expect(isHidden(Routes, 'hidden')).toBe(true);
});

it.each(['demanding', 'kept', 'open'])('none is hidden of a method that is %s', (name) => {
  expect(isHidden(Routes, name)).toBe(false);
});

it('a demand on the class reaches all its methods', () => {
  expect(isHidden(DemandingRoutes, 'route')).toBe(false);
});
