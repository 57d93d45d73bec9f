import { Logger } from '@nestjs/common';
import { type Handshake, type HandshakeSource, isCookie, readSource } from './handshake.js';

/** Where the token of a handshake is. */
export interface HandshakeOptions {
  /** One place, several in the order in which they are tried, or a function. Default: `['auth.token', 'connectionParams.authorization', 'header']`. */
  token?:
    HandshakeSource | HandshakeSource[] | ((handshake: Handshake) => string | null) | undefined;
  /** The origins whose pages may connect with a cookie, such as `'https://app.example.com'`. Default: that of the request's `Host`. */
  allowedOrigins?: string[] | undefined;
}

/** The options with the default filled in. */
export type ResolvedHandshake = HandshakeOptions & Required<Pick<HandshakeOptions, 'token'>>;

/** Anyone can connect from anywhere: the log names so many origins and no more. */
const NAMED_ORIGINS = 20;

/**
 * Finds the token of a handshake. A browser sends cookies with every handshake, whichever page opens it, so a cookie
 * counts only when the page's origin is allowed (RFC 6455 section 10.2).
 */
export class HandshakeTokens {
  private readonly logger = new Logger('TokenInvalidation');
  private readonly named = new Set<string>();

  constructor(private readonly options: ResolvedHandshake) {}

  tokenOf(handshake: Handshake): string | null {
    const { token } = this.options;
    if (typeof token === 'function') return token(handshake);
    for (const source of [token].flat() as HandshakeSource[]) {
      const found = readSource(source, handshake);
      if (found !== null && (!isCookie(source) || this.isAllowed(handshake))) return found;
    }
    return null;
  }

  private isAllowed({ headers }: Handshake): boolean {
    const origin = headers['origin'];
    // Without an Origin it is no browser, or a page's request to its own origin, which newer browsers confirm.
    if (typeof origin !== 'string')
      return (headers['sec-fetch-site'] ?? 'same-origin') === 'same-origin';
    const { allowedOrigins } = this.options;
    const allowed =
      allowedOrigins === undefined
        ? hostOf(origin) === String(headers['host']).toLowerCase()
        : allowedOrigins.includes(origin);
    if (!allowed) this.nameOrigin(origin);
    return allowed;
  }

  private nameOrigin(origin: string): void {
    if (this.named.has(origin) || this.named.size >= NAMED_ORIGINS) return;
    this.named.add(origin);
    this.logger.warn(
      `The cookie of a handshake from the origin ${JSON.stringify(origin)} was ignored: if it is yours, list it in handshake.allowedOrigins.`,
    );
  }
}

/** The host as the header `Host` has it: without the port that the scheme implies. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
