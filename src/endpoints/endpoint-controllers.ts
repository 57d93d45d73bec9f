import type { Provider, Type } from '@nestjs/common';
import type { EndpointsOptions } from './endpoints-options.js';
import { logoutEverywhereController } from './logout-everywhere.controller.js';
import { LogoutTransaction } from './logout-transaction.js';

/** The controllers of the endpoints that are switched on. */
export function endpointControllers(endpoints: EndpointsOptions | undefined): Type<object>[] {
  return endpoints?.logoutEverywhere === true ? [logoutEverywhereController(endpoints)] : [];
}

/** What the application does along with them. */
export function endpointProviders(endpoints: EndpointsOptions | undefined): Provider[] {
  const useClass = endpoints?.logoutTransaction;
  return useClass === undefined ? [] : [{ provide: LogoutTransaction, useClass }];
}
