import { applyDecorators } from '@nestjs/common';
import type { EndpointsOptions } from './endpoints-options.js';

/** As much of @nestjs/swagger as is used. */
interface Swagger {
  readonly ApiBody: (body: object) => MethodDecorator;
  readonly ApiConsumes: (...types: string[]) => MethodDecorator;
  readonly ApiOperation: (operation: object) => MethodDecorator;
  readonly ApiParam: (param: object) => MethodDecorator;
  readonly ApiQuery: (query: object) => MethodDecorator;
  readonly ApiResponse: (response: object) => MethodDecorator;
  readonly ApiSecurity: (scheme: string) => MethodDecorator;
}

const KEEP_THIS_DEVICE = {
  required: false,
  schema: {
    type: 'object',
    properties: {
      keepThisDevice: { type: 'boolean', default: false, description: 'Answer with a fresh token' },
    },
  },
};

const TOKEN_RESPONSE = {
  type: 'object',
  required: ['access_token', 'token_type', 'expires_in'],
  properties: {
    access_token: { type: 'string' },
    token_type: { type: 'string', enum: ['Bearer'] },
    expires_in: { type: 'integer', description: 'Seconds' },
    refresh_token: { type: 'string', description: 'To be stored in place of the one before it' },
    refresh_token_unchanged: {
      type: 'boolean',
      description: 'True: the client keeps the refresh token that it sent',
    },
  },
};

/**
 * Documents the endpoint in the application's OpenAPI document, when it has @nestjs/swagger. Only the application knows
 * what its security schemes are called; where it names none, those of the whole document apply.
 */
export function DocumentLogoutEverywhere({
  response,
  securityScheme,
}: Pick<EndpointsOptions, 'response' | 'securityScheme'>): MethodDecorator {
  return documented(({ ApiBody, ApiOperation, ApiResponse, ApiSecurity }) => [
    ...securedBy(ApiSecurity, securityScheme),
    ApiOperation({ summary: 'Invalidate every token of the caller, on every device' }),
    ApiBody(KEEP_THIS_DEVICE),
    ApiResponse({ status: 204, description: 'All tokens are invalid, this one too' }),
    ApiResponse({
      status: 200,
      description: 'All earlier tokens are invalid; this device continues with the new one',
      ...tokenContent(response),
    }),
    ApiResponse({ status: 400, description: 'keepThisDevice is neither true nor false' }),
    ApiResponse(REFUSED),
    ApiResponse(UNAVAILABLE),
  ]);
}

export const REFUSED = { status: 401, description: 'The token is refused; errorCode says why' };
export const UNAVAILABLE = {
  status: 503,
  description: 'The token cannot be checked; see Retry-After',
};

/** The token response; what the application makes of one is not known here. */
export function tokenContent(response: EndpointsOptions['response']): object {
  return response === undefined
    ? { content: { 'application/json': { schema: TOKEN_RESPONSE } } }
    : {};
}

/** What says how to log in. */
export function securedBy(
  ApiSecurity: Swagger['ApiSecurity'],
  scheme: string | undefined,
): MethodDecorator[] {
  return scheme === undefined ? [] : [ApiSecurity(scheme)];
}

/** The decorators, in an application that has @nestjs/swagger. */
export function documented(decorators: (swagger: Swagger) => MethodDecorator[]): MethodDecorator {
  const swagger = loadSwagger();
  return swagger === undefined ? () => {} : applyDecorators(...decorators(swagger));
}

/** The application's @nestjs/swagger: an optional peer. Not an import(), which a decorator cannot wait for. */
function loadSwagger(): Swagger | undefined {
  let swagger: Swagger | undefined;
  try {
    swagger = require('@nestjs/swagger') as Swagger;
  } catch {
    // It has none.
  }
  return swagger;
}
