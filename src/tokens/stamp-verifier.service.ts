import { Injectable } from '@nestjs/common';
import { refusal, type Refusal } from '../rule/refusal.js';
import {
  type CheckedClaims,
  type Circumstances,
  judgeClaims,
  type TokenPolicy,
} from '../rule/rule.js';
import { Judge, type JudgeParts, type VerifyOptions } from './judge.js';
import type { Verdict } from './verdict.js';

/**
 * Judges stamps, with the same rule, reasons and events as `TokenVerifier` judges tokens. A stamp is what
 * `TokenIssuer.stampOf()` gave and the application stored, or the payload of a token in which the application signed it.
 *
 * @example
 * ```ts
 * const verdict = await stamps.verify(session?.stamp);
 * if (!verdict.accepted) throw new UnauthorizedException();
 * return issuer.issue(verdict.user);
 * ```
 */
@Injectable()
export class StampVerifier<User = unknown> {
  private readonly judge: Judge<User, object | null | undefined>;

  constructor(parts: JudgeParts<User>) {
    this.judge = new Judge({ ...parts, policy: ofStamps(parts.policy) }, checkStamp);
  }

  /**
   * Judges a stamp. Its `exp` counts, if it has one. What the stamp says is believed, so it must come from a place, or
   * with a signature, that only the application can write. Without one the verdict is the refusal `token_missing`.
   *
   * @throws TypeError when `maxAuthAge` is not a duration
   * @throws TokenStateUnavailableError when the user could not be read in time: nothing is known about the stamp
   */
  verify(stamp: object | null | undefined, options: VerifyOptions = {}): Promise<Verdict<User>> {
    return this.judge.judge(stamp, options);
  }
}

function checkStamp(
  stamp: object | null | undefined,
  circumstances: Circumstances,
): CheckedClaims | Refusal {
  if (!stamp) return refusal('token_missing');
  return judgeClaims({ exp: Number.MAX_SAFE_INTEGER, ...stamp }, circumstances);
}

/** A stamp is no access token: it may name a session, and its id cannot be revoked. */
function ofStamps(policy: TokenPolicy): TokenPolicy {
  const { tokensWithoutSession } = policy;
  return {
    ...policy,
    tokensWithoutSession: tokensWithoutSession && 'accept',
    revokedTokens: false,
  };
}
