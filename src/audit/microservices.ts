import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AUDIT_SETTINGS, type AuditSettings } from './audit-settings.js';
import type { Handler } from './handler.js';

/** A microservice of the application. */
export interface Microservice {
  /** The number of its transport. `undefined`: a strategy of the application's that names none. */
  readonly transport: unknown;
  /** Whether the application's global guards reach its handlers; `undefined`: not known. */
  readonly inherits: boolean | undefined;
}

/** As much of a microservice's server as is used. */
interface RpcServer {
  readonly transportId?: unknown;
  addHandler(...handler: unknown[]): unknown;
}

/** What NestJS has from 11.1 on. */
interface RpcTargets {
  getRpcTargetRegistry?(): { subscribe(next: (server: RpcServer) => void): unknown };
}

/** Whether Nest gives a handler to a microservice. */
export function serves({ transport }: Pick<Microservice, 'transport'>, handler: Handler): boolean {
  if (handler.transport === undefined || transport === undefined) return true;
  return handler.transport === transport;
}

/**
 * The microservices that are connected, for the audit at boot. Nest names their servers, and says nothing of their
 * config. But where a microservice inherits the application's, Nest looks up its global guards before it adds a handler.
 */
@Injectable()
export class ConnectedMicroservices {
  private readonly connected: { transport: unknown; sawGuards: boolean }[] = [];
  private lookups = 0;
  private counting: ApplicationConfig['getGlobalGuards'] | undefined;

  /** Created with the modules, which is before a microservice can be connected. */
  constructor(
    modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    @Inject(AUDIT_SETTINGS) { mode }: AuditSettings,
  ) {
    if (mode === 'off') return;
    const getGlobalGuards = config.getGlobalGuards.bind(config);
    this.counting = () => {
      this.lookups += 1;
      return getGlobalGuards();
    };
    config.getGlobalGuards = this.counting;
    (modules as RpcTargets).getRpcTargetRegistry?.().subscribe((server) => this.watch(server));
  }

  /** @param handlers - those of the application: for a request-scoped one, guards are looked up with each message */
  serving(handlers: readonly Handler[]): readonly Microservice[] {
    return this.connected.map(({ transport, sawGuards }) => {
      const wouldSee = handlers.some(
        (handler) =>
          handler.context === 'rpc' && handler.isStatic && serves({ transport }, handler),
      );
      return { transport, inherits: sawGuards || (wouldSee ? false : undefined) };
    });
  }

  /** Leaves Nest's config as it was: after the boot nobody asks. */
  stopCounting(): void {
    if (this.config.getGlobalGuards === this.counting) {
      Reflect.deleteProperty(this.config, 'getGlobalGuards');
    }
  }

  private watch(server: RpcServer): void {
    const found = { transport: server.transportId, sawGuards: false };
    this.connected.push(found);
    let before = this.lookups;
    const addHandler = server.addHandler.bind(server);
    server.addHandler = (...handler) => {
      found.sawGuards ||= this.lookups > before;
      before = this.lookups;
      return addHandler(...handler);
    };
  }
}
