import { Injectable } from '@nestjs/common';
import type { TokenClaims } from '../rule/claims.js';
import type { TokenStateStore } from '../state/token-state.store.js';
import { type Duration, durationProblem, requireSeconds } from '../options/duration.js';
import type { TokenState } from '../rule/token-state.js';
import { addedClaims, type RESERVED, type SignerParts, TokenSigner } from './token-signer.js';
import type { TokenStamp } from './token-stamp.js';

/** Claims that the application adds; those of the issuer cannot be overridden. */
export type ExtraClaims = { readonly [claim: string]: unknown } & {
  readonly [reserved in (typeof RESERVED)[number]]?: never;
};

/**
 * A user to issue a token for: the entity, or a domain object with its id and token state. Where the properties have
 * other names (`properties` of the store), name the type: `TokenIssuer<Person>`.
 */
export interface IssuableUser extends TokenState {
  readonly id: string | number | bigint;
}

/** What `issue` takes. */
export interface IssueOptions {
  /** Claims that the application adds. Anyone who holds a token can read them: no secrets. */
  claims?: ExtraClaims;
  /** How long the token lives. Default: the module's `expiresIn`. */
  expiresIn?: Duration;
  /**
   * When the user entered credentials, in seconds since the epoch. Default: now. Hand on the old token's
   * `auth_time` when a token is exchanged for a new one.
   */
  authTime?: number;
}

/** What the issuer works with. */
export interface IssuerParts<User> extends SignerParts {
  readonly store: TokenStateStore<User>;
  readonly expiresInSeconds: number;
}

/** Signs access tokens (RFC 9068 for `typ`, RFC 7519 for the claims). */
@Injectable()
export class TokenIssuer<User = IssuableUser> {
  private readonly signer: TokenSigner;

  constructor(private readonly parts: IssuerParts<User>) {
    this.signer = new TokenSigner(parts);
  }

  /** How long a token lives by default, in seconds: the `expires_in` of a token response. */
  get expiresInSeconds(): number {
    return this.parts.expiresInSeconds;
  }

  /**
   * A new token for this user, as a compact JWS. Sends no query: the version and the cutoffs come from the record.
   *
   * Give it the record that the password was checked against. If the password has changed meanwhile, a token from that
   * record is refused; one from a record that was read again would be accepted.
   *
   * @throws TypeError when the record lacks its id or token state or belongs to another users table, when a claim is
   *   reserved, or a duration is not one
   */
  issue(user: User, options: IssueOptions = {}): string {
    const { sub, ver, iat, auth_time } = this.stampOf(user, options);
    return this.sign(sub, ver, { ...options, iat, authTime: auth_time });
  }

  /**
   * What to store or sign with a credential of the application itself, such as a refresh token, so that
   * `StampVerifier.verify()` can judge it later. Sends no query. Give it the record that the password was checked
   * against.
   *
   * @throws TypeError when the record lacks its id or token state
   */
  stampOf(user: User, { authTime }: Pick<IssueOptions, 'authTime'> = {}): TokenStamp {
    const { subject, state } = this.parts.store.describe(user);
    const iat = this.signer.issuedAt(state.passwordChangedAt, state.logoutAllAt);
    const realm = this.parts.store.realm();
    return { sub: subject, realm, ver: state.tokenVersion, iat, auth_time: authTime ?? iat };
  }

  /**
   * A new token for the device that asked for an invalidation, so that it stays logged in: with the version that the
   * invalidation made, the old token's login time and its added claims. Sends no query, and needs none: if another
   * invalidation came in between, the token is already stale.
   *
   * @param receipt - what the invalidation returned
   * @param claims - of the accepted token that asked for it
   * @throws TypeError when the two belong to different users: an administrator would become the user
   */
  reissue(
    receipt: { readonly subject: string; readonly version: number; readonly effectiveAt: Date },
    claims: TokenClaims,
    options: Pick<IssueOptions, 'expiresIn'> = {},
  ): string {
    if (claims.sub !== receipt.subject) {
      throw new TypeError(
        'The receipt and the token belong to different users. Only the device that logged its own user out can be kept signed in.',
      );
    }
    return this.sign(receipt.subject, receipt.version, {
      ...options,
      claims: addedClaims(claims) as ExtraClaims,
      iat: this.signer.issuedAt(new Date(claims.iat * 1000), receipt.effectiveAt),
      // An unknown login time stays unknown: nobody entered credentials now.
      authTime: claims.auth_time,
    });
  }

  private sign(
    subject: string,
    version: number,
    options: Pick<IssueOptions, 'claims' | 'expiresIn'> & {
      readonly iat: number;
      readonly authTime: number | undefined;
    },
  ): string {
    const { iat, authTime, claims } = options;
    const exp = iat + lifetimeSeconds(options.expiresIn ?? this.parts.expiresInSeconds);
    return this.signer.sign({ sub: subject, ver: version, iat, exp, auth_time: authTime }, claims);
  }
}

function lifetimeSeconds(asked: Duration): number {
  const seconds = Math.floor(requireSeconds(asked, 'expiresIn'));
  if (seconds === 0) throw new TypeError(`expiresIn ${durationProblem(asked)}`);
  return seconds;
}
