import type { ApplicationConfig } from '@nestjs/core';
import { describeGuard, type FoundGuard } from './guards.js';
import type { Handler } from './handler-list.js';

/** A microservice of the application. */
export interface Microservice {
  /** The number of its transport. */
  readonly transport: unknown;
  readonly config: unknown;
}

/** Whether the application's global guards reach a handler. */
export type Reach = 'reached' | 'missed' | 'unknown';

/** The global guards of an application: by `APP_GUARD` and `useGlobalGuards()`, and one for each request. */
export class GlobalGuards {
  readonly found: readonly FoundGuard[];

  constructor(
    private readonly config: ApplicationConfig,
    private readonly hasHttp: boolean,
    private readonly microservices: readonly Microservice[] | undefined,
  ) {
    const instances: unknown[] = config.getGlobalGuards();
    const classes = config.getGlobalRequestGuards().map(({ metatype }) => metatype);
    this.found = [...instances, ...classes].map((guard) => describeGuard(guard, 'globally'));
  }

  /** For guards other than `RevocableJwtGuard`, which reaches every handler. */
  reach(handler: Handler): Reach {
    if (handler.context === 'ws') return isNest12(this.config) ? 'reached' : 'missed';
    if (handler.context !== 'rpc' || !this.hasHttp) return 'reached';
    const serving = this.serving(handler);
    if (serving === undefined) return 'unknown';
    return serving.every(({ config }) => config === this.config) ? 'reached' : 'missed';
  }

  /** The microservices that serve a handler; `undefined`: not known. */
  serving({ transport }: Handler): readonly Microservice[] | undefined {
    const serving = this.microservices?.filter(
      (microservice) => transport === undefined || microservice.transport === transport,
    );
    return serving?.length === 0 ? undefined : serving;
  }
}

/** NestJS 11 makes gateways without the application's config. */
function isNest12(config: object): boolean {
  return 'getRouteConflictPolicy' in config;
}
