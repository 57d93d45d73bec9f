import type { Platform } from '../variants/variant.js';

/** The variant that all others are compared with. */
export const LIBRARY = 'library';

/** Short names, that fit next to a bar. */
const VARIANTS: Readonly<Record<string, string>> = {
  open: 'no guard',
  docs: "AuthGuard('jwt')",
  'docs-keyobject': "AuthGuard('jwt'), KeyObject",
  'hand-written': 'hand-written, findOneBy',
  careful: 'hand-written, with care',
  [LIBRARY]: 'this library',
  'library-sessions': 'this library, sessions',
  'library-refresh': 'this library, sessions',
  sessions: 'sessions in PostgreSQL',
  'fastify-jwt': '@fastify/jwt, trusted hook',
  'better-auth': 'better-auth',
  'better-auth-cookie-cache': 'better-auth, cookie cache',
  'better-auth-refresh': 'better-auth, `updateAge: 0`',
  'delete-insert': 'a row deleted, one inserted',
};

const PLATFORMS: Readonly<Record<Platform, string>> = { express: 'Express', fastify: 'Fastify' };

export function variantLabel(name: string): string {
  return VARIANTS[name] ?? name;
}

export function platformLabel(platform: Platform): string {
  return PLATFORMS[platform];
}
