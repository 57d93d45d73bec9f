import type { TokenClaims } from '../rule/claims.js';
import type { Refusal } from '../rule/refusal.js';

/** A token that is accepted: whose it is, and what it says. */
export interface Acceptance<User> {
  readonly accepted: true;
  readonly user: User;
  readonly claims: TokenClaims;
}

/** What became of a token. */
export type Verdict<User> = Acceptance<User> | Refusal;
