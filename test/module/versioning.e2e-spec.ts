import { type INestApplication, Logger, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { EndpointsOptions } from 'nestjs-token-invalidation';
import { afterEach, describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/app-settings.js';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';

Logger.overrideLogger(false);

let app: MemoryApp | undefined;

afterEach(() => app?.close());

const PLACES = ['', '/v1', '/v2', '/api', '/api/v1', '/api/v2'];

interface Case {
  name: string;
  prepare: (app: INestApplication) => unknown;
  version?: EndpointsOptions['version'];
  served: string[];
}

const uri = (defaultVersion?: string) => (own: INestApplication) =>
  own.enableVersioning({
    type: VersioningType.URI,
    ...(defaultVersion !== undefined && { defaultVersion }),
  });

const CASES: Case[] = [
  { name: 'no versioning', prepare: () => {}, served: [''] },
  { name: 'no versioning, and a version', prepare: () => {}, version: '2', served: [''] },
  { name: 'versions in the URI, without a default', prepare: uri(), served: [''] },
  { name: 'a default version', prepare: uri('1'), served: ['/v1'] },
  { name: 'a version of the endpoints', prepare: uri(), version: '2', served: ['/v2'] },
  { name: 'a version other than the default', prepare: uri('1'), version: '2', served: ['/v2'] },
  { name: 'two versions', prepare: uri(), version: ['1', '2'], served: ['/v1', '/v2'] },
  { name: 'no version of their own', prepare: uri('1'), version: VERSION_NEUTRAL, served: [''] },
  {
    name: 'a global prefix',
    prepare: (own) => own.setGlobalPrefix('api'),
    served: ['/api'],
  },
  {
    name: 'a global prefix and a version',
    prepare: (own) => uri('1')(own.setGlobalPrefix('api')),
    version: '2',
    served: ['/api/v2'],
  },
  {
    name: 'a global prefix and a default version',
    prepare: (own) => uri('1')(own.setGlobalPrefix('api')),
    served: ['/api/v1'],
  },
];

/** Not by the client, which reads JSON: Express answers with a page outside of a global prefix. */
async function statusAt(running: MemoryApp, place: string): Promise<number> {
  const headers = { authorization: `Bearer ${running.tokenOf(`a user at ${place}`)}` };
  const { status } = await fetch(`${running.url}${place}/auth/logout-everywhere`, {
    method: 'POST',
    headers,
  });
  return status;
}

describe.each(PLATFORMS)(
  'on %s, the endpoints are where the application has its routes',
  (platform) => {
    it.each(CASES)('with $name', async ({ prepare, version, served }) => {
      app = await createMemoryApp({
        platform,
        prepare: (own) => void prepare(own),
        module: { endpoints: { path: 'auth', logoutEverywhere: true, version } },
      });
      for (const place of PLACES) {
        const status = await statusAt(app, place);
        expect(`${place} ${status}`).toBe(`${place} ${served.includes(place) ? 204 : 404}`);
      }
      const { paths } = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
      expect(Object.keys(paths)).toEqual(served.map((place) => `${place}/auth/logout-everywhere`));
    });
  },
);
