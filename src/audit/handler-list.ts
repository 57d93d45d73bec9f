import { Injectable, RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import {
  gatewayMessage,
  isGateway,
  rpcPatterns,
  rpcTransport,
} from '../http/contexts/message-handlers.js';
import { graphqlFields, type GraphqlOptions } from './graphql-fields.js';
import type { Handler, Method } from './handler.js';

/** Every handler of the application, whichever module, base class or factory it comes from. */
@Injectable()
export class HandlerList {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModulesContainer,
  ) {}

  all(): Handler[] {
    const found = this.discovery.getControllers();
    const controllers = found.flatMap((wrapper) => {
      const same = found.filter(({ metatype }) => metatype === wrapper.metatype);
      const modulePaths = same.map(({ host }) => this.pathOf(host?.metatype));
      const methods = this.methodsOf(wrapper.metatype, wrapper.isDependencyTreeStatic());
      return methods.map((method) => Object.assign(method, { modulePaths }));
    });
    const providers = this.discovery.getProviders().flatMap((wrapper) => {
      // A factory may return an instance of any class.
      const made = (wrapper.instance as object | null)?.constructor;
      return this.methodsOf(made ?? wrapper.metatype, wrapper.isDependencyTreeStatic());
    });
    const runsGuards = this.runsGuardsForFields();
    return withoutRepeats([
      ...controllers.flatMap((method) => routesOf(method).concat(patternsOf(method))),
      ...providers.flatMap((method) =>
        graphqlFields(method, runsGuards).concat(messagesOf(method)),
      ),
    ]);
  }

  /** GraphQL is one route of HTTP, and its fields are listed for themselves. */
  graphqlPaths(globalPrefix: string): string[] {
    return this.graphqlOptions().map(({ path = 'graphql', useGlobalPrefix = false }) =>
      joinPath(useGlobalPrefix ? globalPrefix : '', path),
    );
  }

  /** What the `RouterModule` gave to a module; Nest keeps it under a key with the application's id. */
  private pathOf(module: Function | undefined): string {
    if (module === undefined) return '';
    const keys = [`__module_path__${this.modules.applicationId}`, '__module_path__'];
    const [path = ''] = keys.flatMap((key) => Reflect.getMetadata(key, module) ?? []);
    return String(path);
  }

  private runsGuardsForFields(): boolean {
    return this.graphqlOptions().every(
      ({ fieldResolverEnhancers }) => fieldResolverEnhancers?.includes('guards') === true,
    );
  }

  private graphqlOptions(): GraphqlOptions[] {
    return this.discovery
      .getProviders()
      .filter(({ token }) => token === 'GqlModuleOptions')
      .map(({ instance }) => (instance as GraphqlOptions | null) ?? {});
  }

  private methodsOf(type: unknown, isStatic: boolean): Method[] {
    if (typeof type !== 'function' || typeof type.prototype !== 'object') return [];
    const prototype = type.prototype as object | null;
    if (prototype === null) return [];
    return this.scanner.getAllMethodNames(prototype).map((methodName) => ({
      type,
      methodName,
      method: Reflect.get(prototype, methodName) as Function,
      isStatic,
    }));
  }
}

function routesOf(found: Method): Handler[] {
  const verb = Reflect.getMetadata('method', found.method) as RequestMethod | undefined;
  const paths = Reflect.getMetadata('path', found.method) as string | string[] | undefined;
  if (verb === undefined || paths === undefined) return [];
  const bases = Reflect.getMetadata('path', found.type) as string | string[] | undefined;
  const names = [bases ?? '']
    .flat()
    .flatMap((base) => [paths].flat().map((path) => joinPath(base, path)));
  return names.map((path) => calledBy(found, 'http', `${RequestMethod[verb]} ${path}`));
}

/** A method as a client calls it. */
function calledBy(found: Method, context: Handler['context'], name: string): Handler {
  return { ...found, context, name };
}

export function joinPath(...parts: string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter(Boolean)
    .join('/')}`;
}

function patternsOf(found: Method): Handler[] {
  const transport = rpcTransport(found.method);
  return (rpcPatterns(found.method) ?? []).map((pattern) =>
    Object.assign(calledBy(found, 'rpc', textOf(pattern)), { transport }),
  );
}

function messagesOf(found: Method): Handler[] {
  const message = isGateway(found.type) ? gatewayMessage(found.method) : undefined;
  return message === undefined ? [] : [calledBy(found, 'ws', textOf(message))];
}

function textOf(pattern: unknown): string {
  return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
}

/** Two modules may have one class. */
function withoutRepeats(handlers: Handler[]): Handler[] {
  const seen = new Map<Function, Set<string>>();
  return handlers.filter(({ type, context, name, methodName }) => {
    const names = seen.get(type) ?? new Set();
    seen.set(type, names);
    const key = `${context} ${name} ${methodName}`;
    return !names.has(key) && names.add(key);
  });
}
