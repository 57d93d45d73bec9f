import type { LoginStorage } from './login-storage.js';

/** The answer to a login or a refresh (RFC 6749 section 5.1). */
export interface TokenAnswer {
  readonly access_token: string;
  /** In seconds. */
  readonly expires_in?: number | undefined;
  /** Absent from the answer to a refresh: the client keeps the one that it has. */
  readonly refresh_token?: string | undefined;
}

/** How a `TokenClient` works. */
export interface TokenClientOptions {
  /** Where the endpoints are, such as `'https://api.example.com/auth'`: it posts to `<url>/refresh` and `<url>/logout`. */
  url: string;
  /** Where the login is kept. Default: in memory. */
  storage?: LoginStorage;
  /** Whether the refresh token is in a cookie that the page cannot read. Default: `false`. */
  cookie?: boolean;
  /** Called when the server has refused the refresh token: the user must log in. `errorCode` says why. */
  onGone?: (errorCode: string) => void;
  /** Called when a resource demands a more recent login (RFC 9470), no older than so many seconds. The login goes on. */
  onLoginAgain?: (maxAge: number | undefined) => void;
  /** How long a refresh may take, in milliseconds. Default: 30,000. */
  timeout?: number;
  /** In place of the global `fetch`. */
  fetch?: typeof fetch;
  /** In place of `Date.now`. */
  now?: () => number;
}
