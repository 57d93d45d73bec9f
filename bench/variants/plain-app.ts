import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';

const OPTIONS = {
  logger: false,
  abortOnError: false,
  // Connections that the load keeps open must not hold up the end.
  forceCloseConnections: true,
} as const;

/** A Nest application with nothing added, not listening yet. */
export function expressApp(module: Type): Promise<NestExpressApplication> {
  return NestFactory.create<NestExpressApplication>(module, OPTIONS);
}

export function fastifyApp(module: Type): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ forceCloseConnections: true });
  return NestFactory.create<NestFastifyApplication>(module, adapter, OPTIONS);
}

/** Listens on a free port of this machine only. */
export async function listen(
  app: NestExpressApplication | NestFastifyApplication,
): Promise<string> {
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}
