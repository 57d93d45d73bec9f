import type { ApplicationConfig } from '@nestjs/core';
import { describeGuard, type FoundGuard } from './guards.js';
import type { Handler } from './handler.js';
import { type Microservice, serves } from './microservices.js';

/** Whether the application's global guards reach a handler. */
export type Reach = 'reached' | 'missed' | 'unknown';

/** The global guards of an application: by `APP_GUARD` and `useGlobalGuards()`, and one for each request. */
export class GlobalGuards {
  readonly found: readonly FoundGuard[];

  constructor(
    private readonly config: ApplicationConfig,
    private readonly hasHttp: boolean,
    private readonly microservices: readonly Microservice[],
  ) {
    const instances: unknown[] = config.getGlobalGuards();
    const classes = config.getGlobalRequestGuards().map(({ metatype }) => metatype);
    this.found = [...instances, ...classes].map((guard) => describeGuard(guard, 'globally'));
  }

  /** For guards other than `RevocableJwtGuard`, which reaches every handler. */
  reach(handler: Handler): Reach {
    if (handler.context === 'ws') return isNest12(this.config) ? 'reached' : 'missed';
    if (handler.context !== 'rpc' || !this.hasHttp) return 'reached';
    const inherit = this.serving(handler).map(({ inherits }) => inherits);
    if (inherit.includes(false)) return 'missed';
    // One may be connected later.
    return inherit.length === 0 || inherit.includes(undefined) ? 'unknown' : 'reached';
  }

  /** The microservices that serve a handler, as far as they are connected. */
  serving(handler: Handler): readonly Microservice[] {
    return this.microservices.filter((microservice) => serves(microservice, handler));
  }
}

/** NestJS 11 makes gateways without the application's config. */
function isNest12(config: object): boolean {
  return 'getRouteConflictPolicy' in config;
}
