import type { DynamicModule, InjectionToken, Type } from '@nestjs/common';
import type { TokenEventListener } from './events/token-event.listener.js';
import type { TokenExtractor } from './http/revocable-jwt.strategy.js';
import type { TokenStateStore } from './state/token-state.store.js';
import type { Clock } from './tokens/clock.js';
import type { Duration } from './tokens/duration.js';
import type { KeyMaterial, KeyOptions } from './tokens/signing-key.js';
import type { UserProperties } from './typeorm/user-table.js';

/** What the module works with. With `forRootAsync` this is what the factory returns. */
export interface TokenInvalidationOptions {
  /** The user entity's class. Required with the TypeORM store. */
  entity?: (new (...args: never[]) => object) | undefined;
  /** Where the entity's properties have other names than in `RevocableUser`. Default: `{}`. */
  properties?: UserProperties | undefined;
  /** HMAC secret of at least 32 bytes, for HS256: short for `keys: [{ secret }]`. */
  secret?: KeyMaterial | undefined;
  /** The keys: the first signs, any verifies, so that rotating them logs nobody out. Either this or `secret`. */
  keys?: KeyOptions[] | undefined;
  /** How long a token lives. Seconds, or text with a unit. Default: `'15m'`. */
  expiresIn?: Duration | undefined;
  /** `iss` of new tokens, demanded of every token. Default: none. */
  issuer?: string | undefined;
  /** `aud` of new tokens; a token must name one of them. Default: none. */
  audience?: string | string[] | undefined;
  /** How far ahead of this node's clock `iat` and `nbf` may lie. Default: `'5m'`. */
  clockTolerance?: Duration | undefined;
  /**
   * Until this instant, tokens from before this library are accepted: without `ver`, with `typ: JWT`, without `kid`.
   * They die with the user's first invalidation. Default: none are.
   */
  legacyUntil?: Date | undefined;
  /** Whether the user may use the application now; asked for each request, with the user just loaded. Default: always. */
  isActive?(user: object): boolean;
  /** Where the token stands in a request. Default: `Authorization: Bearer` (RFC 6750 section 2.1). */
  jwtFromRequest?: TokenExtractor | undefined;
  /**
   * How many tokens are remembered whose signature was verified, so that it is not computed on every request; the
   * user's state is read on every request all the same. `0`: none. Default: `5000`.
   */
  signatureCacheSize?: number | undefined;
  /** How long a request waits for the user's record before it gets 503. Default: `'2s'`. */
  readTimeout?: Duration | undefined;
  /** How long an invalidation outside of a transaction may take. Default: `'10s'`. */
  writeTimeout?: Duration | undefined;
  /** `Retry-After` of a 503, in whole seconds. Default: `'1s'`. */
  retryAfter?: Duration | undefined;
  /** Table that holds the global cutoff. Default: the users table's name with `_token_invalidation`. */
  globalTable?: string | undefined;
  /** Whether boot looks for the columns and the trigger in the database. Default: `true`. */
  checkSchema?: boolean | undefined;
  /** Where the time comes from. Default: the system's clock. */
  clock?: Clock | undefined;
}

/** What shapes the module. With `forRootAsync` it stands beside the factory. */
export interface TokenInvalidationExtras {
  /** Whether all modules see the module's providers without importing it. Default: `false`. */
  isGlobal?: boolean | undefined;
  /** Whether `RevocableJwtGuard` guards every route that isn't `@Public()`. Default: `false`. */
  globalGuard?: boolean | undefined;
  /** Adds `POST <path>/logout-everywhere`. Default: no endpoint. */
  endpoint?: { path: string } | undefined;
  /** Name of the strategy in Passport's table, for `AuthGuard(name)`. Default: `'revocable-jwt'`. */
  strategyName?: string | undefined;
  /** Injection token of the TypeORM data source, as from `getDataSourceToken('name')`. Default: the `DataSource` class. */
  dataSource?: InjectionToken | undefined;
  /** A store of your own in place of the TypeORM one: a class that Nest makes with its dependencies. */
  store?: Type<TokenStateStore> | undefined;
  /** Hears of invalidations and refusals: a class that Nest makes with its dependencies. Default: nobody does. */
  listener?: Type<TokenEventListener> | undefined;
  /** Modules with what `store` and `listener` inject. Default: none. */
  imports?: NonNullable<DynamicModule['imports']> | undefined;
}

/** For `forRootAsync` with `useClass` or `useExisting`. */
export interface TokenInvalidationOptionsFactory {
  createTokenInvalidationOptions(): Promise<TokenInvalidationOptions> | TokenInvalidationOptions;
}
