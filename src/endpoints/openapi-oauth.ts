import type { EndpointsOptions } from './endpoints-options.js';
import { documented, UNAVAILABLE } from './openapi.js';

const FORM = 'application/x-www-form-urlencoded';
const TOKEN_BODY = {
  schema: {
    type: 'object',
    required: ['token'],
    properties: { token: { type: 'string' }, token_type_hint: { type: 'string' } },
  },
};
const NOT_KNOWN = { status: 401, description: 'The caller is not known: invalid_client' };

export function DocumentRevoke({ revoke }: Pick<EndpointsOptions, 'revoke'>): MethodDecorator {
  return documented(({ ApiBody, ApiConsumes, ApiOperation, ApiResponse }) => [
    ApiOperation({ summary: 'Revoke a token (RFC 7009)' }),
    ApiConsumes(FORM),
    ApiBody(TOKEN_BODY),
    ApiResponse({ status: 200, description: 'The token is invalid, or was none' }),
    ApiResponse({ status: 400, description: 'invalid_request or unsupported_token_type' }),
    // A refresh token is its own credential.
    ...(typeof revoke === 'function' ? [ApiResponse(NOT_KNOWN)] : []),
    ApiResponse(UNAVAILABLE),
  ]);
}

const INTROSPECTION = {
  type: 'object',
  required: ['active'],
  properties: { active: { type: 'boolean' } },
  additionalProperties: true,
};

export function DocumentIntrospect(): MethodDecorator {
  return documented(({ ApiBody, ApiConsumes, ApiOperation, ApiResponse }) => [
    ApiOperation({ summary: 'Ask whether an access token is active (RFC 7662)' }),
    ApiConsumes(FORM),
    ApiBody(TOKEN_BODY),
    ApiResponse({
      status: 200,
      description: 'The claims of the token while it is active',
      content: { 'application/json': { schema: INTROSPECTION } },
    }),
    ApiResponse({ status: 400, description: 'invalid_request' }),
    ApiResponse(NOT_KNOWN),
    ApiResponse(UNAVAILABLE),
  ]);
}

/** Of a JWK Set (RFC 7517 section 8.5.2). */
export const JWK_SET_TYPE = 'application/jwk-set+json';

const JWK_SET = {
  type: 'object',
  required: ['keys'],
  properties: { keys: { type: 'array', items: { type: 'object', additionalProperties: true } } },
};

export function DocumentJwks(): MethodDecorator {
  return documented(({ ApiOperation, ApiResponse }) => [
    ApiOperation({ summary: 'The public keys of access tokens (RFC 7517)' }),
    ApiResponse({
      status: 200,
      description: 'A JWK Set',
      content: { [JWK_SET_TYPE]: { schema: JWK_SET } },
    }),
  ]);
}
