import {
  type ExecutionContext,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { type Refusal, refusal, type RefusalReason } from '../rule/refusal.js';
import { challenge, describeReason } from './challenge.js';

/** As much of Express' response and Fastify's reply as is used. */
export interface HeaderWriter {
  header(name: string, value: string): unknown;
}

/**
 * A 401 with the reason as `errorCode` in its body. It has no stack: a refusal is nothing that went wrong in the code, and
 * to look through the stack would be a good part of what a made-up token costs.
 */
export class TokenRefusedException extends UnauthorizedException {
  constructor(readonly reason: RefusalReason) {
    const { stackTraceLimit } = Error;
    // Not an assignment, which throws where the built-in objects are frozen.
    Reflect.set(Error, 'stackTraceLimit', 0);
    super({
      statusCode: 401,
      error: 'Unauthorized',
      message: describeReason(reason),
      errorCode: reason,
    });
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

/** The 401 for a refusal, its challenge written to the response (RFC 6750 section 3). */
export function refused(
  response: HeaderWriter,
  { reason }: Pick<Refusal, 'reason'>,
  maxAuthAgeSeconds?: number,
): TokenRefusedException {
  response.header('WWW-Authenticate', challenge(reason, maxAuthAgeSeconds));
  return new TokenRefusedException(reason);
}

/** The 503 for a state that cannot be read, with `Retry-After` (RFC 9110 section 10.2.3). */
export function unavailable(
  response: HeaderWriter,
  retryAfterSeconds: number,
): ServiceUnavailableException {
  response.header('Retry-After', String(retryAfterSeconds));
  return new ServiceUnavailableException({
    statusCode: 503,
    error: 'Service Unavailable',
    message: 'The access token cannot be checked at the moment',
    errorCode: 'token_state_unavailable',
  });
}

/**
 * The 401 for what Passport hands to `handleRequest` as `info`, with its challenge: for a guard of your own over
 * several strategies.
 *
 * @example
 * ```ts
 * class JwtOrApiKeyGuard extends AuthGuard(['revocable-jwt', 'api-key']) {
 *   override handleRequest(error, user, info, context) {
 *     if (error || !user) throw error ?? refusalOf(info, context);
 *     return user;
 *   }
 * }
 * ```
 */
export function refusalOf(info: unknown, context: ExecutionContext): TokenRefusedException {
  const infos: unknown[] = Array.isArray(info) ? info : [info];
  const refusals = infos.filter(isRefusal);
  // Of several strategies, the one that found a token has more to say.
  const found =
    refusals.find(({ reason }) => reason !== 'token_missing') ?? refusal('token_missing');
  return refused(context.switchToHttp().getResponse<HeaderWriter>(), found);
}

export function isRefusal(info: unknown): info is Refusal {
  return typeof info === 'object' && info !== null && 'accepted' in info && !info.accepted;
}
