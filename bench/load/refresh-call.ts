import type { Answer } from './connection.js';
import type { Refresh } from './messages.js';
import type { LoadCall } from './prepared-call.js';

interface TokenResponse {
  readonly access_token?: string;
  readonly refresh_token?: string;
}

/** A client that refreshes, and keeps the token that it gets. */
export class RefreshCall implements LoadCall {
  private token: string;

  constructor(
    private readonly refresh: Refresh,
    private readonly url: URL,
  ) {
    this.token = refresh.refreshToken;
  }

  get bytes(): Buffer {
    const body = `{"refresh_token":"${this.token}"}`;
    return Buffer.from(
      `POST ${this.refresh.path} HTTP/1.1\r\nhost: ${this.url.host}\r\naccept: application/json\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  problem({ status, body }: Answer): string | undefined {
    if (status !== 200) return `expected 200, got ${status} ${body}`;
    const { access_token: access, refresh_token: next } = JSON.parse(body) as TokenResponse;
    const { rotates } = this.refresh;
    if (access === undefined || (next !== undefined) !== rotates) {
      return `expected an access token ${rotates ? 'and a refresh token' : 'alone'}, got ${body}`;
    }
    this.token = next ?? this.token;
    return undefined;
  }
}
