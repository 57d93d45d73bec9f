/** What is read of a JOSE header before anything is verified. Each field may hold anything. */
export interface TokenHeader {
  readonly alg?: unknown;
  readonly kid?: unknown;
  readonly typ?: unknown;
  readonly crit?: unknown;
}

/** Node's own limit for a request's headers; a longer token cannot have come in one. */
const MAX_TOKEN_LENGTH = 16_384;

/** Base64url without padding (RFC 7515 section 2): any other spelling of the same bytes is another token, and not ours. */
const BASE64URL_PARTS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * The header of a compact JWS (RFC 7515 section 7.1), or what is wrong with the token. That is text and no `Refusal`: a
 * header is JSON that anyone may write, and could look like one.
 */
export function readHeader(token: unknown): TokenHeader | string {
  if (typeof token !== 'string') return 'the token is not text';
  if (token.length > MAX_TOKEN_LENGTH) return `the token is longer than ${MAX_TOKEN_LENGTH} bytes`;
  if (!BASE64URL_PARTS.test(token)) return 'the token does not have three base64url parts';

  const header = parseObject(token.slice(0, token.indexOf('.')));
  if (header === undefined) return 'the header is not a JSON object';
  // RFC 7515 section 4.1.11: an extension that is not understood makes the token invalid, and none is understood.
  return header.crit === undefined ? header : '"crit" asks for an extension';
}

function parseObject(encoded: string): TokenHeader | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(encoded, 'base64url').toString());
  } catch {
    // Not JSON, and so no object.
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}
