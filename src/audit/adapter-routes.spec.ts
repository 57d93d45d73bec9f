import type { HttpAdapterHost } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { expect, it } from 'vitest';
import { AdapterRoutes } from './adapter-routes.js';

it('the routes of Fastify are known on an early NestJS 11, which does not say when the adapter is ready', () => {
  const httpAdapter = new FastifyAdapter();
  const routes = new AdapterRoutes({ httpAdapter } as unknown as HttpAdapterHost);
  httpAdapter.getInstance().get('/metrics', () => 'ok');
  expect(routes.raw([])).toEqual(['GET /metrics']);
});
