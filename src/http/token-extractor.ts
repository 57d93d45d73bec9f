/** Finds the token in a request; `null` when there is none. Any extractor of passport-jwt's `ExtractJwt` is one. */
// oxlint-disable-next-line typescript/no-explicit-any -- the request is Express', Fastify's or the application's type
export type TokenExtractor = (request: any) => string | null;

/**
 * The token of `Authorization: Bearer` (RFC 6750 section 2.1): everything after the scheme, so that a token with
 * something behind it is refused and not cut to size. Schemes compare without case (RFC 9110 section 11.1).
 */
export const bearerToken: TokenExtractor = (request: {
  headers: { authorization?: unknown };
}): string | null => {
  const { authorization } = request.headers;
  if (typeof authorization !== 'string') return null;
  // Anchored, so that its time is linear in a header of blanks. HTTP itself drops blanks at the end.
  return authorization.slice(0, SCHEME.length).toLowerCase() === SCHEME
    ? authorization.slice(SCHEME.length).replace(/^ +/, '')
    : null;
};

const SCHEME = 'bearer ';
