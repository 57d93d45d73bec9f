import { type ApplicationConfig, Reflector } from '@nestjs/core';
import { expect, it } from 'vitest';
import { RouteAccessReader } from '../http/route-access.js';
import { AccessOfHandler } from './access-of-handler.js';
import { GlobalGuards } from './global-guards.js';
import type { Handler } from './handler.js';

class ApiKeyGuard {
  canActivate(): boolean {
    return true;
  }
}

class OrdersGateway {
  track(): void {}
}

it('a global guard of the application reaches no gateway on NestJS 11', () => {
  const config = { getGlobalGuards: () => [new ApiKeyGuard()], getGlobalRequestGuards: () => [] };
  const globals = new GlobalGuards(config as unknown as ApplicationConfig, true, []);
  const handler: Handler = {
    context: 'ws',
    name: 'track',
    type: OrdersGateway,
    methodName: 'track',
    method: Reflect.get(OrdersGateway.prototype, 'track'),
    isStatic: true,
  };
  const access = new AccessOfHandler(
    new RouteAccessReader(new Reflector(), undefined),
    globals,
    false,
  );
  expect(access.of(handler)).toEqual({
    context: 'ws',
    name: 'track',
    handler: 'OrdersGateway.track',
    access: 'unguarded',
    decidedBy: 'ApiKeyGuard globally, which reaches no gateway on NestJS 11',
  });
});
