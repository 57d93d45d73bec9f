import type { Provider, Type } from '@nestjs/common';
import { EndpointLogout } from './endpoint-logout.js';
import type { EndpointsOptions } from './endpoints-options.js';
import { introspectController } from './introspect.controller.js';
import { jwksController } from './jwks.controller.js';
import { logoutEverywhereController } from './logout-everywhere.controller.js';
import { LogoutTransaction } from './logout-transaction.js';
import { revokeController } from './revoke.controller.js';
import { sessionControllers } from './sessions.controller.js';

const JWKS_PATH = '.well-known/jwks.json';

/** The controllers of the endpoints that are switched on. */
export function endpointControllers(endpoints: EndpointsOptions | undefined): Type<object>[] {
  if (endpoints === undefined) return [];
  const { logoutEverywhere, sessions, revoke, introspect, jwks } = endpoints;
  return [
    ...(logoutEverywhere === true ? [logoutEverywhereController(endpoints)] : []),
    ...(sessions === true ? sessionControllers(endpoints) : []),
    ...(revoke ? [revokeController(endpoints)] : []),
    ...(introspect ? [introspectController({ ...endpoints, introspect })] : []),
    ...(jwks ? [jwksController(jwks === true ? JWKS_PATH : jwks)] : []),
  ];
}

/** What the controllers inject. */
export function endpointServices(endpoints: EndpointsOptions | undefined): Provider[] {
  if (endpoints?.logoutEverywhere !== true) return [];
  const useClass = endpoints.logoutTransaction;
  return [
    EndpointLogout,
    ...(useClass === undefined ? [] : [{ provide: LogoutTransaction, useClass }]),
  ];
}
