import { RESOLVER_TYPE } from '../http/contexts/message-handlers.js';
import type { Handler, Method } from './handler.js';

// Where Nest's decorators leave their metadata. Read by name, so that no package is loaded for it.
const NAME = 'graphql:resolver_name';
const REFERENCE = 'graphql:resolve_reference';
const FIELD = 'graphql:resolve_property';
const GUARDS = '__guards__';

const ROOT_TYPES = new Set<unknown>(['Query', 'Mutation', 'Subscription']);

/** As much of the options of GraphQLModule as is used. */
export interface GraphqlOptions {
  readonly path?: string;
  readonly useGlobalPrefix?: boolean;
  readonly fieldResolverEnhancers?: readonly string[];
}

/**
 * Fields of the root types, which clients ask for; references, which they ask for by `_entities` of a federated graph;
 * and fields of objects that have a guard. Other fields are reached through these, and the guard of these decides.
 *
 * @param runsGuards - whether Nest runs guards for more than the root types
 */
export function graphqlFields(found: Method, runsGuards: boolean): Handler[] {
  const parent = (Reflect.getMetadata(RESOLVER_TYPE, found.method) ??
    Reflect.getMetadata(RESOLVER_TYPE, found.type)) as unknown;
  if (typeof parent !== 'string') return [];
  const isReference = Reflect.hasMetadata(REFERENCE, found.method);
  const isRoot =
    !isReference && ROOT_TYPES.has(parent) && Reflect.hasMetadata(RESOLVER_TYPE, found.method);
  if (!isRoot && !isReference && !isGuardedField(found.method)) return [];
  return [
    {
      ...found,
      context: 'graphql',
      name: `${parent}.${isReference ? '__resolveReference' : nameOf(found)}`,
      skipsGuards: !isRoot && !runsGuards,
    },
  ];
}

function isGuardedField(method: Function): boolean {
  return Reflect.hasMetadata(FIELD, method) && Reflect.hasMetadata(GUARDS, method);
}

function nameOf({ method, methodName }: Method): string {
  return (Reflect.getMetadata(NAME, method) ?? methodName) as string;
}
