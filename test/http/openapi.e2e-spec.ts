import { generateKeyPairSync } from 'node:crypto';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { EndpointsOptions, TokenInvalidationModuleOptions } from 'nestjs-token-invalidation';
import { describe, expect, it } from 'vitest';
import { SECRET } from '../support/app-settings.js';
import { createMemoryApp } from '../support/memory-app.js';

interface Operation {
  security?: Record<string, string[]>[];
  responses: Record<string, object>;
}

/** The OpenAPI document of an application that has @nestjs/swagger. */
async function documentOf(
  endpoints: Partial<EndpointsOptions> = {},
  build: (builder: DocumentBuilder) => DocumentBuilder = (builder) => builder.addBearerAuth(),
  module: Partial<TokenInvalidationModuleOptions> = {},
): Promise<OpenAPIObject> {
  const app = await createMemoryApp({
    module: { ...module, endpoints: { path: 'auth', logoutEverywhere: true, ...endpoints } },
  });
  const document = SwaggerModule.createDocument(app.app, build(new DocumentBuilder()).build());
  await app.close();
  return document;
}

/** The endpoint in it. */
function endpointOf({ paths }: OpenAPIObject): Operation {
  return paths['/auth/logout-everywhere']!.post as Operation;
}

const TOKEN_RESPONSE = {
  'application/json': { schema: { required: ['access_token', 'token_type', 'expires_in'] } },
};

describe('the OpenAPI document', () => {
  it('has the endpoint, with the token response', async () => {
    expect(endpointOf(await documentOf())).toMatchObject({
      summary: 'Invalidate every token of the caller, on every device',
      requestBody: { required: false },
      responses: { '200': { content: TOKEN_RESPONSE }, '204': {}, '400': {}, '401': {}, '503': {} },
    });
  });

  it('claims nothing about a token response that the application maps', async () => {
    const { responses } = endpointOf(await documentOf({ response: () => ({}) }));
    expect(Object.keys(responses)).toEqual(['200', '204', '400', '401', '503']);
    expect(responses['200']).toEqual({
      description: 'All earlier tokens are invalid; this device continues with the new one',
    });
  });
});

const DOCUMENTS: [string, (builder: DocumentBuilder) => DocumentBuilder, string | undefined][] = [
  ['no scheme', (builder) => builder, undefined],
  ['a bearer scheme', (builder) => builder.addBearerAuth(), 'bearer'],
  [
    'one of another name',
    (builder) => builder.addBearerAuth(undefined, 'access-token'),
    'access-token',
  ],
  ['a cookie', (builder) => builder.addCookieAuth('token'), 'cookie'],
];

describe.each(DOCUMENTS)('in a document with %s, the endpoint', (_, build, securityScheme) => {
  it('names the scheme that the application names, and none that the document lacks', async () => {
    const document = await documentOf({ securityScheme }, build);
    const named = (endpointOf(document).security ?? []).flatMap((one) => Object.keys(one));
    expect(named).toEqual(securityScheme === undefined ? [] : [securityScheme]);
    const schemes = Object.keys(document.components?.securitySchemes ?? {});
    expect(schemes).toEqual(expect.arrayContaining(named));
  });

  it('names none by default, so that those of the whole document apply', async () => {
    expect(endpointOf(await documentOf({}, build))).not.toHaveProperty('security');
  });
});

/** Each endpoint with the statuses that it documents. */
function statusesIn({ paths }: OpenAPIObject): Record<string, string> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(
      ([method, { responses }]): [string, string] => [
        `${method} ${path}`,
        Object.keys(responses).join(' '),
      ],
    ),
  );
  return Object.fromEntries(operations);
}

const WITH_SESSIONS = { sessions: { absolute: '1 day' } };

const ALL: Partial<EndpointsOptions> = {
  sessions: true,
  revoke: () => true,
  introspect: () => true,
  securityScheme: 'bearer',
};

/** What the document says of an answer with a list of sessions. */
async function listIn(endpoints: Partial<EndpointsOptions>): Promise<object> {
  const { paths } = await documentOf({ ...ALL, ...endpoints }, undefined, WITH_SESSIONS);
  return (paths['/auth/sessions']!.get as Operation).responses['200']!;
}

describe('the OpenAPI document of an application with sessions', () => {
  it('has every endpoint, with the statuses that it answers', async () => {
    expect(statusesIn(await documentOf(ALL, undefined, WITH_SESSIONS))).toEqual({
      'post /auth/logout-everywhere': '200 204 400 401 503',
      'post /auth/refresh': '200 401 503',
      'post /auth/logout': '204 401 409 503',
      'post /auth/logout-others': '204 401 503',
      'get /auth/sessions': '200 400 401 503',
      'delete /auth/sessions/{id}': '204 401 503',
      'post /auth/revoke': '200 400 401 503',
      'post /auth/introspect': '200 400 401 503',
    });
  });

  it('knows no caller where only refresh tokens can be revoked', async () => {
    const document = await documentOf({ ...ALL, revoke: true }, undefined, WITH_SESSIONS);
    expect(statusesIn(document)['post /auth/revoke']).toBe('200 400 503');
  });

  it('asks for an access token where one is needed, and for a body where no cookie has the token', async () => {
    const { paths } = await documentOf(ALL, undefined, WITH_SESSIONS);
    const isSecured = (path: string, method: 'get' | 'post') =>
      (paths[path]![method] as Operation).security !== undefined;
    expect(isSecured('/auth/sessions', 'get')).toBe(true);
    expect(isSecured('/auth/logout-others', 'post')).toBe(true);
    expect(isSecured('/auth/refresh', 'post')).toBe(false);
    expect(paths['/auth/refresh']!.post).toHaveProperty('requestBody.required', true);
    expect(paths['/auth/logout']!.post).toHaveProperty('requestBody.required', false);
    const withCookie = await documentOf({ ...ALL, refreshCookie: true }, undefined, WITH_SESSIONS);
    expect(withCookie.paths['/auth/refresh']!.post).not.toHaveProperty('requestBody');
    expect(withCookie.paths['/auth/logout']!.post).not.toHaveProperty('requestBody');
  });

  it('says what it has always said to generators of clients', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const sessions = { ...WITH_SESSIONS.sessions, keys: [SECRET] };
    const module = { sessions, keys: [{ privateKey }] };
    const { paths } = await documentOf({ ...ALL, jwks: true }, undefined, module);
    await expect(`${JSON.stringify(paths, null, 2)}\n`).toMatchFileSnapshot('openapi.snap');
  });

  it('claims nothing about tokens that the application maps', async () => {
    const { paths } = await documentOf({ ...ALL, response: () => ({}) }, undefined, WITH_SESSIONS);
    expect((paths['/auth/refresh']!.post as Operation).responses['200']).toEqual({
      description: 'New tokens',
    });
  });

  it('has the public keys, with their media type', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { paths } = await documentOf({ ...ALL, jwks: true }, undefined, {
      keys: [{ privateKey }],
      sessions: { absolute: '1 day', keys: ['k'.repeat(32)] },
    });
    const keys = paths['/.well-known/jwks.json']!.get as Operation;
    expect(keys.responses['200']).toMatchObject({
      content: { 'application/jwk-set+json': { schema: { required: ['keys'] } } },
    });
  });

  it('claims nothing about a list that the application maps', async () => {
    expect(await listIn({})).toHaveProperty('content');
    expect(await listIn({ listResponse: () => [] })).toEqual({ description: 'A page of sessions' });
  });
});
