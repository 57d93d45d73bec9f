import type { ExecutionContext } from '@nestjs/common';
import type { TokenClaims } from '../../rule/claims.js';
import {
  type AuthenticatedRequest,
  type GraphqlContext,
  graphqlRequest,
} from './graphql-context.js';

/** Who makes a call, as the guard found it. Empty where no token was judged. */
export interface Caller {
  /** The user's record, read for this call. */
  readonly user?: unknown;
  /** The claims of the token. */
  readonly claims?: TokenClaims | undefined;
}

const NOBODY: Caller = {};

/** Of a socket and a handler. A socket has many calls, and the calls of one handler make the same demand. */
const OF_SOCKETS = new WeakMap<object, WeakMap<object, Caller>>();

/** Of the context of an RPC message: each message has its own. */
const OF_MESSAGES = new WeakMap<object, Caller>();

/** Fields of a GraphQL operation that anyone may resolve, while its other fields may know the caller. */
const OPEN_FIELDS = new WeakSet<object>();

/**
 * Who makes this call, in HTTP, GraphQL, WebSocket messages and RPC: for guards and interceptors of the application.
 * Handlers have `@CurrentUser()` and `@TokenClaims()`.
 *
 * @example
 * ```ts
 * canActivate(context: ExecutionContext) {
 *   const user = callerOf(context).user as User | undefined;
 *   return user?.role === 'admin';
 * }
 * ```
 */
export function callerOf(context: ExecutionContext): Caller {
  switch (context.getType<string>()) {
    case 'graphql':
      return OPEN_FIELDS.has(context.getArgByIndex<object>(3))
        ? NOBODY
        : writtenOn(graphqlRequest(context.getArgByIndex<GraphqlContext>(2)));
    case 'ws':
      return OF_SOCKETS.get(context.getArgByIndex<object>(0))?.get(context.getHandler()) ?? NOBODY;
    case 'rpc':
      return OF_MESSAGES.get(context.getArgByIndex<object>(1)) ?? NOBODY;
    default:
      return writtenOn(context.switchToHttp().getRequest());
  }
}

function writtenOn({ user, authInfo }: AuthenticatedRequest): Caller {
  return { user, claims: authInfo as TokenClaims | undefined };
}

export function writeCaller(request: AuthenticatedRequest, { user, claims }: Caller): void {
  request.user = user;
  request.authInfo = claims;
}

export function openField(info: object): void {
  OPEN_FIELDS.add(info);
}

export function setCallerOfSocket(client: object, handler: object, caller: Caller): void {
  let handlers = OF_SOCKETS.get(client);
  if (handlers === undefined) OF_SOCKETS.set(client, (handlers = new WeakMap()));
  handlers.set(handler, caller);
}

export function clearCallerOfSocket(client: object, handler: object): void {
  OF_SOCKETS.get(client)?.delete(handler);
}

export function setCallerOfMessage(message: object, caller: Caller): void {
  OF_MESSAGES.set(message, caller);
}
