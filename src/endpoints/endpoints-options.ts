import type { ControllerOptions, Type } from '@nestjs/common';
import type { LogoutTransaction } from './logout-transaction.js';
import type { SessionListResponse } from './session-list-response.js';
import type { TokenResponse } from './token-response.js';

/**
 * Whether a request comes from a service that may ask about tokens: `(request) => boolean`, or a promise of it. The
 * request is Express' or Fastify's, with the credential of the service in it.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the request is Express', Fastify's or the application's type
export type CallerCheck = (request: any) => boolean | Promise<boolean>;

/** The cookie that holds the refresh token. It is always `HttpOnly`, `Secure` and `SameSite=Strict`. */
export interface RefreshCookieOptions {
  /** Its name; one that begins with `__Host-` needs `path: '/'`. Default: `'__Secure-refresh_token'`, and with the path `/` `'__Host-refresh_token'`. */
  name?: string | undefined;
  /** Its path, which must cover refresh and logout. Default: where the endpoints are. With versions in the URI: above them. */
  path?: string | undefined;
}

/** The endpoints that the module adds, and where. */
export interface EndpointsOptions {
  /** Path of their controller, as for Nest's `@Controller`. */
  path: string;
  /** API version of their controller, as for Nest's `@Controller({ version })`. Default: that of the application. */
  version?: ControllerOptions['version'] | undefined;
  /** `POST <path>/logout-everywhere`. Default: `false`. */
  logoutEverywhere?: boolean | undefined;
  /** `POST <path>/refresh`, `POST <path>/logout`, `POST <path>/logout-others`, `GET <path>/sessions` and `DELETE <path>/sessions/:id`. Needs the option `sessions`. Default: `false`. */
  sessions?: boolean | undefined;
  /** Keeps the refresh token in a cookie and not in bodies: `true`, or `{ name, path }`. Default: `false`. */
  refreshCookie?: boolean | RefreshCookieOptions | undefined;
  /** `POST <path>/revoke` (RFC 7009): `true` for refresh tokens, which are their own credential; `(request) => boolean` for access tokens too, from callers that it knows. Needs the option `sessions`. Default: `false`. */
  revoke?: boolean | CallerCheck | undefined;
  /** `POST <path>/introspect` (RFC 7662): `(request) => boolean` knows the callers that may ask. Access tokens only; a refresh token is inactive. Default: none. */
  introspect?: CallerCheck | undefined;
  /** The public keys (RFC 7517): `true` for `GET /.well-known/jwks.json`, or another path. Needs key pairs in `keys`. Default: `false`. */
  jwks?: boolean | string | undefined;
  /** Gives a token response the shape that the application's clients know. Default: that of RFC 6749 section 5.1. */
  response?: ((response: TokenResponse) => unknown) | undefined;
  /** The same for the list of sessions. Default: `{ sessions, next }`. */
  listResponse?: ((page: SessionListResponse) => unknown) | undefined;
  /** Class that extends `LogoutTransaction`: what is to be done in the same transaction as the endpoint's logout. Default: none. */
  logoutTransaction?: Type<LogoutTransaction> | undefined;
  /** The scheme of the application's OpenAPI document that its tokens have: `'bearer'` after `addBearerAuth()`, `'cookie'` after `addCookieAuth()`. Default: none is named. */
  securityScheme?: string | undefined;
}
