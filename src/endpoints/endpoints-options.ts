import type { ControllerOptions, Type } from '@nestjs/common';
import type { LogoutTransaction } from './logout-transaction.js';
import type { TokenResponse } from './token-response.js';

/** The endpoints that the module adds, and where. */
export interface EndpointsOptions {
  /** Path of their controller, as for Nest's `@Controller`. */
  path: string;
  /** API version of their controller, as for Nest's `@Controller({ version })`. Default: that of the application. */
  version?: ControllerOptions['version'] | undefined;
  /** `POST <path>/logout-everywhere`. Default: `false`. */
  logoutEverywhere?: boolean | undefined;
  /** Gives a token response the shape that the application's clients know. Default: that of RFC 6749 section 5.1. */
  response?: ((response: TokenResponse) => unknown) | undefined;
  /** Class that extends `LogoutTransaction`: what is to be done in the same transaction as the endpoint's logout. Default: none. */
  logoutTransaction?: Type<LogoutTransaction> | undefined;
  /** The scheme of the application's OpenAPI document that its tokens have: `'bearer'` after `addBearerAuth()`, `'cookie'` after `addCookieAuth()`. Default: none is named. */
  securityScheme?: string | undefined;
}
