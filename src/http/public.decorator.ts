import { Reflector } from '@nestjs/core';

/**
 * Opens a route, or all routes of a controller. A token that is present is ignored, and no user is loaded. The nearer
 * decorator wins: `@Public(false)` closes a route of an open controller, and so does `@RequireRecentLogin` there.
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
