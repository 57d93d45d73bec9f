import type { ServerResponse } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, type AppSettings } from './app.module.js';

/** The application, not listening yet. */
export async function createApp(
  settings: AppSettings,
  modules: DynamicModule[] = [],
): Promise<NestExpressApplication> {
  const root = AppModule.register(settings, modules);
  const app = await NestFactory.create<NestExpressApplication>(root, {
    // Connections that clients keep open must not hold up the end.
    forceCloseConnections: true,
    // Errors at boot are thrown to the caller.
    abortOnError: false,
    logger: ['warn', 'error', 'fatal'],
  });
  app.disable('x-powered-by');
  app.use((_request: unknown, response: ServerResponse, next: () => void) => {
    response.setHeader('X-Answered-By', `${settings.node} (process ${process.pid})`);
    next();
  });
  return app;
}
