import { refusal, type Refusal } from '../rule/refusal.js';

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

/** The header of a token that may be ours. A header is JSON that anyone may write, and may itself look like a refusal. */
export interface ReadHeader {
  readonly accepted: true;
  readonly header: TokenHeader;
}

/** The header of a compact JWS (RFC 7515 section 7.1). */
export function readHeader(token: unknown): ReadHeader | Refusal {
  if (typeof token !== 'string') return invalid('the token is not text');
  if (token.length > MAX_TOKEN_LENGTH) {
    return invalid(`the token is longer than ${MAX_TOKEN_LENGTH} bytes`);
  }
  if (!BASE64URL_PARTS.test(token)) return invalid('the token does not have three base64url parts');

  const header = parseObject(token.slice(0, token.indexOf('.')));
  if (header === undefined) return invalid('the header is not a JSON object');
  // RFC 7515 section 4.1.11: an extension that is not understood makes the token invalid, and none is understood.
  if (header.crit !== undefined) return invalid('"crit" asks for an extension');
  return { accepted: true, header };
}

function invalid(detail: string): Refusal {
  return refusal('token_invalid', { detail });
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
