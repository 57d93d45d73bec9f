import { Injectable } from '@nestjs/common';
import { refusal, type Refusal } from '../rule/refusal.js';
import {
  type CheckedClaims,
  type Circumstances,
  isLegacyWindowOpen,
  judgeClaims,
} from '../rule/rule.js';
import { Judge, type JudgeParts, type VerifyOptions } from './judge.js';
import type { Signature } from './signature.js';
import type { Verdict } from './verdict.js';

/**
 * Judges tokens: everything that accepts one asks here, whether it came by HTTP or not.
 *
 * @example
 * ```ts
 * const verdict = await verifier.verify(socket.handshake.auth.token);
 * if (!verdict.accepted) return socket.disconnect();
 * socket.data.user = verdict.user;
 * ```
 */
@Injectable()
export class TokenVerifier<User = unknown> {
  private readonly judge: Judge<User, string | null | undefined>;

  constructor(signature: Signature, parts: JudgeParts<User>) {
    this.judge = new Judge(parts, (token, circumstances) =>
      checkToken(token, signature, circumstances),
    );
  }

  /**
   * Judges a compact JWS. Without one the verdict is the refusal `token_missing`.
   *
   * @throws TypeError when `maxAuthAge` is not a duration
   * @throws TokenStateUnavailableError when the user could not be read in time: nothing is known about the token
   */
  verify(token: string | null | undefined, options: VerifyOptions = {}): Promise<Verdict<User>> {
    return this.judge.judge(token, options);
  }
}

function checkToken(
  token: string | null | undefined,
  signature: Signature,
  circumstances: Circumstances,
): CheckedClaims | Refusal {
  if (!token) return refusal('token_missing');
  const legacy = isLegacyWindowOpen(circumstances.policy, circumstances.now);
  const signed = signature.payloadOf(token, legacy);
  return signed.accepted ? judgeClaims(signed.payload, circumstances) : signed;
}
