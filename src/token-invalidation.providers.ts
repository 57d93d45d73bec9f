import { type DynamicModule, Logger, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, ApplicationConfig, DiscoveryModule } from '@nestjs/core';
import { AccessAudit } from './audit/access-audit.js';
import { AdapterRoutes } from './audit/adapter-routes.js';
import { AUDIT_SETTINGS, type AuditSettings } from './audit/audit-settings.js';
import { HandlerList } from './audit/handler-list.js';
import { ConnectedMicroservices } from './audit/microservices.js';
import { endpointControllers, endpointServices } from './endpoints/endpoint-controllers.js';
import { ENDPOINT_SETTINGS, type EndpointSettings } from './endpoints/endpoint-settings.js';
import { JWKS, type JsonWebKeySet } from './endpoints/jwks.controller.js';
import { RefreshCookie } from './endpoints/refresh-cookie.js';
import { SessionAnswers } from './endpoints/session-answers.js';
import { TokenEventEmitter } from './events/token-event.emitter.js';
import { TokenEventListener } from './events/token-event.listener.js';
import { GlobalGuardReach } from './http/contexts/global-guard-reach.js';
import { HandshakeTokens } from './http/contexts/handshake-tokens.js';
import { SocketConnections } from './http/contexts/socket-connections.js';
import { HTTP_SETTINGS, type HttpSettings } from './http/http-settings.js';
import { IgnoredPublicMetadata } from './http/ignored-public-metadata.js';
import { RevocableJwtGuard } from './http/revocable-jwt.guard.js';
import { TokenStateUnavailableFilter } from './http/token-state-unavailable.filter.js';
import { TokenInvalidator } from './invalidation/token-invalidator.service.js';
import { TokenInvalidationConfigError } from './options/config.error.js';
import { problemsOf, valueOf } from './options/option-table.js';
import { SetupProblems } from './options/setup-problems.js';
import { SessionUpkeep } from './sessions/session-upkeep.js';
import { TokenSessions } from './sessions/token-sessions.service.js';
import { StateReader } from './state/state-reader.js';
import { storeProblems } from './state/store-problems.js';
import { StrictReader } from './state/strict-reader.js';
import { type SetupNeeds, TokenStateStore } from './state/token-state.store.js';
import type { Clock } from './tokens/clock.js';
import { clockWarnings } from './tokens/clock-warnings.js';
import type { JudgeParts } from './tokens/judge.js';
import { Signature } from './tokens/signature.js';
import { StampVerifier } from './tokens/stamp-verifier.service.js';
import { TokenIssuer } from './tokens/token-issuer.service.js';
import { TokenVerifier } from './tokens/token-verifier.service.js';
import {
  EXTRA_ROWS,
  type TokenInvalidationExtras,
  type TokenInvalidationOptions,
} from './token-invalidation.options.js';
import { type ResolvedOptions, resolveOptions } from './token-invalidation.resolved-options.js';
import { sessionProviders } from './token-invalidation.session-providers.js';
import {
  OPTIONS,
  RESOLVED_OPTIONS,
  SHAPE,
  SHAPE_PROBLEMS,
  TOKEN_CLOCK,
} from './token-invalidation.tokens.js';

const EXPORTED = [
  TokenIssuer,
  TokenVerifier,
  StampVerifier,
  TokenInvalidator,
  TokenSessions,
  SessionAnswers,
  TokenStateStore,
  TokenEventEmitter,
  RevocableJwtGuard,
  TOKEN_CLOCK,
  HTTP_SETTINGS,
];

/** The module as its extras shape it. Here, and only here, the rooms are put together. */
export function shapeModule(
  definition: DynamicModule,
  given: TokenInvalidationExtras,
): DynamicModule {
  const problems = shapeProblems(given);
  // What cannot be used shapes nothing, and stops the boot with all other problems.
  const extras: Partial<TokenInvalidationExtras> = problems.length > 0 ? {} : given;
  return {
    ...definition,
    global: valueOf(EXTRA_ROWS.isGlobal, extras.isGlobal),
    imports: [DiscoveryModule, ...(definition.imports ?? []), ...(extras.imports ?? [])],
    controllers: endpointControllers(extras.endpoints),
    providers: [
      ...(definition.providers ?? []),
      { provide: SHAPE_PROBLEMS, useValue: problems },
      { provide: SHAPE, useValue: extras },
      storeProvider(extras),
      ...eventProviders(extras),
      ...serviceProviders(),
      ...httpProviders(extras),
      ...endpointProviders(extras),
      ...auditProviders(extras),
    ],
    exports: EXPORTED,
  };
}

