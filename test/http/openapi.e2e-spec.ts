import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { EndpointsOptions } from 'nestjs-token-invalidation';
import { describe, expect, it } from 'vitest';
import { createMemoryApp } from '../support/memory-app.js';

/** The endpoint in the OpenAPI document of an application that has @nestjs/swagger. */
async function documented(endpoints: Partial<EndpointsOptions> = {}): Promise<object> {
  const app = await createMemoryApp({
    module: { endpoints: { path: 'auth', logoutEverywhere: true, ...endpoints } },
  });
  const config = new DocumentBuilder().addBearerAuth().build();
  const { paths } = SwaggerModule.createDocument(app.app, config);
  await app.close();
  return paths['/auth/logout-everywhere']!;
}

const TOKEN_RESPONSE = {
  'application/json': { schema: { required: ['access_token', 'token_type', 'expires_in'] } },
};

describe('the OpenAPI document', () => {
  it('has the endpoint, with the token response', async () => {
    expect(await documented()).toMatchObject({
      post: {
        summary: 'Invalidate every token of the caller, on every device',
        security: [{ bearer: [] }],
        requestBody: { required: false },
        responses: { '200': { content: TOKEN_RESPONSE }, '204': {}, '401': {}, '503': {} },
      },
    });
  });

  it('claims nothing about a token response that the application maps', async () => {
    const { post } = (await documented({ response: () => ({}) })) as {
      post: { responses: Record<string, object> };
    };
    expect(Object.keys(post.responses)).toEqual(['200', '204', '401', '503']);
    expect(post.responses['200']).toEqual({
      description: 'All earlier tokens are invalid; this device continues with the new one',
    });
  });
});
