import { betterAuthCookieCache } from './better-auth-cookie-cache.variant.js';
import { betterAuth } from './better-auth.variant.js';
import { careful } from './careful.variant.js';
import { docsKeyobject } from './docs-keyobject.variant.js';
import { docs } from './docs.variant.js';
import { fastifyJwt } from './fastify-jwt.variant.js';
import { handWritten } from './hand-written.variant.js';
import { library } from './library.variant.js';
import { open } from './open.variant.js';
import { sessions } from './sessions.variant.js';
import type { Variant } from './variant.js';

/** In the order of the report; `--only` knows them by name or by their place here. */
export const VARIANTS: readonly Variant[] = [
  open,
  docs,
  docsKeyobject,
  handWritten,
  careful,
  library,
  sessions,
  fastifyJwt,
  betterAuth,
  betterAuthCookieCache,
];
