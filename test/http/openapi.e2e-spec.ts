import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { EndpointsOptions } from 'nestjs-token-invalidation';
import { describe, expect, it } from 'vitest';
import { createMemoryApp } from '../support/memory-app.js';

interface Operation {
  security?: Record<string, string[]>[];
  responses: Record<string, object>;
}

/** The OpenAPI document of an application that has @nestjs/swagger. */
async function documentOf(
  endpoints: Partial<EndpointsOptions> = {},
  build: (builder: DocumentBuilder) => DocumentBuilder = (builder) => builder.addBearerAuth(),
): Promise<OpenAPIObject> {
  const app = await createMemoryApp({
    module: { endpoints: { path: 'auth', logoutEverywhere: true, ...endpoints } },
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
      responses: { '200': { content: TOKEN_RESPONSE }, '204': {}, '401': {}, '503': {} },
    });
  });

  it('claims nothing about a token response that the application maps', async () => {
    const { responses } = endpointOf(await documentOf({ response: () => ({}) }));
    expect(Object.keys(responses)).toEqual(['200', '204', '401', '503']);
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
