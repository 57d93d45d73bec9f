import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { AccessAudit } from '../audit/access-audit.js';
import type { AccessEntry } from '../audit/access-entry.js';
import type { Microservice } from '../audit/microservices.js';

/**
 * Every handler of the application, with who may call it and what decides that: HTTP routes, fields of GraphQL's root
 * types, messages of gateways, RPC patterns, and routes that were added to the HTTP adapter past Nest. Sorted, for a
 * snapshot that shows in review which door a change opens.
 *
 * @param app - the application after `init()` or `listen()`, so that it has its routes and microservices
 * @example
 * ```ts
 * expect(listAccess(app).filter(({ access }) => access === 'public')).toMatchSnapshot();
 * ```
 */
export function listAccess(app: INestApplicationContext): AccessEntry[] {
  return app.get(AccessAudit, { strict: false }).list(microservicesOf(app));
}

/** Nest does not say which transport a microservice has, or whose config. */
function microservicesOf(app: INestApplicationContext): Microservice[] {
  const config = app.get(ApplicationConfig, { strict: false });
  const connected = (app as { getMicroservices?: () => object[] }).getMicroservices?.() ?? [app];
  return connected
    .filter((microservice) => 'serverInstance' in microservice)
    .map((microservice) => ({
      transport: (Reflect.get(microservice, 'serverInstance') as { transportId?: unknown } | null)
        ?.transportId,
      inherits: Reflect.get(microservice, 'applicationConfig') === config,
    }));
}