/** Nest hands over the extras with all other options, which are checked when they are resolved. */
function shapeProblems(given: object): string[] {
  const extras = Object.entries(given).filter(([name]) => Object.hasOwn(EXTRA_ROWS, name));
  return problemsOf(EXTRA_ROWS, Object.fromEntries(extras));
}

const ONCE = {
  isGlobal:
    'a module that imports none would get the services of one of them by chance. Leave it out, and import each where its users are.',
  globalGuard:
    'every request would need a token of each. Leave it out of all but one, and use RevocableJwtGuard on the controllers of the others.',
} as const;

/** What several modules in one application cannot all have. */
export function shapeConflicts(shapes: readonly Partial<TokenInvalidationExtras>[]): string[] {
  return Object.entries(ONCE).flatMap(([name, why]) => {
    const times = shapes.filter((shape) => shape[name as keyof typeof ONCE] === true).length;
    return times > 1 ? [`${name} is true in ${times} modules: ${why}`] : [];
  });
}

function storeProvider({ store }: Partial<TokenInvalidationExtras>): Provider {
  const provide = TokenStateStore;
  if (store === undefined) return { provide, useValue: undefined };
  return typeof store === 'function'
    ? { provide, useClass: store }
    : {
        provide,
        inject: store.inject,
        useFactory: (...dependencies: unknown[]) => store.useFactory(...dependencies),
      };
}

function serviceProviders(): Provider[] {
  return [
    {
      provide: RESOLVED_OPTIONS,
      inject: [OPTIONS, SHAPE_PROBLEMS, SHAPE, TokenStateStore],
      useFactory: setUp,
    },
    {
      provide: TOKEN_CLOCK,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ clock }: ResolvedOptions) => clock,
    },
    {
      provide: StateReader,
      inject: [TokenStateStore, RESOLVED_OPTIONS],
      useFactory: (store: TokenStateStore, { readTimeoutMs }: ResolvedOptions) =>
        new StrictReader(store, readTimeoutMs),
    },
    ...sessionProviders(),
    ...tokenProviders(),
  ];
}

function tokenProviders(): Provider[] {
  return [
    {
      provide: TokenIssuer,
      inject: [RESOLVED_OPTIONS, TokenStateStore, TOKEN_CLOCK],
      useFactory: (options: ResolvedOptions, store: TokenStateStore, clock: Clock) =>
        new TokenIssuer({ ...options, store, clock }),
    },
    {
      provide: TokenVerifier,
      inject: JUDGED_WITH,
      useFactory: (options: ResolvedOptions, ...others: JudgeServices) =>
        new TokenVerifier(new Signature(options.keys, options), judgeParts(options, others)),
    },
    {
      provide: StampVerifier,
      inject: JUDGED_WITH,
      useFactory: (options: ResolvedOptions, ...others: JudgeServices) =>
        new StampVerifier(judgeParts(options, others)),
    },
    {
      provide: TokenInvalidator,
      // The options are injected so that nothing is invalidated before the set-up was checked.
      inject: [TokenStateStore, TokenEventEmitter, RESOLVED_OPTIONS],
      useFactory: createInvalidator,
    },
  ];
}

const JUDGED_WITH = [
  RESOLVED_OPTIONS,
  StateReader,
  TOKEN_CLOCK,
  TokenEventEmitter,
  TokenStateStore,
  SessionUpkeep,
];

/** `JUDGED_WITH`, after the options. */
type JudgeServices = [StateReader, Clock, TokenEventEmitter, TokenStateStore, SessionUpkeep];

