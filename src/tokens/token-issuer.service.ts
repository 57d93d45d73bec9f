import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sign } from 'jws';
import type { TokenClaims } from '../rule/claims.js';
import { isFarAhead } from '../state/far-ahead.js';
import type { TokenStateStore } from '../state/token-state.store.js';
import { ACCESS_TOKEN_TYPE, type KeySet } from '../keys/key-set.js';
import { type Duration, durationProblem, requireSeconds } from '../options/duration.js';
import type { TokenState } from '../rule/token-state.js';
import type { Clock } from './clock.js';
import type { TokenStamp } from './token-stamp.js';

/** Claims that only the issuer may set. */
const RESERVED = [
  'sub',
  'realm',
  'ver',
  'iat',
  'exp',
  'nbf',
  'jti',
  'auth_time',
  'iss',
  'aud',
] as const;

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
export interface IssuerParts<User> {
  readonly keys: KeySet;
  readonly store: TokenStateStore<User>;
  readonly clock: Clock;
  readonly expiresInSeconds: number;
  readonly issuer?: string;
  readonly audience?: string | string[];
}

/** Signs access tokens (RFC 9068 for `typ`, RFC 7519 for the claims). */
@Injectable()
export class TokenIssuer<User = IssuableUser> {
  constructor(private readonly parts: IssuerParts<User>) {}

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
   * `TokenVerifier.judgeStamp()` can judge it later. Sends no query. Give it the record that the password was checked
   * against.
   *
   * @throws TypeError when the record lacks its id or token state
   */
  stampOf(user: User, { authTime }: Pick<IssueOptions, 'authTime'> = {}): TokenStamp {
    const { subject, state } = this.parts.store.describe(user);
    const iat = this.issuedAt(state.passwordChangedAt, state.logoutAllAt);
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
    const added = Object.entries(claims).filter(
      ([name]) => !isReserved(name) && !isInherited(name),
    );
    return this.sign(receipt.subject, receipt.version, {
      ...options,
      claims: Object.fromEntries(added),
      iat: this.issuedAt(new Date(claims.iat * 1000), receipt.effectiveAt),
      // An unknown login time stays unknown: nobody entered credentials now.
      authTime: claims.auth_time,
    });
  }

  /**
   * The database's clock may be ahead of this node's; a new token must not look older than the cutoffs it follows. It need
   * not follow one that a wrong clock has left: the token is refused either way, but so the store reads it and repairs it.
   */
  private issuedAt(...earliest: (Date | null)[]): number {
    const now = this.parts.clock.now();
    const followed = earliest.filter((cutoff) => !isFarAhead(cutoff, now));
    // A cutoff that is null counts as the epoch.
    return Math.floor(Math.max(now, ...followed.map(Number)) / 1000);
  }

  private sign(
    subject: string,
    version: number,
    options: Pick<IssueOptions, 'claims' | 'expiresIn'> & {
      readonly iat: number;
      readonly authTime: number | undefined;
    },
  ): string {
    const { algorithm, kid, signWith } = this.parts.keys.current;
    const { issuer, audience, expiresInSeconds } = this.parts;
    const { iat, authTime } = options;
    const payload = {
      ...withoutReserved(options.claims),
      sub: subject,
      realm: this.parts.store.realm(),
      ver: version,
      iat,
      exp: iat + lifetimeSeconds(options.expiresIn ?? expiresInSeconds),
      jti: randomUUID(),
      // JSON leaves out what is undefined.
      auth_time: authTime,
      iss: issuer,
      aud: audience,
    };
    return sign({
      header: { alg: algorithm, typ: ACCESS_TOKEN_TYPE, kid },
      payload,
      // jws passes a KeyObject through; its types do not say so.
      secret: signWith as never,
    });
  }
}

function lifetimeSeconds(asked: Duration): number {
  const seconds = Math.floor(requireSeconds(asked, 'expiresIn'));
  if (seconds === 0) throw new TypeError(`expiresIn ${durationProblem(asked)}`);
  return seconds;
}

function isReserved(name: string): boolean {
  return (RESERVED as readonly string[]).includes(name);
}

/** Names that every object inherits are no names for claims: readers meet the inherited member where the claim is missing. */
function isInherited(name: string): boolean {
  return name in Object.prototype;
}

function withoutReserved(claims: object | undefined): object {
  const names = Object.keys(claims ?? {});
  reject(names.filter(isReserved), 'are set by TokenIssuer. Leave them out.');
  reject(names.filter(isInherited), 'clash with built-in object properties. Rename them.');
  return { ...claims };
}

function reject(names: string[], why: string): void {
  if (names.length > 0) throw new TypeError(`The claims ${names.join(', ')} ${why}`);
}
