import type { ControllerOptions, DynamicModule, Type } from '@nestjs/common';
import type { EndpointsOptions, RefreshCookieOptions } from './endpoints/endpoints-options.js';
import { LogoutTransaction } from './endpoints/logout-transaction.js';
import type { TokenEventListener } from './events/token-event.listener.js';
import { AUDIT_MODES, type AuditMode } from './audit/audit-settings.js';
import { type HandshakeOptions } from './http/contexts/handshake-tokens.js';
import { isHandshakeSource } from './http/contexts/handshake.js';
import type { MessageTokenExtractor } from './http/contexts/message-header.js';
import { bearerToken, type TokenExtractor } from './http/token-extractor.js';
import { KEY_ROWS } from './keys/read-keys.js';
import type { KeyMaterial, KeyOptions } from './keys/signing-key.js';
import {
  booleanRow,
  durationRow,
  isBoolean,
  isFunction,
  isPlainObject,
  isText,
  textRow,
} from './options/checks.js';
import { type OptionRow, type OptionsOf, option } from './options/option-table.js';
import type { LegacyPolicy } from './rule/legacy-claims.js';
import { SESSIONS_ROW } from './sessions/sessions-options.js';
import { TokenStateStore, type TokenStateStoreDefinition } from './state/token-state.store.js';
import { type Clock, systemClock } from './tokens/clock.js';
import type { IsActive } from './tokens/judge.js';

const isListOfObjects = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isPlainObject);

/** The options of `handshake`. */
export const HANDSHAKE_ROWS = {
  token: option<NonNullable<HandshakeOptions['token']>>({
    default: ['auth.token', 'connectionParams.authorization', 'header'],
    check: (value) =>
      typeof value === 'function' ||
      isHandshakeSource(value) ||
      (Array.isArray(value) && value.length > 0 && value.every(isHandshakeSource)),
    problem:
      "is not a place of a handshake: give 'header', 'auth.<field>', 'connectionParams.<field>', 'cookie.<name>', 'subprotocol.<name>', a list of them, or (handshake) => the token or null.",
  }),
  allowedOrigins: option<NonNullable<HandshakeOptions['allowedOrigins']>>({
    check: (value) => Array.isArray(value) && value.every(isOrigin),
    problem:
      "is not a list of origins: give them as browsers send them, such as ['https://app.example.com'].",
  }),
} satisfies Record<keyof HandshakeOptions, OptionRow>;

/** Where the token of an RPC message is. */
export interface RpcOptions {
  /** `(data, context) => the token or null`, for messages without an `authorization` header. Default: none, and such messages carry no token. */
  token?: MessageTokenExtractor | undefined;
}

const RPC_ROWS = {
  token: option<MessageTokenExtractor>({
    check: isFunction,
    problem: 'is not a function: give (data, context) => the token or null.',
  }),
} satisfies Record<keyof RpcOptions, OptionRow>;

type LegacySubject = NonNullable<LegacyPolicy['legacySubject']>;

/**
 * What the module works with, one row an option. With `forRootAsync` this is what the factory returns. The comment
 * above a row is the option's documentation, here and in docs/options.md.
 */
