import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { type INestApplication, Logger, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { type EndpointsOptions, TokenSessions } from 'nestjs-token-invalidation';
import { afterEach, describe, expect, it } from 'vitest';
import { PLATFORMS, SECRET } from '../support/app-settings.js';
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
  /** Where the public keys are, in a place that the application has given its routes. */
  keysAt?: string;
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
    keysAt: '/api',
  },
  {
    name: 'a global prefix and a version',
    prepare: (own) => uri('1')(own.setGlobalPrefix('api')),
    version: '2',
    served: ['/api/v2'],
    keysAt: '/api',
  },
  {
    name: 'a global prefix and a default version',
    prepare: (own) => uri('1')(own.setGlobalPrefix('api')),
    served: ['/api/v1'],
    keysAt: '/api',
  },
];

/** Every endpoint below the path, and what it answers to a request with an access token and nothing else. */
const ENDPOINTS = [
  ['POST', 'logout-everywhere', 204],
  ['POST', 'refresh', 401],
  ['POST', 'logout', 204],
  ['POST', 'logout-others', 204],
  ['GET', 'sessions', 200],
  ['DELETE', 'sessions/00000000-0000-4000-8000-000000000000', 204],
  ['POST', 'revoke', 400],
  ['POST', 'introspect', 400],
] as const;

const KEYS = '.well-known/jwks.json';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Not by the client, which reads JSON: Express answers with a page outside of a global prefix. */
async function statusAt(method: string, path: string, token = ''): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${app!.url}${path}`, { method, headers })).status;
}

/** A token of a new session. */
async function tokenOf(running: MemoryApp): Promise<string> {
  const user = running.store.add({ id: randomUUID(), passwordHash: 'hash' });
  const sessions = running.app.get(TokenSessions, { strict: false });
  return (await sessions.start(user)).accessToken;
}

describe.each(PLATFORMS)(
  'on %s, the endpoints are where the application has its routes',
  (platform) => {
    it.each(CASES)('with $name', async ({ prepare, version, served, keysAt = '' }) => {
      app = await createMemoryApp({
        platform,
        prepare: (own) => void prepare(own),
        module: {
          keys: [{ privateKey }],
          sessions: { absolute: '1 day', keys: [SECRET] },
          endpoints: {
            path: 'auth',
            logoutEverywhere: true,
            sessions: true,
            revoke: true,
            introspect: () => true,
            jwks: true,
            version,
          },
        },
      });
      for (const place of PLACES) {
        for (const [method, path, status] of ENDPOINTS) {
          const found = await statusAt(method, `${place}/auth/${path}`, await tokenOf(app));
          const expected = served.includes(place) ? status : 404;
          expect(`${method} ${place}/auth/${path} ${found}`).toBe(
            `${method} ${place}/auth/${path} ${expected}`,
          );
        }
        // The keys have no version: other services look for them at the same place for ever.
        const found = await statusAt('GET', `${place}/${KEYS}`);
        expect(`${place} ${found}`).toBe(`${place} ${place === keysAt ? 200 : 404}`);
      }
      const { paths } = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
      const documented = new Set(Object.keys(paths).map((path) => path.split('/auth/')[0]));
      expect(documented).toEqual(new Set([...served, `${keysAt}/${KEYS}`]));
    });
  },
);
