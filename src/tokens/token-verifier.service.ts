import { Injectable } from '@nestjs/common';
import type { TokenEventEmitter } from '../events/token-event.emitter.js';
import { type Duration, requireSeconds } from '../options/duration.js';
import type { TokenClaims } from '../rule/claims.js';
import { refusal, type Refusal } from '../rule/refusal.js';
import {
  type CheckedClaims,
  type Circumstances,
  hasSession,
  isLegacyWindowOpen,
  type JudgedRecord,
  judgeClaims,
  judgeRecord,
  type TokenPolicy,
} from '../rule/rule.js';
import type { Sight } from '../state/session.store.js';
import type { StateReader, StrictRecord } from '../state/state-reader.js';
import type { StateQuery } from '../state/token-state.store.js';
import type { Clock } from './clock.js';
import type { Signature } from './signature.js';

/** A token that is accepted: whose it is, and what it says. */
export interface Acceptance<User> {
  readonly accepted: true;
  readonly user: User;
  readonly claims: TokenClaims;
}

/** What became of a token. */
export type Verdict<User> = Acceptance<User> | Refusal;

/** What a caller demands of a token beyond the rule. */
export interface VerifyOptions {
  /** How long ago the user may have entered credentials (`auth_time`). Default: any time. */
  maxAuthAge?: Duration | undefined;
}

/** Whether the user may use the application now. Anything but `true`, or a promise of it, refuses. */
export type IsActive<User> = (user: User, claims: TokenClaims) => boolean | Promise<boolean>;

/** What the verifier works with. */
export interface VerifierParts<User> {
  readonly signature: Signature;
  readonly reader: StateReader<User>;
  readonly clock: Clock;
  readonly events: TokenEventEmitter;
  readonly policy: TokenPolicy;
  readonly isActive: IsActive<User>;
  /** The listener for an accepted token that shows that its client kept the generation. Must not throw, nor wait. */
  readonly noteSight: (sight: Sight) => void;
}

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
  constructor(private readonly parts: VerifierParts<User>) {}

  /**
   * Judges a compact JWS. Without one the verdict is the refusal `token_missing`.
   *
   * @throws TypeError when `maxAuthAge` is not a duration
   * @throws TokenStateUnavailableError when the user could not be read in time: nothing is known about the token
   */
  verify(
    token: string | null | undefined,
    { maxAuthAge }: VerifyOptions = {},
  ): Promise<Verdict<User>> {
    return this.judge(this.parts.policy, maxAuthAge, (circumstances) =>
      this.judgeToken(token, circumstances),
    );
  }

  /**
   * Judges a stamp as `verify` judges a token, with the same rule, reasons and events: what `TokenIssuer.stampOf()`
   * gave and the application stored, or the payload of a token in which it signed it. Its `exp` counts, if it has one.
   * What the stamp says is believed, so it must come from a place, or with a signature, that only the application can
   * write. Without one the verdict is the refusal `token_missing`.
   *
   * @throws TypeError when `maxAuthAge` is not a duration
   * @throws TokenStateUnavailableError when the user could not be read in time: nothing is known about the stamp
   */
  judgeStamp(
    stamp: object | null | undefined,
    { maxAuthAge }: VerifyOptions = {},
  ): Promise<Verdict<User>> {
    return this.judge(ofStamps(this.parts.policy), maxAuthAge, (circumstances) =>
      stamp
        ? judgeClaims({ exp: Number.MAX_SAFE_INTEGER, ...stamp }, circumstances)
        : refusal('token_missing'),
    );
  }

  /** @param check - everything that can be judged before the user is read */
  private async judge(
    policy: TokenPolicy,
    maxAuthAge: Duration | undefined,
    check: (circumstances: Circumstances) => CheckedClaims | Refusal,
  ): Promise<Verdict<User>> {
    const circumstances = this.circumstances(policy, maxAuthAge);
    const checked = check(circumstances);
    if (!checked.accepted) return this.reportRefusal(checked);

    const { claims } = checked;
    const record = await this.parts.reader.read(queryOf(claims, policy));
    let judged: JudgedRecord | undefined = record;
    if (record?.active === true) {
      const answer: unknown = this.parts.isActive(record.user, claims);
      // Only true is yes: undefined is what a forgotten return, or a column that was not loaded, gives.
      const active = answer === true || (await answer) === true;
      if (!active) judged = { state: record.state, active, everyone: record.everyone };
    }
    const refused = judgeRecord(claims, judged, circumstances);
    if (refused) return this.reportRefusal(refused, claims);
    this.noteSight(claims, record!);
    return { accepted: true, user: record!.user, claims };
  }

  /** The check path writes nothing itself. */
  private noteSight({ sid, gen }: TokenClaims, { session }: StrictRecord<User>): void {
    if (sid === undefined || session?.isSightDue !== true || session.generation !== gen) return;
    this.parts.noteSight({ sessionId: sid, generation: gen });
  }

  private circumstances(policy: TokenPolicy, maxAuthAge: Duration | undefined): Circumstances {
    const maxAuthAgeSeconds =
      maxAuthAge === undefined ? undefined : requireSeconds(maxAuthAge, 'maxAuthAge');
    return { policy, now: this.parts.clock.now(), maxAuthAgeSeconds };
  }

  /** All that can be judged before the user is read. */
  private judgeToken(
    token: string | null | undefined,
    circumstances: Circumstances,
  ): CheckedClaims | Refusal {
    if (!token) return refusal('token_missing');
    const legacy = isLegacyWindowOpen(circumstances.policy, circumstances.now);
    const signed = this.parts.signature.payloadOf(token, legacy);
    return signed.accepted ? judgeClaims(signed.payload, circumstances) : signed;
  }

  /** Every refusal passes here, so that listeners get each one once. */
  private reportRefusal(refused: Refusal, claims?: TokenClaims): Refusal {
    this.parts.events.emitRefusal(refused, claims);
    return refused;
  }
}

/** Whom and what to read. */
function queryOf(claims: TokenClaims, policy: TokenPolicy): StateQuery {
  const { sub: subject, sid, jti } = claims;
  const inSession = hasSession(claims, policy);
  return {
    subject,
    sessionId: inSession ? sid : undefined,
    tokenId: policy.revokedTokens ? jti : undefined,
  };
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
