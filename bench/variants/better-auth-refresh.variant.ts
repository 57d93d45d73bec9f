import { startBetterAuth } from './better-auth.variant.js';
import { PLATFORMS, type Variant } from './variant.js';

/**
 * Its sessions have one token, which stays the same. What its refresh does is to move the end of the session: by an
 * UPDATE of its row, once the row is older than `updateAge`. With 0 each refresh is due, as each is in the load of the
 * others.
 */
export const betterAuthRefresh: Variant = {
  name: 'better-auth-refresh',
  title: 'better-auth, each session older than updateAge',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  start: (context) => startBetterAuth(context, { updateAge: 0 }),
};