function judgeParts(
  { policy, isActive }: ResolvedOptions,
  [reader, clock, events, store, { sights }]: JudgeServices,
): JudgeParts<unknown> {
  const ofRealm = { ...policy, realm: store.realm() };
  const noteSight = sights.note.bind(sights);
  return { reader, clock, events, isActive, noteSight, policy: ofRealm };
}

function createInvalidator(
  store: TokenStateStore,
  events: TokenEventEmitter,
  { sessions }: ResolvedOptions,
): TokenInvalidator {
  return new TokenInvalidator(store, events, sessions?.address);
}

/** What the services wait for, so that none runs on a set-up that cannot work. */
async function setUp(
  options: TokenInvalidationOptions | undefined,
  ...[problemsOfShape, { endpoints }, store]: [
    readonly string[],
    Partial<TokenInvalidationExtras>,
    TokenStateStore | undefined,
  ]
): Promise<ResolvedOptions> {
  if (typeof options !== 'object' || options === null) {
    throw new TokenInvalidationConfigError(['there are no options: return them from the factory.']);
  }
  const problems = new SetupProblems();
  problems.add(...problemsOfShape);
  const resolved = problems.collect(() => resolveOptions(options));
  if (resolved !== undefined) {
    problems.add(...sessionProblems(resolved, store), ...endpointProblems(resolved, endpoints));
  }
  problems.add(...(await storeProblems(store, needsOf(resolved))));
  problems.throwIfAny();
  const logger = new Logger('TokenInvalidation');
  const warnings = [...resolved!.warnings, ...(await clockWarnings(store!, resolved!))];
  for (const warning of warnings) logger.warn(warning);
  return resolved!;
}

/** What the store has to keep; nothing is asked of it for options that cannot be used. */
function needsOf(resolved: ResolvedOptions | undefined): SetupNeeds {
  if (resolved === undefined) return {};
  return { sessions: resolved.sessions !== undefined, revokedTokens: resolved.revokedTokens };
}

/** A store of the application's may keep users alone, and a slow one needs a longer grace. */
function sessionProblems(
  { sessions, revokedTokens, readTimeoutMs }: ResolvedOptions,
  store: TokenStateStore | undefined,
): string[] {
  if (store === undefined) return [];
  if (store.sessions !== undefined) {
    return graceProblems(sessions, (readTimeoutMs + store.sessions.writeTimeoutMs) / 1000);
  }
  const options = [sessions && 'sessions', revokedTokens && 'revokedTokens'].filter(Boolean);
  return options.map(
    (name) =>
      `${name} needs a store that keeps sessions, and ${store.constructor.name} has none: take one of this package, or give yours a SessionStore as its property sessions.`,
  );
}

function graceProblems(sessions: ResolvedOptions['sessions'], waitSeconds: number): string[] {
  const { graceSeconds = 0 } = sessions ?? {};
  // A limit of the store that cannot be used is NaN, for which no grace is too short.
  const isTooShort = graceSeconds > 0 && graceSeconds <= waitSeconds;
  if (!isTooShort) return [];
  return [
    `sessions.grace is ${graceSeconds} s: it must be longer than readTimeout and the store's writeTimeout together, which are ${waitSeconds} s, or a request that waits for the database comes too late. Raise it, or give 0.`,
  ];
}

/** Fields of `endpoints` that need the option `sessions`, and those that only one other field reads. */
const SESSION_FIELDS = ['sessions', 'revoke', 'refreshCookie'] as const;
const READ_BY = { listResponse: 'sessions', logoutTransaction: 'logoutEverywhere' } as const;

/** Fields of `endpoints` that switch one on, or off on purpose; and the two that shape what `SessionAnswers` writes without any. */
const EFFECTIVE_FIELDS = [
  'logoutEverywhere',
  'sessions',
  'revoke',
  'introspect',
  'jwks',
  'refreshCookie',
  'response',
] as const;

