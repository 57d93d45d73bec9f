import { forbidStorage, type HeaderWriter } from '../http/http-answers.js';
import { cookieOf } from '../http/contexts/handshake.js';
import type { SessionTokens } from '../sessions/session-tokens.js';
import type { Clock } from '../tokens/clock.js';
import type { EndpointSettings } from './endpoint-settings.js';
import type { RefreshCookie } from './refresh-cookie.js';
import type { TokenResponse } from './token-response.js';

/** As much of a request as is read. */
export interface RefreshRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: unknown;
}

/** As much of Express' response and Fastify's reply as is written. */
export interface CookieWriter extends HeaderWriter {
  /** Express, whose `header()` would replace the application's own cookies. */
  append?(name: string, value: string): unknown;
}

/**
 * Hands tokens to a device: the refresh token in its cookie, or in the body, as the option `endpoints.refreshCookie`
 * says. For the login of the application; the endpoints use it too.
 *
 * @example
 * ```ts
 * @Public()
 * @Post('login')
 * async login(@Body() body: Login, @Res({ passthrough: true }) response: Response) {
 *   const user = await this.checkPassword(body);
 *   return this.answers.write(response, await this.sessions.start(user));
 * }
 * ```
 */
export class SessionAnswers {
  constructor(
    private readonly settings: EndpointSettings,
    private readonly cookie: RefreshCookie,
    private readonly clock: Clock,
  ) {}

  /** Writes the cookie, `Cache-Control: no-store` and `Pragma: no-cache`. Returns the body: a token response, shaped by `endpoints.response`. */
  write(response: CookieWriter, tokens: SessionTokens): unknown {
    const { refreshToken } = tokens;
    if (this.hasCookie && refreshToken !== undefined) {
      this.writeCookie(response, this.cookie.set(refreshToken, this.ageOf(tokens)));
    }
    return this.writeBody(response, this.bodyOf(tokens));
  }

  /** The same for a token response that is made already. */
  writeBody(response: CookieWriter, body: TokenResponse): unknown {
    forbidStorage(response);
    // For caches of HTTP/1.0 (RFC 6749 section 5.1).
    response.header('Pragma', 'no-cache');
    return this.settings.response === undefined ? body : this.settings.response(body);
  }

  /** Removes the cookie of a device that has logged out. Not for a refresh that was refused: another tab may have logged in. */
  clear(response: CookieWriter): void {
    if (this.hasCookie) this.writeCookie(response, this.cookie.clear());
  }

  /** The refresh token of a request: of its cookie, or of its body as `refresh_token`. */
  refreshTokenOf({ headers, body }: RefreshRequest): string | undefined {
    const given: unknown = this.hasCookie
      ? cookieOf(headers['cookie'], this.cookie.name)
      : (body as { refresh_token?: unknown } | null | undefined)?.refresh_token;
    return typeof given === 'string' && given !== '' ? given : undefined;
  }

  private get hasCookie(): boolean {
    return Boolean(this.settings.refreshCookie);
  }

  private bodyOf(tokens: SessionTokens): TokenResponse {
    const { accessToken, refreshToken, expiresInSeconds } = tokens;
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      ...(refreshToken === undefined && { refresh_token_unchanged: true }),
      ...(refreshToken !== undefined && !this.hasCookie && { refresh_token: refreshToken }),
    };
  }

  /** As long as the session, if the login outlives the browser. */
  private ageOf({ session }: SessionTokens): number | undefined {
    if (!session.persistent) return undefined;
    return Math.max(0, Math.floor((Number(session.expiresAt) - this.clock.now()) / 1000));
  }

  private writeCookie(response: CookieWriter, line: string): void {
    if (response.append === undefined) response.header('Set-Cookie', line);
    else response.append('Set-Cookie', line);
  }
}
