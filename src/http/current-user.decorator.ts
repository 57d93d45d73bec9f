import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { callerOf } from './contexts/caller.js';

/**
 * The user of the call, read for this call, in HTTP, GraphQL, WebSocket messages and RPC: the record of the store, with TypeORM an instance of the entity class
 * without the columns that are marked `select: false`. `undefined` where no user is known (`@Public`, `@OptionalAuth`).
 *
 * @example
 * ```ts
 * @Get('me')
 * me(@CurrentUser() user: User) { return { id: user.id }; }
 * ```
 */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): unknown => callerOf(context).user,
);
