import { Reflector } from '@nestjs/core';

/**
 * Opens a route, or all routes of a controller, to requests without a token. A token that is present is not looked
 * at, and no user is loaded. `@Public(false)` closes a route of an open controller. `@RequireRecentLogin` wins over it.
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