/** Endpoints without what they need would answer every request with an error, and fields that nobody reads do nothing. */
function endpointProblems(
  { sessions, keys }: ResolvedOptions,
  endpoints: EndpointSettings = {},
): string[] {
  const sessionless = SESSION_FIELDS.filter((name) => sessions === undefined && endpoints[name]);
  const unread = Object.entries(READ_BY).filter(
    ([name, reader]) => endpoints[name as keyof typeof READ_BY] && !endpoints[reader],
  );
  return [
    ...sessionless.map(
      (name) =>
        `endpoints.${name} needs the option sessions: set sessions: { preset: 'consumer' }.`,
    ),
    ...unread.map(
      ([name, reader]) =>
        `endpoints.${name} needs endpoints.${reader}: set that too, or leave this out.`,
    ),
    ...(endpoints.jwks && keys.publicKeys().length === 0
      ? [
          'endpoints.jwks needs a key pair: there is no public key in keys, and a secret stays secret.',
        ]
      : []),
    ...(unread.length === 0 && isWithoutEffect(endpoints)
      ? [
          'endpoints adds none: set endpoints.logoutEverywhere, sessions, revoke, introspect or jwks, or leave endpoints out.',
        ]
      : []),
  ];
}

function isWithoutEffect(endpoints: EndpointSettings): boolean {
  return (
    Object.keys(endpoints).length > 0 &&
    EFFECTIVE_FIELDS.every((name) => endpoints[name] === undefined)
  );
}

/** Without a listener nobody subscribes, and the database is not asked what was committed. */
function eventProviders({ listener }: Partial<TokenInvalidationExtras>): Provider[] {
  if (listener === undefined) return [{ provide: TokenEventEmitter, useFactory: createEmitter }];
  return [
    { provide: TokenEventListener, useClass: listener },
    { provide: TokenEventEmitter, inject: [TokenEventListener], useFactory: createEmitter },
  ];
}

function createEmitter(...listeners: TokenEventListener[]): TokenEventEmitter {
  const emitter = new TokenEventEmitter();
  for (const listener of listeners) emitter.subscribe(listener);
  return emitter;
}

function httpProviders({
  globalGuard,
  publicMetadataKey,
}: Partial<TokenInvalidationExtras>): Provider[] {
  return [
    {
      provide: HTTP_SETTINGS,
      inject: [RESOLVED_OPTIONS, SocketConnections],
      useFactory: (
        { retryAfterSeconds, jwtFromRequest, handshake, messageToken }: ResolvedOptions,
        sockets: SocketConnections,
      ): HttpSettings => ({
        retryAfterSeconds,
        jwtFromRequest,
        handshake: new HandshakeTokens(handshake),
        messageToken,
        sockets,
        publicMetadataKey,
      }),
    },
    SocketConnections,
    GlobalGuardReach,
    { provide: APP_FILTER, useClass: TokenStateUnavailableFilter },
    RevocableJwtGuard,
    IgnoredPublicMetadata,
    // useExisting, so that a test can override the guard.
    ...(valueOf(EXTRA_ROWS.globalGuard, globalGuard)
      ? [{ provide: APP_GUARD, useExisting: RevocableJwtGuard }]
      : []),
  ];
}

function endpointProviders({ endpoints }: Partial<TokenInvalidationExtras>): Provider[] {
  return [
    ...endpointServices(endpoints),
    { provide: ENDPOINT_SETTINGS, useValue: endpoints ?? {} },
    {
      provide: SessionAnswers,
      inject: [ENDPOINT_SETTINGS, ApplicationConfig, TOKEN_CLOCK],
      useFactory: (settings: EndpointSettings, config: ApplicationConfig, clock: Clock) =>
        new SessionAnswers(settings, new RefreshCookie(settings, config), clock),
    },
    {
      provide: JWKS,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ keys }: ResolvedOptions): JsonWebKeySet => ({ keys: keys.publicKeys() }),
    },
  ];
}

function auditProviders({ publicMetadataKey }: Partial<TokenInvalidationExtras>): Provider[] {
  return [
    {
      provide: AUDIT_SETTINGS,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ audit, messageToken }: ResolvedOptions): AuditSettings => ({
        mode: audit,
        publicMetadataKey,
        findsMessageTokens: messageToken !== undefined,
      }),
    },
    HandlerList,
    AdapterRoutes,
    ConnectedMicroservices,
    AccessAudit,
  ];
}
