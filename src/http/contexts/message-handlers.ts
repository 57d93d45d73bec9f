// Where Nest's decorators leave their metadata. Read by name, so that no package is loaded for it.
const GATEWAY = 'websockets:is_gateway';
const GATEWAY_HANDLER = 'websockets:message_mapping';
const GATEWAY_MESSAGE = 'message';
const RPC_PATTERNS = 'microservices:pattern';
const RPC_TRANSPORT = 'microservices:transport';
const RPC_KIND = 'microservices:handler_type';
const RPC_EVENT = 2;

/** Key of the metadata that classes and methods of GraphQL resolvers have. */
export const RESOLVER_TYPE = 'graphql:resolver_type';

export function isGateway(type: object): boolean {
  return Reflect.hasMetadata(GATEWAY, type);
}

/** The message that a gateway's method handles; `undefined`: none. */
export function gatewayMessage(method: object): unknown {
  return Reflect.hasMetadata(GATEWAY_HANDLER, method)
    ? Reflect.getMetadata(GATEWAY_MESSAGE, method)
    : undefined;
}

/** The patterns that a controller's method handles; `undefined`: none. */
export function rpcPatterns(method: object): unknown[] | undefined {
  return Reflect.getMetadata(RPC_PATTERNS, method) as unknown[] | undefined;
}

/** The number of the transport that the handler names; `undefined`: any. */
export function rpcTransport(method: object): unknown {
  return Reflect.getMetadata(RPC_TRANSPORT, method);
}

export function isEventHandler(method: object): boolean {
  return Reflect.getMetadata(RPC_KIND, method) === RPC_EVENT;
}
