/** What is read of a JOSE header before anything is verified. Each field may hold anything. */
export interface TokenHeader {
  readonly alg?: unknown;
  readonly kid?: unknown;
  readonly typ?: unknown;
  readonly crit?: unknown;
}

/** Node's own limit for a request's headers; a longer token cannot have come in one. */
const MAX_TOKEN_LENGTH = 16_384;

/** The header of a compact JWS (RFC 7515 section 7.1), or what is wrong with the token. */
export function readHeader(token: unknown, payloadMustParse: boolean): TokenHeader | string {
  if (typeof token !== 'string') return 'the token is not text';
  if (token.length > MAX_TOKEN_LENGTH) return `the token is longer than ${MAX_TOKEN_LENGTH} bytes`;

  const [encodedHeader, encodedPayload, ...rest] = token.split('.', 4);
  if (rest.length !== 1) return 'the token has not three parts';

  const header = parseObject(encodedHeader!);
  if (header === undefined) return 'the header is not a JSON object';
  // RFC 7515 section 4.1.11: an extension that is not understood makes the token invalid, and none is understood.
  if (header.crit !== undefined) return '"crit" asks for an extension';
  // jsonwebtoken throws on `typ: JWT` with a payload such as `null`; other types it hands on as they are.
  if (payloadMustParse && parseObject(encodedPayload!) === undefined) {
    return 'the payload is not a JSON object';
  }
  return header;
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
