import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { callerOf } from './contexts/caller.js';

/** The session of a call, as its token names it. */
export interface CallSession {
  /** The claim `sid`: what `TokenSessions` takes. */
  readonly id: string;
  /** The user's id. */
  readonly subject: string;
  /** When the user entered credentials; `undefined`: nobody knows. */
  readonly authTime: Date | undefined;
}

/**
 * The session of the call, in HTTP, GraphQL, WebSocket messages and RPC. `undefined` where no token was judged (`@Public`,
 * `@OptionalAuth`), or where it has no session.
 *
 * @example
 * ```ts
 * @Post('password')
 * change(@CurrentUser() user: User, @CurrentSession() session: CallSession, @Body() body: PasswordChange) { … }
 * ```
 */
export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): CallSession | undefined => {
    const { claims } = callerOf(context);
    if (claims?.sid === undefined) return undefined;
    const { sid: id, sub: subject, auth_time } = claims;
    return {
      id,
      subject,
      authTime: auth_time === undefined ? undefined : new Date(auth_time * 1000),
    };
  },
);
