import type { DynamicModule, Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { TokenEventListener } from './events/token-event.listener.js';
import { TokenEvents } from './events/token-events.js';
import { HTTP_SETTINGS, type HttpSettings } from './http/http-settings.js';
import { logoutEverywhereController } from './http/logout-everywhere.controller.js';
import { RevocableJwtGuard } from './http/revocable-jwt.guard.js';
import { createStrategy, RevocableJwtStrategy } from './http/revocable-jwt.strategy.js';
import { TokenStateUnavailableFilter } from './http/token-state-unavailable.filter.js';
import { TokenInvalidator } from './invalidation/token-invalidator.service.js';
import { type ResolvedOptions, resolveOptions, secondsOf } from './resolve-options.js';
import { StrictReader } from './state/strict-reader.js';
import { TokenStateStore } from './state/token-state.store.js';
import { TokenInvalidationConfigError } from './token-invalidation.config-error.js';
import type {
  TokenInvalidationExtras,
  TokenInvalidationOptions,
} from './token-invalidation.options.js';
import { OPTIONS, SETUP } from './token-invalidation.tokens.js';
import { TokenIssuer } from './tokens/token-issuer.service.js';
import { TokenVerifier } from './tokens/token-verifier.service.js';
import { TypeOrmTokenStateStore } from './typeorm/typeorm-token-state.store.js';

const EXPORTED = [
  TokenIssuer,
  TokenVerifier,
  TokenInvalidator,
  TokenStateStore,
  RevocableJwtGuard,
  RevocableJwtStrategy,
  HTTP_SETTINGS,
];

/** The module as its extras shape it. Here, and only here, the rooms are put together. */
export function shapeModule(
  definition: DynamicModule,
  extras: TokenInvalidationExtras,
): DynamicModule {
  return {
    ...definition,
    global: extras.isGlobal ?? false,
    imports: [...(definition.imports ?? []), ...(extras.imports ?? [])],
    controllers: extras.endpoint ? [logoutEverywhereController(extras.endpoint.path)] : [],
    providers: [
      ...(definition.providers ?? []),
      storeProvider(extras),
      { provide: TokenEventListener, useClass: extras.listener ?? TokenEventListener },
      ...serviceProviders(),
      ...httpProviders(extras),
    ],
    exports: EXPORTED,
  };
}

function storeProvider({ store, dataSource }: TokenInvalidationExtras): Provider {
  if (store !== undefined) return { provide: TokenStateStore, useClass: store };
  return {
    provide: TokenStateStore,
    inject: [OPTIONS, { token: dataSource ?? DataSource, optional: true }],
    useFactory: (given: TokenInvalidationOptions | undefined, source: DataSource | undefined) => {
      // A factory that returns nothing is a problem of the set-up, which names it.
      const options = given ?? {};
      return new TypeOrmTokenStateStore(source, {
        entity: options.entity,
        properties: options.properties ?? {},
        globalTable: options.globalTable,
        checkSchema: options.checkSchema ?? true,
        writeTimeoutMs: (secondsOf(options, 'writeTimeout') ?? 0) * 1000,
      });
    },
  };
}

function serviceProviders(): Provider[] {
  return [
    { provide: SETUP, inject: [OPTIONS, TokenStateStore], useFactory: setUp },
    {
      provide: TokenEvents,
      inject: [TokenEventListener],
      useFactory: (listener: TokenEventListener) => new TokenEvents(listener),
    },
    {
      provide: TokenIssuer,
      inject: [SETUP, TokenStateStore],
      useFactory: (setup: ResolvedOptions, store: TokenStateStore) =>
        new TokenIssuer(setup.keys, store, setup.clock, setup),
    },
    {
      provide: TokenVerifier,
      inject: [SETUP, TokenStateStore, TokenEvents],
      useFactory: createVerifier,
    },
    {
      provide: TokenInvalidator,
      inject: [TokenStateStore, TokenEvents, SETUP],
      useFactory: (store: TokenStateStore, events: TokenEvents) =>
        new TokenInvalidator(store, events),
    },
  ];
}

/** Everything else waits for this one, so that nothing runs on a set-up that cannot work. */
async function setUp(
  options: TokenInvalidationOptions | undefined,
  store: TokenStateStore,
): Promise<ResolvedOptions> {
  if (typeof options !== 'object' || options === null) {
    throw new TokenInvalidationConfigError(['there are no options: return them from the factory.']);
  }
  const { resolved, problems } = resolveOptions(options);
  problems.push(...(await store.checkSetup()));
  if (problems.length > 0) throw new TokenInvalidationConfigError(problems);
  return resolved;
}

function createVerifier(
  setup: ResolvedOptions,
  store: TokenStateStore,
  events: TokenEvents,
): TokenVerifier {
  const reader = new StrictReader(store, setup.readTimeoutMs);
  return new TokenVerifier(
    { keys: setup.keys, reader, clock: setup.clock, events },
    {
      policy: setup,
      signatureCacheSize: setup.signatureCacheSize,
      isActive: (user) => setup.isActive(user as object),
      ...(setup.issuer !== undefined && { issuer: setup.issuer }),
      ...(setup.audience !== undefined && { audience: setup.audience }),
    },
  );
}

function httpProviders({ strategyName, globalGuard }: TokenInvalidationExtras): Provider[] {
  return [
    {
      provide: HTTP_SETTINGS,
      inject: [SETUP],
      useFactory: ({ retryAfterSeconds }: ResolvedOptions): HttpSettings => ({ retryAfterSeconds }),
    },
    {
      provide: RevocableJwtStrategy,
      inject: [SETUP, TokenVerifier],
      useFactory: (setup: ResolvedOptions, verifier: TokenVerifier) =>
        createStrategy(strategyName ?? 'revocable-jwt', verifier, setup.jwtFromRequest),
    },
    { provide: APP_FILTER, useClass: TokenStateUnavailableFilter },
    RevocableJwtGuard,
    // useExisting, so that a test can override the guard.
    ...(globalGuard ? [{ provide: APP_GUARD, useExisting: RevocableJwtGuard }] : []),
  ];
}
