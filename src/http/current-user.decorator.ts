import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/**
 * The user of the request: an instance of the entity class, loaded for this request, without the columns that are
 * marked `select: false`. `undefined` where no user is known (`@Public`, `@OptionalAuth`).
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
