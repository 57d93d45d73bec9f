import type { ExecutionContext } from '@nestjs/common';
import type { TokenClaims } from '../../rule/claims.js';
import {
  type AuthenticatedRequest,
  graphqlContext,
  graphqlField,
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

/** Of RPC messages. */
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
      return OPEN_FIELDS.has(graphqlField(context))
        ? NOBODY
        : writtenOn(graphqlRequest(graphqlContext(context)));
    case 'ws':
      return OF_SOCKETS.get(context.getArgByIndex<object>(0))?.get(context.getHandler()) ?? NOBODY;
    case 'rpc':
      return OF_MESSAGES.get(messageOf(context)) ?? NOBODY;
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

/** @throws Error where nothing of the message can hold who sent it */
export function setCallerOfMessage(context: ExecutionContext, caller: Caller): void {
  const message = messageOf(context);
  if (Object(message) !== message) {
    throw new Error(
      'RevocableJwtGuard cannot keep who sent this message: have your transport strategy hand a context to its handlers, an object for each message.',
    );
  }
  OF_MESSAGES.set(message, caller);
}

/** The context of an RPC message: each has its own. A strategy of the application's may hand over the data alone. */
function messageOf(context: ExecutionContext): object {
  return context.getArgByIndex<object | undefined>(1) ?? context.getArgByIndex<object>(0);
}
