import type { INestApplicationContext } from '@nestjs/common';
import { type IssueOptions, TokenIssuer } from '../tokens/token-issuer.service.js';

/**
 * A token of this user, as a login of the application would have issued it: for tests that are not about logging in.
 *
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
  return app.get<TokenIssuer>(TokenIssuer, { strict: false }).issue(user, options);
}
