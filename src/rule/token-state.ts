/** What decides whether a user's tokens are valid: three values on the user's own row. They only ever grow. */
export interface TokenState {
  /** Raised by one with each invalidation. A token carries the version it was issued under, as `ver`. */
  readonly tokenVersion: number;
  /** When the password last changed; `null`: never. Tokens issued before it are invalid. */
  readonly passwordChangedAt: Date | null;
  /** When the user was last logged out everywhere; `null`: never. Tokens issued before it are invalid. */
  readonly logoutAllAt: Date | null;
}

/** What decides about the tokens of all users. Both values only ever grow. */
export interface EveryoneState {
  /** Raised by one each time everyone is logged out. */
  readonly version: number;
  /** When everyone was last logged out; `null`: never. */
  readonly loggedOutAt: Date | null;
}

/** The whole second of an instant, in seconds since the epoch: what `iat` can be compared with. NaN for what is none. */
export function wholeSecond(instant: Date): number {
  return Math.floor(Number(instant) / 1000);
}
