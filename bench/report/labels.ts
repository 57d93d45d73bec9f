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
  sessions: 'sessions in PostgreSQL',
  'fastify-jwt': '@fastify/jwt, trusted hook',
  'better-auth': 'better-auth',
  'better-auth-cookie-cache': 'better-auth, cookie cache',
};

const PLATFORMS: Readonly<Record<Platform, string>> = { express: 'Express', fastify: 'Fastify' };

export function variantLabel(name: string): string {
  return VARIANTS[name] ?? name;
}

export function platformLabel(platform: Platform): string {
  return PLATFORMS[platform];
}
