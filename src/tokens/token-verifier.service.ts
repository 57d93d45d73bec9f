import { Injectable } from '@nestjs/common';
import { JwtService, type JwtVerifyOptions } from '@nestjs/jwt';
import { verify as verifyJws } from 'jws';
import type { TokenEvents } from '../events/token-events.js';
import type { TokenClaims } from '../rule/claims.js';
import { refusal, type Refusal } from '../rule/refusal.js';
import {
  type JudgedRecord,
  judgeClaims,
  judgeLogin,
  judgeRecord,
  type TokenPolicy,
} from '../rule/rule.js';
import type { StrictReader, StrictRecord } from '../state/strict-reader.js';
import type { Algorithm } from './algorithm.js';
import type { Clock } from './clock.js';
import { type Duration, requireSeconds } from './duration.js';
import type { KeySet } from './key-set.js';
import type { SigningKey } from './signing-key.js';
import { VerifiedTokens } from './verified-tokens.js';

/** A token that holds: whose it is, and what it says. */
export interface Acceptance<User> {
  readonly accepted: true;
  readonly user: User;
  readonly claims: TokenClaims;
}

export type Verdict<User> = Acceptance<User> | Refusal;

export interface VerifierSettings<User> {
  readonly policy: TokenPolicy;
  readonly issuer?: string;
  readonly audience?: string | string[];
  /** How many tokens are remembered whose signature was verified. */
  readonly signatureCacheSize: number;
  isActive(user: User): boolean;
}

/** Options of jsonwebtoken, less the key. */
export interface JwtOptions {
  readonly algorithms: Algorithm[];
  readonly issuer?: string;
  readonly audience?: string | string[];
  readonly ignoreExpiration: true;
  readonly ignoreNotBefore: true;
}

/** What the verifier works with. */
export interface VerifierParts<User> {
  readonly keys: KeySet;
  readonly reader: StrictReader<User>;
  readonly clock: Clock;
  readonly events: TokenEvents;
}

/**
 * The one door: whatever accepts a token asks here, on HTTP or off it.
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
  private readonly jwt = new JwtService();
  private readonly verified: VerifiedTokens;

  constructor(
    private readonly parts: VerifierParts<User>,
    private readonly settings: VerifierSettings<User>,
  ) {
    this.verified = new VerifiedTokens(settings.signatureCacheSize);
  }

  /** How a signature is verified. The times are left to the rule, which has the application's clock. */
  get jwtOptions(): JwtOptions {
    const { issuer, audience } = this.settings;
    return {
      algorithms: this.parts.keys.algorithms,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
      ignoreExpiration: true,
      ignoreNotBefore: true,
    };
  }

  /**
   * Decides about a compact JWS.
   *
   * @throws TokenStateUnavailableError when the user could not be read in time: nothing is known about the token
   */
  async verify(token: string, demands: { maxAuthAge?: Duration } = {}): Promise<Verdict<User>> {
    const { maxAuthAge } = demands;
    const maxAgeSeconds =
      maxAuthAge === undefined ? undefined : requireSeconds(maxAuthAge, 'maxAuthAge');
    const payload = this.verified.recall(token) ?? this.verifySignature(token);
    if (payload instanceof BadSignature) return this.refuse(payload.reason);
    const verdict = await this.verifyClaims(payload);
    if (!verdict.accepted) return verdict;
    if (maxAgeSeconds === undefined) return verdict;
    return this.requireRecentLogin(verdict.claims, maxAgeSeconds) ?? verdict;
  }

  /**
   * Decides about the payload of a token whose signature somebody has verified with `selectKey` and `jwtOptions`.
   *
   * @throws TokenStateUnavailableError when the user could not be read in time: nothing is known about the token
   */
  async verifyClaims(payload: unknown): Promise<Verdict<User>> {
    const { reader, clock } = this.parts;
    const { policy } = this.settings;
    const checked = judgeClaims(payload, policy, clock.now());
    if (!checked.accepted) return this.refuse(checked);

    const { claims } = checked;
    const record = await reader.read({ subject: claims.sub });
    const refused = judgeRecord(claims, record && this.judged(record), policy, clock.now());
    return refused ? this.refuse(refused, claims) : { accepted: true, user: record!.user, claims };
  }

  /** The key to verify this token with, or the refusal. */
  selectKey(token: unknown): SigningKey | Refusal {
    const selected = this.parts.keys.select(token, this.isLegacyWindowOpen());
    return 'accepted' in selected ? this.refuse(selected) : selected;
  }

  /** The refusal, when the login behind these accepted claims is older than the route allows. */
  requireRecentLogin(claims: TokenClaims, maxAuthAgeSeconds: number): Refusal | undefined {
    const policy = { ...this.settings.policy, maxAuthAgeSeconds };
    const reason = judgeLogin(claims, policy, this.parts.clock.now());
    return reason && this.refuse(refusal(reason), claims);
  }

  /** Every refusal passes here, so that the listener hears of each once. */
  refuse(refused: Refusal, claims?: TokenClaims): Refusal {
    this.parts.events.refused({
      reason: refused.reason,
      ...(refused.detail !== undefined && { detail: refused.detail }),
      ...(claims !== undefined && { subject: claims.sub }),
      ...(typeof claims?.jti === 'string' && { jti: claims.jti }),
    });
    return refused;
  }

  private verifySignature(token: string): unknown {
    const legacy = this.isLegacyWindowOpen();
    const key = this.parts.keys.select(token, legacy);
    if ('accepted' in key) return new BadSignature(key);
    if (hasWrongMac(token, key)) return new BadSignature(refusal('token_invalid', 'wrong MAC'));
    try {
      const options = { ...this.jwtOptions, secret: key.verifyWith };
      const payload: unknown = this.jwt.verify(token, options as unknown as JwtVerifyOptions);
      // What passes in the legacy window need not pass when it has closed.
      if (!legacy && typeof payload === 'object') this.verified.remember(token);
      return payload;
    } catch (error) {
      return new BadSignature(refusal('token_invalid', (error as Error).message));
    }
  }

  private isLegacyWindowOpen(): boolean {
    const { legacyUntil } = this.settings.policy;
    return legacyUntil !== undefined && this.parts.clock.now() < legacyUntil.getTime();
  }

  private judged(record: StrictRecord<User>): JudgedRecord {
    return {
      state: record.state,
      active: record.active && this.settings.isActive(record.user),
      everyoneLoggedOutAt: record.everyoneLoggedOutAt,
    };
  }
}

/**
 * jsonwebtoken says it with an exception, which costs more than the MAC: an attack with made-up tokens would be dear.
 * It has the last word on all others. With a key pair the verification is what costs, and once is enough.
 */
function hasWrongMac(token: string, { algorithm, verifyWith }: SigningKey): boolean {
  // jws hands a KeyObject through; its types do not say so.
  return verifyWith.type === 'secret' && !verifyJws(token, algorithm, verifyWith as never);
}

/** Told apart from a payload by its class: a payload may hold anything. */
class BadSignature {
  constructor(readonly reason: Refusal) {}
}
