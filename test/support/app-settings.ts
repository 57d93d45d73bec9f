import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { TestingModule } from '@nestjs/testing';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export const SECRET = 'a secret of at least thirty-two bytes, for tests';

/** The application on one of the platforms, not started yet. */
export function createNestApplication(
  testing: TestingModule,
  platform?: Platform,
): INestApplication {
  return testing.createNestApplication(
    platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(),
    { logger: false },
  );
}
