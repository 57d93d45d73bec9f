import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig, Reflector } from '@nestjs/core';
import { RouteAccessReader } from '../http/route-access.js';
import { TokenInvalidationConfigError } from '../options/config-error.js';
import type { AccessEntry } from './access-entry.js';
import { AccessOfHandler } from './access-of-handler.js';
import { AdapterRoutes } from './adapter-routes.js';
import { AUDIT_SETTINGS, type AuditSettings } from './audit-settings.js';
import { GlobalGuards, type Microservice } from './global-guards.js';
import { type Handler, HandlerList } from './handler-list.js';

/** So many are named in the log; the list has them all. */
const NAMED = 20;

/** Knows every handler and who may call it, and says at boot which are open unnoticed. */
@Injectable()
export class AccessAudit implements OnApplicationBootstrap {
  private readonly logger = new Logger('TokenInvalidation');
  private readonly reader: RouteAccessReader;

  @Inject(ApplicationConfig)
  private readonly config!: ApplicationConfig;

  constructor(
    private readonly handlers: HandlerList,
    private readonly routes: AdapterRoutes,
    @Inject(AUDIT_SETTINGS) private readonly settings: AuditSettings,
  ) {
    this.reader = new RouteAccessReader(new Reflector(), settings.publicMetadataKey);
  }

  /** @throws TokenInvalidationConfigError in the mode `enforce`, with every handler that is open unnoticed */
  onApplicationBootstrap(): void {
    if (this.settings.mode === 'off') return;
    const problems = this.list()
      .filter(({ access }) => access === 'unguarded')
      .map(
        ({ context, name, handler, decidedBy }) => `${context} ${name} (${handler}): ${decidedBy}.`,
      );
    if (problems.length === 0) return;
    if (this.settings.mode === 'enforce') throw new TokenInvalidationConfigError(problems);
    const more = problems.length > NAMED ? [`and ${problems.length - NAMED} more`] : [];
    this.logger.warn(
      [
        'Anyone may call these handlers, and no @Public() says that they are meant to be open:',
        ...[...problems.slice(0, NAMED), ...more].map((line) => `  - ${line}`),
      ].join('\n'),
    );
  }

  /** @param microservices - those of the application; absent: not known, as at boot */
  list(microservices?: readonly Microservice[]): AccessEntry[] {
    const handlers = this.handlers.all();
    const globals = new GlobalGuards(this.config, this.routes.type !== undefined, microservices);
    const access = new AccessOfHandler(this.reader, globals, this.settings.findsMessageTokens);
    return [...handlers.map((handler) => access.of(handler)), ...this.rawRoutes(handlers)].toSorted(
      (one, other) => keyOf(one).localeCompare(keyOf(other), 'en'),
    );
  }

  private rawRoutes(handlers: readonly Handler[]): AccessEntry[] {
    return this.routes.raw(handlers, this.handlers.graphqlPaths()).map((name) => ({
      context: 'http',
      name,
      handler: `the router of ${this.routes.type}`,
      access: 'not checkable',
      decidedBy: 'added past Nest, so no guard runs',
    }));
  }
}

const keyOf = ({ context, name, handler }: AccessEntry): string => `${context} ${name} ${handler}`;
