/** A token response (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  /** To be stored in place of the one before it. Absent without sessions, and where a cookie holds it. */
  readonly refresh_token?: string;
  /** The client keeps the refresh token that it sent. */
  readonly refresh_token_unchanged?: true;
}
