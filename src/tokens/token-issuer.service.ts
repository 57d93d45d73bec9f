import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import type { TokenClaims } from '../rule/claims.js';
import type { TokenStateStore } from '../state/token-state.store.js';
import type { Clock } from './clock.js';
import { type Duration, durationProblem, requireSeconds } from './duration.js';
import { ACCESS_TOKEN_TYPE, type KeySet } from './key-set.js';

/** Claims that only the issuer may set. */
const RESERVED = ['sub', 'ver', 'iat', 'exp', 'nbf', 'jti', 'auth_time', 'iss', 'aud'] as const;

/** Claims of the application's own; those of the issuer cannot be overridden. */
export type ExtraClaims = { readonly [claim: string]: unknown } & {
  readonly [reserved in (typeof RESERVED)[number]]?: never;
};

export interface IssueOptions {
  /** Claims of the application's own. A token can be read by whoever holds it: no secrets. */
  claims?: ExtraClaims;
  /** How long the token lives. Default: the module's `expiresIn`. */
  expiresIn?: Duration;
  /**
   * When the user entered credentials, in seconds since the epoch. Default: now. Hand on the old token's
   * `auth_time` when a token is exchanged for a new one.
   */
  authTime?: number;
}

export interface IssuerSettings {
  readonly expiresInSeconds: number;
  readonly issuer?: string;
  readonly audience?: string | string[];
}

/** Signs access tokens (RFC 9068 for `typ`, RFC 7519 for the claims). */
@Injectable()
export class TokenIssuer<User = unknown> {
  private readonly jwt = new JwtService();

  constructor(
    private readonly keys: KeySet,
    private readonly store: TokenStateStore<User>,
    private readonly clock: Clock,
    private readonly settings: IssuerSettings,
  ) {}

  /** How long a token lives unless it is asked otherwise, in seconds: the `expires_in` of a token response. */
  get expiresInSeconds(): number {
    return this.settings.expiresInSeconds;
  }

  /**
   * A new token for this user, as a compact JWS. Asks no database: the version and the cutoffs come from the record.
   *
   * Give it the very record that the password was checked against. A token from it is dead when the password changed
   * in the meantime; one from a record that was read again would be alive.
   *
   * @throws TypeError when the record lacks its id or token state, when a claim is reserved, or a duration is not one
   */
  issue(user: User, options: IssueOptions = {}): string {
    const { subject, state } = this.store.describe(user);
    // A cutoff that never was counts as the epoch.
    const iat = this.issuedAt(Number(state.passwordChangedAt), Number(state.logoutAllAt));
    const authTime = options.authTime ?? iat;
    return this.sign(subject, state.tokenVersion, { ...options, iat, authTime });
  }

  /**
   * A new token for the device that asked for an invalidation, so that it stays in: of the very version that the
   * invalidation made, with the old token's login time and own claims. Asks no database, and needs not: when another
   * invalidation came in between, the token is dead already.
   *
   * @param receipt - what the invalidation returned
   * @param claims - of the accepted token that asked for it
   * @throws TypeError when the two are of different users: an administrator would become the user
   */
  reissue(
    receipt: { readonly subject: string; readonly version: number; readonly effectiveAt: Date },
    claims: TokenClaims,
    options: Pick<IssueOptions, 'expiresIn'> = {},
  ): string {
    if (claims.sub !== receipt.subject) {
      throw new TypeError(
        'The receipt is for another user than the token: only who ended the own tokens can be kept in.',
      );
    }
    const own = Object.entries(claims).filter(([name]) => !isReserved(name) && !isInherited(name));
    return this.sign(receipt.subject, receipt.version, {
      ...options,
      claims: Object.fromEntries(own),
      iat: this.issuedAt(claims.iat * 1000, Number(receipt.effectiveAt)),
      // Unknown stays unknown: nobody entered credentials now.
      authTime: claims.auth_time,
    });
  }

  /** The database's clock may be ahead of this node's; a new token must not look older than the cutoffs it follows. */
  private issuedAt(...earliestMs: number[]): number {
    return Math.floor(Math.max(this.clock.now(), ...earliestMs) / 1000);
  }

  private sign(
    subject: string,
    version: number,
    options: Pick<IssueOptions, 'claims' | 'expiresIn'> & {
      readonly iat: number;
      readonly authTime: number | undefined;
    },
  ): string {
    const { algorithm, kid, signWith } = this.keys.current;
    const { issuer, audience, expiresInSeconds } = this.settings;
    const { iat, authTime } = options;
    const payload = {
      ...withoutReserved(options.claims),
      sub: subject,
      ver: version,
      iat,
      exp: iat + lifetimeSeconds(options.expiresIn ?? expiresInSeconds),
      jti: randomUUID(),
      // JSON leaves out what is undefined.
      auth_time: authTime,
    };
    return this.jwt.sign(payload, {
      algorithm,
      privateKey: signWith!,
      header: { alg: algorithm, typ: ACCESS_TOKEN_TYPE, kid },
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    });
  }
}

function lifetimeSeconds(asked: Duration): number {
  const seconds = Math.floor(requireSeconds(asked, 'expiresIn'));
  if (seconds === 0) throw new TypeError(durationProblem(asked, 'expiresIn'));
  return seconds;
}

function isReserved(name: string): boolean {
  return (RESERVED as readonly string[]).includes(name);
}

/** What every object inherits is no name for a claim: jsonwebtoken would take `constructor` for a rule of its own. */
function isInherited(name: string): boolean {
  return name in Object.prototype;
}

function withoutReserved(claims: object | undefined): object {
  const names = Object.keys(claims ?? {});
  reject(names.filter(isReserved), 'are set by TokenIssuer');
  reject(names.filter(isInherited), 'have the name of what every object has');
  return { ...claims };
}

function reject(names: string[], why: string): void {
  if (names.length > 0) {
    throw new TypeError(`The claims ${names.join(', ')} ${why} and cannot be given.`);
  }
}
