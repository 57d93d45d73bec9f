import type { EndpointsOptions } from './endpoints-options.js';

/** Injection token of what the module's option `endpoints` says; an empty object without it. */
export const ENDPOINT_SETTINGS = Symbol('nestjs-token-invalidation: endpoints');

export type EndpointSettings = Partial<EndpointsOptions>;
