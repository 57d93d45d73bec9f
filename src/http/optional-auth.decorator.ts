import { Reflector } from '@nestjs/core';

/**
 * Lets requests without a token pass as anonymous: `@CurrentUser()` is then `undefined`. A token that is present is
 * still judged, and a refused one gets 401. `@OptionalAuth(false)` undoes it for a route of such a controller.
 *
 * @example
 * ```ts
 * @OptionalAuth()
 * @Get('articles')
 * list(@CurrentUser() user?: User) { … }
 * ```
 */
export const OptionalAuth = Reflector.createDecorator<boolean | undefined, boolean>({
  transform: (optional = true) => optional,
});
