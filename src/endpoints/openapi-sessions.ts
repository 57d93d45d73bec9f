import type { EndpointsOptions } from './endpoints-options.js';
import { documented, REFUSED, securedBy, tokenContent, UNAVAILABLE } from './openapi.js';

type Shape = Pick<
  EndpointsOptions,
  'response' | 'listResponse' | 'refreshCookie' | 'securityScheme'
>;

/** The body of a request that carries the refresh token; nothing where a cookie holds it. */
function refreshBody({ refreshCookie }: Shape, required: boolean): object | undefined {
  if (refreshCookie) return undefined;
  return {
    required,
    schema: {
      type: 'object',
      ...(required && { required: ['refresh_token'] }),
      properties: { refresh_token: { type: 'string' } },
    },
  };
}

/** No parameter: what the cookie is called depends on the application's prefix, which is not known here. */
function whereRefreshTokenIs({ refreshCookie }: Shape): string {
  return refreshCookie ? ' The refresh token comes in its cookie.' : '';
}

export function DocumentRefresh(shape: Shape): MethodDecorator {
  const body = refreshBody(shape, true);
  return documented(({ ApiBody, ApiOperation, ApiResponse }) => [
    ApiOperation({
      summary: 'Exchange the refresh token for a new access token, and when it is time for both',
      description:
        'May be repeated with the same token when an answer was lost, and after a 503. Without a new refresh token in the answer the client keeps its own.' +
        whereRefreshTokenIs(shape),
    }),
    ...(body === undefined ? [] : [ApiBody(body)]),
    ApiResponse({ status: 200, description: 'New tokens', ...tokenContent(shape.response) }),
    ApiResponse({ ...REFUSED, description: 'The login is over; errorCode says why' }),
    ApiResponse(UNAVAILABLE),
  ]);
}

export function DocumentLogout(shape: Shape): MethodDecorator {
  const body = refreshBody(shape, false);
  return documented(({ ApiBody, ApiOperation, ApiResponse, ApiSecurity }) => [
    ...securedBy(ApiSecurity, shape.securityScheme),
    ApiOperation({
      summary: 'End the session of this device, by its refresh token or its access token',
      description: `Where both are sent, it ends the sessions of both.${whereRefreshTokenIs(shape)}`,
    }),
    ...(body === undefined ? [] : [ApiBody(body)]),
    ApiResponse({ status: 204, description: 'The session is ended' }),
    ApiResponse(REFUSED),
    ApiResponse({ status: 409, description: 'The token has no session' }),
    ApiResponse(UNAVAILABLE),
  ]);
}

export function DocumentLogoutOthers(shape: Shape): MethodDecorator {
  return documented(({ ApiOperation, ApiResponse, ApiSecurity }) => [
    ...securedBy(ApiSecurity, shape.securityScheme),
    ApiOperation({ summary: 'End all sessions of the caller but this one' }),
    ApiResponse({ status: 204, description: 'The other sessions are ended' }),
    ApiResponse(REFUSED),
    ApiResponse(UNAVAILABLE),
  ]);
}

const TIME = { type: 'string', format: 'date-time' };
const TEXT = { type: 'string', nullable: true };
const SESSION = {
  type: 'object',
  properties: {
    id: { type: 'string', format: 'uuid' },
    label: TEXT,
    userAgent: TEXT,
    startedAt: TIME,
    lastUsedAt: TIME,
    authTime: TIME,
    expiresAt: TIME,
    persistent: { type: 'boolean' },
    startedFrom: TEXT,
    lastFrom: TEXT,
    current: { type: 'boolean', description: 'Whether it is the session of the caller' },
  },
};
const PAGE = {
  type: 'object',
  required: ['sessions'],
  properties: {
    sessions: { type: 'array', items: SESSION },
    next: { type: 'string', description: 'To be given as "after"; absent on the last page' },
  },
};

export function DocumentList(shape: Shape): MethodDecorator {
  return documented(({ ApiOperation, ApiQuery, ApiResponse, ApiSecurity }) => [
    ...securedBy(ApiSecurity, shape.securityScheme),
    ApiOperation({ summary: 'The live sessions of the caller, the latest first' }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 200 },
    }),
    ApiQuery({ name: 'after', required: false, schema: { type: 'string', format: 'uuid' } }),
    ApiResponse({
      status: 200,
      description: 'A page of sessions',
      ...(shape.listResponse === undefined && {
        content: { 'application/json': { schema: PAGE } },
      }),
    }),
    ApiResponse({ status: 400, description: 'limit or after cannot be used' }),
    ApiResponse(REFUSED),
    ApiResponse(UNAVAILABLE),
  ]);
}

export function DocumentEnd(shape: Shape): MethodDecorator {
  return documented(({ ApiOperation, ApiParam, ApiResponse, ApiSecurity }) => [
    ...securedBy(ApiSecurity, shape.securityScheme),
    ApiOperation({ summary: 'End a session of the caller' }),
    ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } }),
    ApiResponse({ status: 204, description: 'The caller has no live session with this id' }),
    ApiResponse(REFUSED),
    ApiResponse(UNAVAILABLE),
  ]);
}
