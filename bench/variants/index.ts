import { betterAuthCookieCache } from './better-auth-cookie-cache.variant.js';
import { betterAuth } from './better-auth.variant.js';
import { betterAuthRefresh } from './better-auth-refresh.variant.js';
import { careful } from './careful.variant.js';
import { deleteInsert } from './delete-insert.variant.js';
import { docsKeyobject } from './docs-keyobject.variant.js';
import { docs } from './docs.variant.js';
import { fastifyJwt } from './fastify-jwt.variant.js';
import { handWritten } from './hand-written.variant.js';
import { libraryRefresh } from './library-refresh.variant.js';
import { librarySessions } from './library-sessions.variant.js';
import { library } from './library.variant.js';
import { open } from './open.variant.js';
import { sessions } from './sessions.variant.js';
import type { Variant } from './variant.js';

/** In the order of the report. */
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

/** Those of the series `refresh`. */
export const REFRESHING: readonly Variant[] = [
  open,
  libraryRefresh,
  deleteInsert,
  betterAuthRefresh,
];

/** Those of the series `rotations`. */
export const ROTATING: readonly Variant[] = [librarySessions, deleteInsert];

/** `--only` knows them by name or by their place here. */
export const ALL_VARIANTS: readonly Variant[] = [
  ...new Set([...VARIANTS, ...REFRESHING, ...ROTATING]),
];
