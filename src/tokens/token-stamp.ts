/**
 * What a credential of the application itself, such as a refresh token, must carry of a user's state, so that the rule
 * can judge it. Plain JSON, named as the claims of a token are.
 */
export interface TokenStamp {
  /** The user's id, as text. */
  readonly sub: string;
  /** Whose users these are: the realm of the store. */
  readonly realm: string;
  /** The user's token version. */
  readonly ver: number;
  /** When the stamp was made, in seconds since the epoch. */
  readonly iat: number;
  /** When the user entered credentials, in seconds since the epoch. */
  readonly auth_time: number;
}
