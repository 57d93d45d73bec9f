import type { INestApplicationContext } from '@nestjs/common';
import { type IssueOptions, TokenIssuer } from '../tokens/token-issuer.service.js';

/**
 * Issues a token for this user, as a login of the application would: for tests that are not about logging in.
 *
 * @param app - the application, or a testing module, that imports `TokenInvalidationModule`
 * @param user - a record as the application's store gives it
 * @param options - extra claims, lifetime and time of login, as for `TokenIssuer.issue()`. Default: those of the module
 * @throws TypeError when the record lacks its id or token state
 * @example
 * ```ts
 * const token = issueToken(app, await users.findOneByOrFail({ email }));
 * await request(app.getHttpServer()).get('/me').auth(token, { type: 'bearer' }).expect(200);
 * ```
 */
export function issueToken(
  app: INestApplicationContext,
  user: object,
  options?: IssueOptions,
): string {
  return app.get<TokenIssuer<object>>(TokenIssuer, { strict: false }).issue(user, options);
}
