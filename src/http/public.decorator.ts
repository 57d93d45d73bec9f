import { Reflector } from '@nestjs/core';

/**
 * Opens a route, or all routes of a controller. A token that is present is ignored, and no user is loaded.
 * `@Public(false)` closes a route of an open controller.
 *
 * The decorator of a route wins over that of its controller. On the same route or controller the stricter one wins:
 * `@RequireRecentLogin`, then `@OptionalAuth`, then `@Public`.
 *
 * @example
 * ```ts
 * @Public()
 * @Post('login')
 * login() { … }
 * ```
 */
export const Public = Reflector.createDecorator<boolean | undefined, boolean>({
  transform: (open = true) => open,
});
