import { startBetterAuth } from './better-auth.variant.js';
import { PLATFORMS, type Variant } from './variant.js';

const DAY_SECONDS = 24 * 60 * 60;

/** No request reads anything, so that a session that was ended goes on until its cookie is renewed. */
export const betterAuthCookieCache: Variant = {
  name: 'better-auth-cookie-cache',
  title: 'better-auth with its cookie cache',
  platforms: PLATFORMS,
  revokedStatus: 200,
  forgedStatus: 401,
  // Longer than its default of five minutes: else the load, which takes no new cookies, would outlive its own.
  start: (context) =>
    startBetterAuth(context, { cookieCache: { enabled: true, maxAge: DAY_SECONDS } }),
};