export const OPTION_ROWS = {
  /** HMAC secret of at least 32 bytes, for HS256: short for `keys: [{ secret }]`. Required, unless there are `keys`. */
  secret: option<KeyMaterial>({ check: () => true, problem: 'cannot be used.' }),
  /** List of `{ secret }` or `{ privateKey, publicKey }`, each with an optional `algorithm` and `kid`. The first signs, any verifies, so rotating them logs nobody out. Default: none. */
  keys: option<KeyOptions[]>({
    check: isListOfObjects,
    problem: 'is not a list with a key in it: give at least one, as [{ secret }].',
    fields: KEY_ROWS,
  }),
  /** How long a token lives: seconds, or text with a unit. Default: `'15m'`. */
  expiresIn: durationRow('15m', { least: 1, most: Number.MAX_SAFE_INTEGER }),
  /** `iss` of new tokens, demanded of every token. Default: none. */
  issuer: textRow('is not text: give the iss claim, or leave it out.'),
  /** `aud` of new tokens, text or a list; a token must name one of them. Default: none. */
  audience: option<string | string[]>({
    check: (value) =>
      isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
    problem: 'is not text or a list of text: give the aud claim, or leave it out.',
  }),
  /** How far ahead of this node's clock `iat` and `nbf` may be. Default: `'5m'`. */
  clockTolerance: durationRow('5m', { least: 0, most: 86_400 }),
  /** Until this instant (a `Date`), tokens from before this library are accepted: without `ver`, with `typ: JWT`, without `kid`, with a number as `sub`, signed with a key of `keys` that is too short. The user's first invalidation ends that. Default: they are refused. */
  legacyUntil: option<Date>({
    check: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
    problem: 'is not a valid Date: give the instant at which the last old token has expired.',
  }),
  /** `(payload) => string | number`: the user's id in a token from before this library, where `sub` does not have it. Only until `legacyUntil`. Default: `sub`. */
  legacySubject: option<LegacySubject>({
    check: isFunction,
    problem: "is not a function: give (payload) => the user's id.",
  }),
  /** How long after its `iat` a token from before this library ends if it has no `exp`. Seconds, or text with a unit. Only until `legacyUntil`. Default: such a token is refused. */
  legacyMaxAge: durationRow(undefined, { least: 1, most: Number.MAX_SAFE_INTEGER }),
  /** `(user, claims) => boolean`, or a promise of it: whether the user may use the application now. Called for each request, with the user just read. Default: always. */
  // `never`, so that an application may name the type of its users. A method's type would not survive in the .d.ts file.
  isActive: option<IsActive<never>>({
    default: () => true,
    check: isFunction,
    problem: 'is not a function: give (user, claims) => boolean.',
  }),
  /** How to extract the token from a request; any extractor of passport-jwt fits. Default: `Authorization: Bearer` (RFC 6750 section 2.1). */
  jwtFromRequest: option<TokenExtractor>({
    default: bearerToken,
    check: isFunction,
    problem: 'is not a function: give one of ExtractJwt, or (request) => the token or null.',
  }),
  /** `{ token, allowedOrigins }`: where the token is when a WebSocket, socket.io or a GraphQL subscription connects. */
  handshake: option<HandshakeOptions>({
    default: {},
    check: isPlainObject,
    problem: "is not an object: give { token: 'auth.token' }.",
    fields: HANDSHAKE_ROWS,
  }),
  /** `{ token }`: where the token is in RPC messages without headers, as over TCP and Redis. */
  rpc: option<RpcOptions>({
    default: {},
    check: isPlainObject,
    problem: 'is not an object: give { token: (data, context) => the token or null }.',
    fields: RPC_ROWS,
  }),
  /** What to do at boot about handlers that no guard covers and no `@Public()` opens: `'off'`, `'warn'` (one line in the log) or `'enforce'` (the application does not start). Default: `'warn'`. */
  audit: option<AuditMode>({
    default: 'warn',
    check: (value) => AUDIT_MODES.some((mode) => mode === value),
    problem: "is not a mode: give 'off', 'warn' or 'enforce'.",
  }),
  /** How many tokens are remembered whose signature was verified, so that it is not computed on every request; the user's state is still read on every request. `0`: none. Default: `5000`. */
  signatureCacheSize: option<number>({
    default: 5000,
    check: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1_000_000,
    problem: 'is not a whole number from 0 to 1000000.',
  }),
  /** `{ absolute, idle, … }`: sessions, one for each login on a device, with rotating refresh tokens. See [sessions](sessions.md). Default: none. */
  sessions: SESSIONS_ROW,
  /** Whether single access tokens can be revoked, by `jti`: `TokenSessions.revokeToken()`. Every token then needs a `jti`. Default: `false`. */
  revokedTokens: booleanRow(false),
  /** How long a request waits for the user's record before it gets 503. Default: `'2s'`. */
  readTimeout: durationRow('2s', { least: 0.001, most: 3_600 }),
  /** `Retry-After` of a 503, in whole seconds. Default: `'1s'`. */
  retryAfter: durationRow('1s', { least: 0, most: 86_400 }),
  /** `{ now(): number }` in milliseconds: where the time comes from. Default: the system's clock. */
  clock: option<Clock>({
    default: systemClock,
    check: (value) => isFunction(Reflect.get(Object(value), 'now')),
    problem: 'has no now(): give { now: () => ms }.',
  }),
};

/** What the module works with. With `forRootAsync` this is what the factory returns. */
export type TokenInvalidationOptions = OptionsOf<typeof OPTION_ROWS>;

const REFRESH_COOKIE_ROWS = {
  name: option<string>({
    check: (value) => isText(value) && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
    problem: "is no name of a cookie: give letters, digits, - and _, such as '__Secure-rt'.",
  }),
  path: option<string>({
    check: (value) => isText(value) && /^\/[\w%./~-]*$/.test(value),
    problem: "is no path of a cookie: begin it with a slash, such as '/auth'.",
  }),
} satisfies Record<keyof RefreshCookieOptions, OptionRow>;

