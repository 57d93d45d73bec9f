import { ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';
import type { Refusal, RefusalReason } from '../rule/refusal.js';
import { challenge, describeReason } from './challenge.js';

/** As much of Express' response and Fastify's reply as is used. */
export interface HeaderWriter {
  header(name: string, value: string): unknown;
}

/** A 401 with the reason as `errorCode` in its body. */
export class TokenRefusedException extends UnauthorizedException {
  constructor(readonly reason: RefusalReason) {
    super({
      statusCode: 401,
      error: 'Unauthorized',
      message: describeReason(reason),
      errorCode: reason,
    });
  }
}

/** The 401 for a refusal, with its challenge written to the response (RFC 6750 section 3). */
export function unauthorized(
  response: HeaderWriter,
  { reason }: Pick<Refusal, 'reason'>,
  maxAuthAgeSeconds?: number,
): TokenRefusedException {
  response.header('WWW-Authenticate', challenge(reason, maxAuthAgeSeconds));
  return withoutStack(() => new TokenRefusedException(reason));
}

/** A refusal is not a bug, and capturing the stack is a good part of what a forged token costs. */
function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error;
  // Not an assignment, which throws where the built-in objects are frozen.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

/** No cache may keep what is said of a token (RFC 7662 section 4). */
export function forbidStorage(response: HeaderWriter): void {
  response.header('Cache-Control', 'no-store');
}

/**
 * The 503 for a state that cannot be read, with `Retry-After` (RFC 9110 section 10.2.3). No cache may keep it, whatever the
 * application says of its answers.
 */
export function unavailable(
  response: HeaderWriter,
  retryAfterSeconds: number,
): ServiceUnavailableException {
  response.header('Retry-After', String(retryAfterSeconds));
  forbidStorage(response);
  return new ServiceUnavailableException({
    statusCode: 503,
    error: 'Service Unavailable',
    message: 'The access token cannot be checked at the moment',
    errorCode: 'token_state_unavailable',
  });
}
