import { Reflector } from '@nestjs/core';
import { type Duration, requireSeconds } from '../options/duration.js';

/** What `@RequireRecentLogin` leaves for the guard: how old the login may be, in seconds. */
export const MaxAuthAge = Reflector.createDecorator<Duration, number>({
  transform: (duration) => requireSeconds(duration, 'RequireRecentLogin'),
});
