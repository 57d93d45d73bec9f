import type { RouteAccess, RouteAccessReader } from '../http/route-access.js';
import { hiddenDemand } from '../http/hidden-demand.js';
import type { Access, AccessEntry } from './access-entry.js';
import type { GlobalGuards } from './global-guards.js';
import { type FoundGuard, guardsOn } from './guards.js';
import type { Handler } from './handler.js';

/** Access, and what decides it. */
type Decision = Pick<AccessEntry, 'access' | 'decidedBy'>;

/** Transports whose headers are read: NATS, gRPC, RabbitMQ and Kafka, by Nest's numbers. */
const WITH_HEADERS = new Set<unknown>([2, 4, 5, 6]);

const GUARDS_SKIPPED =
  "Nest runs no guard here without fieldResolverEnhancers: ['guards'] in the options of GraphQLModule; set it, or add @Public() if anyone may call it";

const NO_GUARD = 'no guard; add RevocableJwtGuard, or @Public() if anyone may call it';

/** Decides who may call a handler, from its decorators and from the guards that run before it. */
export class AccessOfHandler {
  constructor(
    private readonly reader: RouteAccessReader,
    private readonly globals: GlobalGuards,
    private readonly findsMessageTokens: boolean,
  ) {}

  of(handler: Handler): AccessEntry {
    const { context, name, type, methodName } = handler;
    return { context, name, handler: `${type.name}.${methodName}`, ...this.decide(handler) };
  }

  private decide(handler: Handler): Decision {
    const demand = this.reader.read(handler.method, handler.type);
    if (hiddenDemand(handler.type, handler.methodName, handler.method)) {
      return {
        access: 'unguarded',
        decidedBy:
          '@RequireRecentLogin() is hidden by a decorator above it that replaces the method; put it above that one',
      };
    }
    if (demand.kind === 'public') return { access: 'public', decidedBy: '@Public()' };
    if (handler.skipsGuards === true) return { access: 'unguarded', decidedBy: GUARDS_SKIPPED };
    const guards = [...this.globals.found, ...guardsOn(handler)];
    const ours = guards.find(({ kind }) => kind === 'ours');
    return ours === undefined
      ? this.withoutOurs(handler, guards)
      : this.withOurs(handler, demand, ours);
  }

  private withOurs(handler: Handler, demand: RouteAccess, ours: FoundGuard): Decision {
    if (!this.findsToken(handler)) {
      return {
        access: 'not checkable',
        decidedBy:
          'no header of its transport is read; set rpc.token, until then every call is refused',
      };
    }
    return { access: accessOf(demand), decidedBy: textOf(ours) };
  }

  private withoutOurs(handler: Handler, guards: readonly FoundGuard[]): Decision {
    const others = guards.filter(({ kind }) => kind === 'other');
    const local = others.find(({ where }) => where !== 'globally');
    if (local !== undefined) return { access: 'other guard', decidedBy: textOf(local) };

    const [global] = others;
    const reach = global === undefined ? 'missed' : this.globals.reach(handler);
    if (reach === 'reached') return { access: 'other guard', decidedBy: textOf(global!) };
    if (reach === 'unknown') {
      return {
        access: 'not checkable',
        decidedBy: `${textOf(global!)}, if connectMicroservice was given { inheritAppConfig: true }`,
      };
    }
    return guards.some(({ kind }) => kind === 'nameless')
      ? {
          access: 'not checkable',
          decidedBy:
            'a guard class without a name, which some versions of Nest ignore; give it one',
        }
      : { access: 'unguarded', decidedBy: missed(handler, global) };
  }

  private findsToken(handler: Handler): boolean {
    if (handler.context !== 'rpc' || this.findsMessageTokens) return true;
    const transports =
      handler.transport === undefined
        ? this.globals.serving(handler).map(({ transport }) => transport)
        : [handler.transport];
    return transports.every((transport) => WITH_HEADERS.has(transport));
  }
}

function accessOf({ kind, maxAuthAge }: RouteAccess): Access {
  if (kind === 'optional') return 'optional';
  return maxAuthAge === undefined ? 'login' : 'recent login';
}

function textOf({ name, where }: FoundGuard): string {
  return `${name} ${where}`;
}

function missed({ context }: Handler, global: FoundGuard | undefined): string {
  if (global === undefined) return NO_GUARD;
  return context === 'ws'
    ? `${textOf(global)}, which reaches no gateway on NestJS 11`
    : `${textOf(global)}, which reaches no microservice that was connected without { inheritAppConfig: true }`;
}
