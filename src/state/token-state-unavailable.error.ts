/**
 * The token state could not be read or written. Says nothing about any token: the HTTP edge answers 503.
 *
 * `statusCode`, `status` and `expose` are what Nest's own exception filter looks for, all three of them, so that it is a
 * 503 and not a 500 also where the application's code lets it through.
 */
export class TokenStateUnavailableError extends Error {
  override readonly name = 'TokenStateUnavailableError';
  readonly statusCode = 503;
  readonly status = 503;
  readonly expose = true;

  constructor(cause: unknown) {
    super('The token state is not available at the moment.', { cause });
  }
}
