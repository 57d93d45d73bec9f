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

/**
 * Who makes a call, by an object among its arguments and by its handler: a socket has many calls, and a message may
 * have several handlers. Not a property of the socket: an application that logs a socket would log the user. Not a
 * service: parameter decorators have none.
 */
const CALLERS = new WeakMap<object, WeakMap<object, Caller>>();

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
      return notedCaller(context) ?? writtenOn(graphqlRequest(graphqlContext(context)));
    case 'ws':
    case 'rpc':
      return notedCaller(context) ?? NOBODY;
    default:
      return writtenOn(context.switchToHttp().getRequest());
  }
}

function notedCaller(context: ExecutionContext): Caller | undefined {
  return CALLERS.get(subjectOf(context))?.get(context.getHandler());
}

function writtenOn({ user, authInfo }: AuthenticatedRequest): Caller {
  return { user, claims: authInfo as TokenClaims | undefined };
}

export function writeCaller(request: AuthenticatedRequest, { user, claims }: Caller): void {
  request.user = user;
  request.authInfo = claims;
}

/**
 * @param caller - left out where anyone may call
 * @throws Error where nothing of the call can hold who makes it
 */
export function noteCaller(context: ExecutionContext, caller: Caller = NOBODY): void {
  const subject = subjectOf(context);
  if (Object(subject) !== subject) {
    if (caller === NOBODY) return;
    throw new Error(
      'RevocableJwtGuard cannot keep who sent this message: have your transport strategy hand a context to its handlers, an object for each message.',
    );
  }
  let handlers = CALLERS.get(subject);
  if (handlers === undefined) CALLERS.set(subject, (handlers = new WeakMap()));
  handlers.set(context.getHandler(), caller);
}

/** What tells calls of one handler apart: a field, a socket or the context of a message. */
function subjectOf(context: ExecutionContext): object {
  const type = context.getType<string>();
  if (type === 'graphql') return graphqlField(context);
  // A transport strategy of the application may hand over the data alone.
  const message = type === 'rpc' ? context.getArgByIndex<object | undefined>(1) : undefined;
  return message ?? context.getArgByIndex<object>(0);
}
