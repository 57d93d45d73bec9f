import Module from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EndpointsOptions } from './endpoints-options.js';
import { DocumentLogoutEverywhere } from './openapi.js';
import { DocumentLogout, DocumentRefresh } from './openapi-sessions.js';

afterEach(() => vi.restoreAllMocks());

/** What the decorator leaves on a method. */
function documented(
  endpoints: Pick<EndpointsOptions, 'response' | 'securityScheme' | 'refreshCookie'> = {},
  document: (shape: typeof endpoints) => MethodDecorator = DocumentLogoutEverywhere,
): Record<string, unknown> {
  class Controller {
    method(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Controller.prototype, 'method')!;
  document(endpoints)(Controller.prototype, 'method', descriptor);
  const { value } = descriptor as { value: object };
  const keys = Reflect.getMetadataKeys(value) as string[];
  return Object.fromEntries(keys.map((key) => [key, Reflect.getMetadata(key, value) as unknown]));
}

describe('DocumentLogoutEverywhere', () => {
  it('describes the endpoint with the application’s own @nestjs/swagger', () => {
    expect(documented()).toMatchObject({
      'swagger/apiOperation': {
        summary: 'Invalidate every token of the caller, on every device',
      },
      'swagger/apiParameters': [
        {
          in: 'body',
          required: false,
          schema: {
            type: 'object',
            properties: {
              keepThisDevice: {
                type: 'boolean',
                default: false,
                description: 'Answer with a fresh token',
              },
            },
          },
        },
      ],
      'swagger/apiResponse': {
        200: {
          description: 'All earlier tokens are invalid; this device continues with the new one',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['access_token', 'token_type', 'expires_in'],
                properties: {
                  access_token: { type: 'string' },
                  token_type: { type: 'string', enum: ['Bearer'] },
                  expires_in: { type: 'integer', description: 'Seconds' },
                },
              },
            },
          },
        },
        204: { description: 'All tokens are invalid, this one too' },
        400: { description: 'keepThisDevice is neither true nor false' },
        401: { description: 'The token is refused; errorCode says why' },
        503: { description: 'The token cannot be checked; see Retry-After' },
      },
    });
  });

  it('names the security scheme that the application names, and none otherwise', () => {
    expect(documented()).not.toHaveProperty('swagger/apiSecurity');
    for (const securityScheme of ['bearer', 'cookie']) {
      const { 'swagger/apiSecurity': security } = documented({ securityScheme });
      expect(security).toEqual([{ [securityScheme]: [] }]);
    }
  });

  it('says nothing about the body of a response that the application maps', () => {
    const mapped = documented({ response: () => ({}) });
    const { 'swagger/apiResponse': responses, ...rest } = documented();
    const { 200: ok, ...others } = responses as Record<string, object>;
    expect(mapped).toEqual({
      ...rest,
      'swagger/apiResponse': { ...others, 200: { ...ok, content: undefined } },
    });
  });

  it('does nothing in an application without it', () => {
    const loader = Module as unknown as { _load: () => unknown };
    vi.spyOn(loader, '_load').mockImplementation(() => {
      throw new Error('Cannot find module');
    });
    expect(documented()).toEqual({});
  });
});

describe.each([DocumentRefresh, DocumentLogout])('%o', (document) => {
  it('says where the refresh token is: in the body or in its cookie', () => {
    const cookie = { description: expect.stringContaining('comes in its cookie') };
    const inBody = documented({}, document);
    expect(inBody).toHaveProperty('swagger/apiParameters', [
      expect.objectContaining({ in: 'body' }),
    ]);
    expect(inBody).not.toMatchObject({ 'swagger/apiOperation': cookie });
    const inCookie = documented({ refreshCookie: true }, document);
    expect(inCookie).not.toHaveProperty('swagger/apiParameters');
    expect(inCookie).toMatchObject({ 'swagger/apiOperation': cookie });
  });
});
