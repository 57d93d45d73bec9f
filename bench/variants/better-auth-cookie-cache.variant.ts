import { startBetterAuth } from './better-auth.variant.js';
import { PLATFORMS, type Variant } from './variant.js';

/** No request reads anything, so that a session that was ended goes on until its cookie is renewed. */
export const betterAuthCookieCache: Variant = {
  name: 'better-auth-cookie-cache',
  title: 'better-auth with its cookie cache',
  platforms: PLATFORMS,
  revokedStatus: 200,
  forgedStatus: 401,
  start: (context) => startBetterAuth(context, true),
};