const ENDPOINT_ROWS = {
  path: textRow("is not text: give the path of the endpoints' controller, such as 'auth'."),
  version: option<NonNullable<ControllerOptions['version']>>({
    check: (value) =>
      isVersion(value) || (Array.isArray(value) && value.length > 0 && value.every(isVersion)),
    problem: "is not a version: give text such as '1', VERSION_NEUTRAL, or a list of them.",
  }),
  logoutEverywhere: booleanRow(false),
  sessions: booleanRow(false),
  refreshCookie: option<NonNullable<EndpointsOptions['refreshCookie']>>({
    default: false,
    check: (value) => isBoolean(value) || (isPlainObject(value) && isStorable(value)),
    problem:
      "is no cookie that a browser stores: give true, or { name: '__Secure-refresh_token', path: '/auth' }; a name that begins with __Host- needs path: '/'.",
    fields: REFRESH_COOKIE_ROWS,
  }),
  revoke: option<NonNullable<EndpointsOptions['revoke']>>({
    default: false,
    check: (value) => isBoolean(value) || isFunction(value),
    problem: 'is neither true or false nor a function: give (request) => boolean.',
  }),
  introspect: option<NonNullable<EndpointsOptions['introspect']>>({
    check: isFunction,
    problem: 'is not a function: give (request) => boolean, which knows the callers that may ask.',
  }),
  jwks: option<NonNullable<EndpointsOptions['jwks']>>({
    default: false,
    check: (value) => isBoolean(value) || isText(value),
    problem: "is neither true or false nor a path: give '.well-known/jwks.json'.",
  }),
  response: option<NonNullable<EndpointsOptions['response']>>({
    check: isFunction,
    problem: 'is not a function: give (response) => what the client gets.',
  }),
  listResponse: option<NonNullable<EndpointsOptions['listResponse']>>({
    check: isFunction,
    problem: 'is not a function: give (page) => what the client gets.',
  }),
  logoutTransaction: option<NonNullable<EndpointsOptions['logoutTransaction']>>({
    check: (value) => Reflect.get(Object(value), 'prototype') instanceof LogoutTransaction,
    problem: 'is not a class that extends LogoutTransaction.',
  }),
  securityScheme: textRow(
    "is not text: give the name of the scheme in your OpenAPI document, such as 'bearer'.",
  ),
} satisfies Record<keyof EndpointsOptions, OptionRow>;

const STORES =
  'give typeOrmStore({ entity: User }) of nestjs-token-invalidation/typeorm, pgStore({ … }) of nestjs-token-invalidation/pg, prismaStore({ … }) of nestjs-token-invalidation/prisma, drizzleStore({ … }) of nestjs-token-invalidation/drizzle, or a class that extends TokenStateStore.';

/** What shapes the module, one row an option. With `forRootAsync` it stands next to the factory. */
export const EXTRA_ROWS = {
  /** Where the token state lives: `typeOrmStore({ … })`, `pgStore({ … })`, `prismaStore({ … })`, `drizzleStore({ … })`, or your class that extends `TokenStateStore`. Required. */
  store: option<Type<TokenStateStore> | TokenStateStoreDefinition>({
    check: isStore,
    problem: `is not a store: ${STORES}`,
    missing: `is missing: ${STORES}`,
  }),
  /** Whether all modules see the module's providers without importing it. Default: `false`. */
  isGlobal: booleanRow(false),
  /** Whether `RevocableJwtGuard` guards every route that isn't `@Public()`. Default: `false`. */
  globalGuard: booleanRow(false),
  /** `{ path, version, logoutEverywhere, sessions, … }`: adds the endpoints that are switched on, under the path. Default: none. */
  endpoints: option<EndpointsOptions>({
    check: (value) => isPlainObject(value) && isText(Reflect.get(value, 'path')),
    problem: "is not an object with a path: give { path: 'auth', logoutEverywhere: true }.",
    fields: ENDPOINT_ROWS,
  }),
  /** Key of metadata by which a `@Public()` of your own opens routes, such as `'isPublic'`. Default: none. */
  publicMetadataKey: textRow(
    "is not text: give the key that your decorator sets, such as 'isPublic'.",
  ),
  /** Class that extends `TokenEventListener` and receives invalidations and refusals. Default: none. */
  listener: option<Type<TokenEventListener>>({
    check: isFunction,
    problem: 'is not a class: give one that extends TokenEventListener.',
  }),
  /** Modules with what `store`, `listener` and `logoutTransaction` inject. Default: none. */
  imports: option<NonNullable<DynamicModule['imports']>>({
    default: [],
    check: Array.isArray,
    problem:
      'is not a list: give the modules with what store, listener and logoutTransaction inject.',
  }),
};

/** What shapes the module. With `forRootAsync` it stands next to the factory. */
export type TokenInvalidationExtras = OptionsOf<Omit<typeof EXTRA_ROWS, 'store'>> & {
  /** Where the token state lives: `typeOrmStore({ … })`, `pgStore({ … })`, `prismaStore({ … })`, `drizzleStore({ … })`, or your class that extends `TokenStateStore`. */
  store: Type<TokenStateStore> | TokenStateStoreDefinition;
};

/** For `forRootAsync` with `useClass` or `useExisting`. */
export interface TokenInvalidationOptionsFactory {
  createTokenInvalidationOptions(): Promise<TokenInvalidationOptions> | TokenInvalidationOptions;
}

function isOrigin(value: unknown): boolean {
  return isText(value) && URL.canParse(value) && new URL(value).origin === value;
}

/** A browser takes a __Host- cookie only with the path / (RFC 6265bis section 4.1.3). */
function isStorable({ name, path }: RefreshCookieOptions): boolean {
  return !/^__Host-/i.test(String(name)) || path === '/';
}

function isVersion(value: unknown): boolean {
  return isText(value) || typeof value === 'symbol';
}

function isStore(value: unknown): boolean {
  if (typeof value === 'function') return value.prototype instanceof TokenStateStore;
  const { inject, useFactory } = Object(value) as Partial<TokenStateStoreDefinition>;
  return Array.isArray(inject) && isFunction(useFactory);
}
