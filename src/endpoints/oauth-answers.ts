import { HttpException } from '@nestjs/common';
import type { HeaderWriter } from '../http/http-answers.js';
import type { CallerCheck } from './endpoints-options.js';

/** As much of a request as is read. */
export interface OAuthRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: unknown;
  readonly ip?: string;
}

/** An error response of OAuth (RFC 6749 section 5.2). */
export class OAuthException extends HttpException {
  constructor(
    status: 400 | 401,
    error: 'invalid_request' | 'invalid_client' | 'unsupported_token_type',
  ) {
    super({ error }, status);
  }
}

/**
 * The parameter `token` of a request (RFC 7009 section 2.1, RFC 7662 section 2.1). The hint says nothing that the token
 * does not show.
 *
 * @throws OAuthException when it is missing, or one of them is there twice (RFC 6749 section 3.2)
 */
export function tokenOf({ body }: OAuthRequest): string {
  const parameters = body as { token?: unknown; token_type_hint?: unknown } | null | undefined;
  const { token, token_type_hint: hint = '' } = parameters ?? {};
  if (typeof token === 'string' && token !== '' && typeof hint === 'string') return token;
  throw new OAuthException(400, 'invalid_request');
}

/** @throws OAuthException when the application does not know the caller; anything but true is no */
export async function requireCaller(
  isCaller: CallerCheck,
  request: OAuthRequest,
  response: HeaderWriter,
): Promise<void> {
  const known: unknown = await isCaller(request);
  if (known === true) return;
  response.header('WWW-Authenticate', challengeFor(request.headers['authorization']));
  throw new OAuthException(401, 'invalid_client');
}

/** In the scheme that the caller tried (RFC 6749 section 5.2); without a code where it tried none (RFC 6750 section 3.1). */
function challengeFor(authorization: string | string[] | undefined): string {
  const [scheme] = String(authorization ?? '')
    .toLowerCase()
    .split(' ', 1);
  if (scheme === 'basic') return 'Basic realm="tokens"';
  return scheme === 'bearer' ? 'Bearer error="invalid_token"' : 'Bearer';
}
