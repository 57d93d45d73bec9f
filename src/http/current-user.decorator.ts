import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/**
 * The user of the request, read for this request: the record of the store, with TypeORM an instance of the entity class
 * without the columns that are marked `select: false`. `undefined` where no user is known (`@Public`, `@OptionalAuth`).
 *
 * @example
 * ```ts
 * @Get('me')
 * me(@CurrentUser() user: User) { return { id: user.id }; }
 * ```
 */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): unknown =>
    context.switchToHttp().getRequest<{ user?: unknown }>().user,
);
