import type { ExecutionContext } from '@nestjs/common';
import { type HeaderWriter, TokenRefusedException, unauthorized } from '../http/http-answers.js';
import { isRefusal, refusal } from '../rule/refusal.js';

/**
 * The 401 for what Passport hands to `handleRequest` as `info`, with its challenge: for a guard over several
 * strategies, because Passport's guard drops the reason.
 *
 * @example
 * ```ts
 * class JwtOrApiKeyGuard extends AuthGuard(['revocable-jwt', 'api-key']) {
 *   override handleRequest(error, user, info, context) {
 *     if (error || !user) throw error ?? exceptionFor(info, context);
 *     return user;
 *   }
 * }
 * ```
 */
export function exceptionFor(info: unknown, context: ExecutionContext): TokenRefusedException {
  const infos: unknown[] = Array.isArray(info) ? info : [info];
  const refusals = infos.filter(isRefusal);
  // Of several strategies, the one that found a token has more to say.
  const found =
    refusals.find(({ reason }) => reason !== 'token_missing') ?? refusal('token_missing');
  return unauthorized(context.switchToHttp().getResponse<HeaderWriter>(), found);
}
