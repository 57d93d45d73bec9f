import type { Type } from '@nestjs/common';
import type { EndpointsOptions } from './endpoints-options.js';
import { logoutEverywhereController } from './logout-everywhere.controller.js';

/** The controllers of the endpoints that are switched on. */
export function endpointControllers(endpoints: EndpointsOptions | undefined): Type<object>[] {
  return endpoints?.logoutEverywhere === true ? [logoutEverywhereController(endpoints)] : [];
}
