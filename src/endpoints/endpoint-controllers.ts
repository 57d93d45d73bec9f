import type { Provider, Type } from '@nestjs/common';
import { EndpointLogout } from './endpoint-logout.js';
import type { EndpointsOptions } from './endpoints-options.js';
import { logoutEverywhereController } from './logout-everywhere.controller.js';
import { LogoutTransaction } from './logout-transaction.js';

/** The controllers of the endpoints that are switched on. */
export function endpointControllers(endpoints: EndpointsOptions | undefined): Type<object>[] {
  return endpoints?.logoutEverywhere === true ? [logoutEverywhereController(endpoints)] : [];
}

/** What the controllers inject. */
export function endpointProviders(endpoints: EndpointsOptions | undefined): Provider[] {
  if (endpoints?.logoutEverywhere !== true) return [];
  const useClass = endpoints.logoutTransaction;
  return [
    EndpointLogout,
    ...(useClass === undefined ? [] : [{ provide: LogoutTransaction, useClass }]),
  ];
}
