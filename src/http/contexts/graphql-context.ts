import type { ArgumentsHost } from '@nestjs/common';
import type { Handshake } from './handshake.js';

/** As much of a request as the guard writes: what Passport writes too. */
export interface AuthenticatedRequest {
  user?: unknown;
  authInfo?: unknown;
}

/** A request of HTTP, or what graphql-ws hands on in its place. */
interface GraphqlRequest extends AuthenticatedRequest {
  readonly headers?: Handshake['headers'];
  /** Express sets it. */
  readonly res?: unknown;
  /** Of graphql-ws. */
  readonly connectionParams?: Handshake['connectionParams'] | null;
  readonly extra?: { readonly request?: { readonly headers: Handshake['headers'] } };
}

/** As much of a GraphQL context as the drivers of Nest agree on: those of Apollo and Mercurius, over HTTP and WebSocket. */
export interface GraphqlContext extends GraphqlRequest {
  readonly req?: GraphqlRequest;
  readonly request?: GraphqlRequest;
  readonly reply?: { readonly request?: GraphqlRequest };
  /** What the client of a Mercurius subscription sent when it connected. */
  readonly _connectionInit?: Handshake['connectionParams'] | null;
}

/** As much of a resolver's `info` as is used. */
export interface FieldInfo {
  /** Made for one execution of one operation. */
  readonly variableValues?: object;
}

export function graphqlContext(host: ArgumentsHost): GraphqlContext {
  return host.getArgByIndex(isReference(host) ? 1 : 2);
}

export function graphqlInfo(host: ArgumentsHost): FieldInfo {
  return host.getArgByIndex(isReference(host) ? 2 : 3);
}

/** What no other call of a resolver has: all references of an operation share one `info`. */
export function graphqlField(host: ArgumentsHost): object {
  return host.getArgByIndex(isReference(host) ? 0 : 3);
}

/** A reference of a federated graph has no arguments: the resolver gets three values in place of four. */
function isReference(host: ArgumentsHost): boolean {
  return host.getArgs().length === 3;
}

/** Where guards of the application expect `user`: the request, or the context itself where it holds none. */
export function graphqlRequest(context: GraphqlContext): GraphqlRequest {
  return context.req ?? context.request ?? context.reply?.request ?? context;
}

/** The response of HTTP, where there is one. */
export function graphqlResponse(context: GraphqlContext): unknown {
  return context.res ?? context.reply ?? graphqlRequest(context).res;
}

/** How the client connected, for an operation that comes by WebSocket; `undefined`: it comes by HTTP. */
export function graphqlHandshake(context: GraphqlContext): Handshake | undefined {
  const request = graphqlRequest(context);
  const connection = [request, context].find(isConnection);
  const headers = upgradeHeaders(connection) ?? request.headers ?? {};
  const params = connection === undefined ? sentToMercurius(context) : connection.connectionParams;
  const byHttp = connection === undefined && params === undefined && !isUpgrade(headers);
  return byHttp ? undefined : { headers, connectionParams: params ?? {} };
}

/** Of graphql-ws: it has no `connectionParams` where the client gave none. */
function isConnection(part: GraphqlRequest): boolean {
  return 'connectionParams' in part || part.extra?.request !== undefined;
}

function upgradeHeaders(connection: GraphqlRequest | undefined): Handshake['headers'] | undefined {
  return connection?.extra?.request?.headers;
}

function sentToMercurius({ _connectionInit }: GraphqlContext): GraphqlContext['connectionParams'] {
  return _connectionInit;
}

/** What a context function makes of a connection may be its upgrade request alone (RFC 6455 section 4.1). */
function isUpgrade({ upgrade }: Handshake['headers']): boolean {
  return typeof upgrade === 'string' && upgrade.toLowerCase() === 'websocket';
}
