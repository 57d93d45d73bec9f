import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { callerOf } from './contexts/caller.js';
import type { TokenClaims as Claims } from '../rule/claims.js';

/** As a type: the claims of an accepted token. As a decorator: below. */
export type TokenClaims = Claims;

/**
 * The claims of the token of the call. `undefined` where no token was judged (`@Public`, `@OptionalAuth`).
 *
 * @example
 * ```ts
 * @Get('session')
 * session(@TokenClaims() claims: TokenClaims) { return { expires: claims.exp }; }
 * ```
 */
export const TokenClaims = createParamDecorator(
  (_: unknown, context: ExecutionContext): Claims | undefined => callerOf(context).claims,
);
