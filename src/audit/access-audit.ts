import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig, Reflector } from '@nestjs/core';
import { RouteAccessReader } from '../http/route-access.js';
import { TokenInvalidationConfigError } from '../options/config.error.js';
import type { AccessEntry } from './access-entry.js';
import { AccessOfHandler } from './access-of-handler.js';
import { AdapterRoutes } from './adapter-routes.js';
import { AUDIT_SETTINGS, type AuditSettings } from './audit-settings.js';
import { GlobalGuards } from './global-guards.js';
import { HandlerList } from './handler-list.js';
import type { Handler } from './handler.js';
import { ConnectedMicroservices, type Microservice } from './microservices.js';
import { NestRoutes } from './nest-routes.js';

/** The most handlers that the log names; the list has them all. */
const NAMED = 20;

/** Knows every handler and who may call it, and says at boot which are open unnoticed. */
@Injectable()
export class AccessAudit implements OnApplicationBootstrap {
  private readonly logger = new Logger('TokenInvalidation');
  private readonly reader: RouteAccessReader;

  @Inject(ApplicationConfig)
  private readonly config!: ApplicationConfig;

  @Inject(ConnectedMicroservices)
  private readonly connected!: ConnectedMicroservices;

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
    const entries = this.listAtBoot();
    const unknown = entries.filter(({ access }) => access === 'not checkable').map(describe);
    if (unknown.length > 0) {
      this.logger.log(listed('Who may call these handlers is not known to the audit:', unknown));
    }
    const problems = entries.filter(({ access }) => access === 'unguarded').map(describe);
    if (problems.length === 0) return;
    if (this.settings.mode === 'enforce') throw new TokenInvalidationConfigError(problems);
    this.logger.warn(
      listed(
        'Anyone may call these handlers, and no @Public() says that they are meant to be open:',
        problems,
      ),
    );
  }

  private listAtBoot(): AccessEntry[] {
    try {
      return this.list();
    } finally {
      this.connected.stopCounting();
    }
  }

  /** @param microservices - those of the application, where the application can be asked, as it cannot at boot */
  list(microservices?: readonly Microservice[]): AccessEntry[] {
    const handlers = this.handlers.all();
    const globals = new GlobalGuards(
      this.config,
      this.routes.type !== undefined,
      microservices ?? this.connected.serving(handlers),
    );
    const access = new AccessOfHandler(this.reader, globals, this.settings.findsMessageTokens);
    return [...handlers.map((handler) => access.of(handler)), ...this.rawRoutes(handlers)].toSorted(
      (one, other) => keyOf(one).localeCompare(keyOf(other), 'en'),
    );
  }

  private rawRoutes(handlers: readonly Handler[]): AccessEntry[] {
    const ofNest = new NestRoutes(this.config);
    const known = [
      ...this.handlers.graphqlPaths(this.config.getGlobalPrefix()),
      ...ofNest.namesOf(handlers),
      ...ofNest.namesOfNotFound(handlers),
    ];
    return this.routes.raw(known).map((name) => ({
      context: 'http',
      name,
      handler: `the router of ${this.routes.type}`,
      access: 'not checkable',
      decidedBy: 'added past Nest, so no guard runs',
    }));
  }
}

function describe({ context, name, handler, decidedBy }: AccessEntry): string {
  return `${context} ${name} (${handler}): ${decidedBy}.`;
}

function listed(title: string, lines: readonly string[]): string {
  const more = lines.length > NAMED ? [`and ${lines.length - NAMED} more`] : [];
  return [title, ...[...lines.slice(0, NAMED), ...more].map((line) => `  - ${line}`)].join('\n');
}

const keyOf = ({ context, name, handler }: AccessEntry): string => `${context} ${name} ${handler}`;
