import { applyDecorators, UseGuards } from '@nestjs/common';
import type { Duration } from '../options/duration.js';
import { noteDemand } from './hidden-demand.js';
import { MaxAuthAge } from './max-auth-age.js';
import { RevocableJwtGuard } from './revocable-jwt.guard.js';

/**
 * Demands that the user entered credentials at most this long ago (the token's `auth_time`); otherwise the answer is
 * the step-up challenge of RFC 9470. It adds `RevocableJwtGuard` to the route, so it works without a global guard.
 *
 * @throws TypeError when the duration is not one
 * @example
 * ```ts
 * @RequireRecentLogin('10m')
 * @Delete('account')
 * close(@CurrentUser() user: User) { … }
 * ```
 */
export function RequireRecentLogin(maxAge: Duration): ClassDecorator & MethodDecorator {
  return applyDecorators(note, MaxAuthAge(maxAge), UseGuards(RevocableJwtGuard));
}

/** For the audit of the application's handlers. */
function note(target: object, methodName?: string | symbol): void {
  if (methodName !== undefined) noteDemand(target, methodName);
}
