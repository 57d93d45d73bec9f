export { TokenInvalidationModule } from './token-invalidation.module.js';
export { TokenInvalidationConfigError } from './options/config.error.js';
export type {
  TokenInvalidationModuleAsyncOptions,
  TokenInvalidationModuleOptions,
} from './token-invalidation.module-definition.js';
export type { AuditMode } from './audit/audit-settings.js';
export type {
  RpcOptions,
  TokenInvalidationExtras,
  TokenInvalidationOptions,
  TokenInvalidationOptionsFactory,
} from './token-invalidation.options.js';
export { TOKEN_CLOCK } from './token-invalidation.tokens.js';
export type { Duration } from './options/duration.js';

export { judgeClaims, judgeRecord } from './rule/rule.js';
export type { CheckedClaims, Circumstances, JudgedRecord, TokenPolicy } from './rule/rule.js';
export type { Refusal, RefusalReason } from './rule/refusal.js';
export type { EveryoneState, TokenState } from './rule/token-state.js';

export { ALGORITHMS } from './keys/algorithm.js';
export type { Algorithm } from './keys/algorithm.js';
export type { KeyMaterial, KeyOptions } from './keys/signing-key.js';

export type { Clock } from './tokens/clock.js';
export { TokenIssuer } from './tokens/token-issuer.service.js';
export type { ExtraClaims, IssuableUser, IssueOptions } from './tokens/token-issuer.service.js';
export type { TokenStamp } from './tokens/token-stamp.js';
export { StampVerifier } from './tokens/stamp-verifier.service.js';
export { TokenVerifier } from './tokens/token-verifier.service.js';
export type { IsActive, VerifyOptions } from './tokens/judge.js';
export type { Acceptance, Verdict } from './tokens/verdict.js';

export { CONCURRENT_READS, TokenStateStore } from './state/token-state.store.js';
export type {
  CutoffKind,
  InContext,
  InvalidationTarget,
  PasswordChange,
  PasswordReplacement,
  StateChange,
  StateQuery,
  StateReading,
  StateRecord,
  TokenStateStoreDefinition,
  WriteOutcome,
} from './state/token-state.store.js';
export { TokenStateUnchangedError } from './state/token-state-unchanged.error.js';
export { TokenStateUnavailableError } from './state/token-state-unavailable.error.js';

export { TokenInvalidator } from './invalidation/token-invalidator.service.js';
export type {
  InvalidateOptions,
  InvalidationOptions,
  LogoutOptions,
} from './invalidation/token-invalidator.service.js';
export type { UserId } from './invalidation/user-id.js';
export {
  PasswordConflictError,
  UserUnknownError,
  VersionConflictError,
} from './invalidation/invalidation.error.js';
export type {
  EveryoneInvalidationReceipt,
  InvalidationReceipt,
  RehashReceipt,
} from './invalidation/receipt.js';

export { SessionStore } from './state/session.store.js';
export type {
  EndedSessions,
  Ending,
  Fork,
  ListedSession,
  NewSession,
  OtherSessions,
  Pending,
  PresentedRefresh,
  RefreshedSession,
  RefreshRecord,
  RefreshVisit,
  ReplacedSession,
  ReplaceFailure,
  Replacement,
  Replacing,
  RevokedToken,
  SessionLimits,
  SessionPage,
  SessionStart,
  SessionTarget,
  Sight,
  StartedSession,
  StartFailure,
} from './state/session.store.js';
export type { SetupNeeds } from './state/token-state.store.js';
export type { RefreshState, SessionEnd, SessionState } from './rule/session-state.js';
export { TokenSessions } from './sessions/token-sessions.service.js';
export { TooManySessionsError } from './sessions/session.error.js';
export type { SessionClaims, SessionsOptions } from './sessions/sessions-options.js';
export type { SessionPreset } from './sessions/presets.js';
export type { SessionView } from './sessions/session-view.js';
export type { SessionTokens } from './sessions/session-tokens.js';
export type { StartedTokens } from './sessions/session-starter.js';
export type {
  ChangePasswordOptions,
  EndAllOptions,
  EndOptions,
  EndOthersOptions,
  EndReason,
  ListOptions,
  RefreshOptions,
  SessionCall,
  StartOptions,
} from './sessions/session-calls.js';

export type { AddressPolicy } from './events/address.js';
export { TokenEventEmitter } from './events/token-event.emitter.js';
export { TokenEventListener } from './events/token-event.listener.js';
export type {
  InvalidationEvent,
  InvalidationReason,
  RefusalEvent,
  RevocationEvent,
} from './events/token-event.listener.js';
export type {
  RefreshRepeatedEvent,
  RefreshReusedEvent,
  SessionEndedEvent,
  SessionEvent,
  SessionRefreshedEvent,
  SessionStartedEvent,
} from './events/session-event.js';

export { CurrentSession } from './http/current-session.decorator.js';
export type { CallSession } from './http/current-session.decorator.js';
export { CurrentUser } from './http/current-user.decorator.js';
export { OptionalAuth } from './http/optional-auth.decorator.js';
export { Public } from './http/public.decorator.js';
export { RequireRecentLogin } from './http/require-recent-login.decorator.js';
export { TokenClaims } from './http/token-claims.decorator.js';
export { TokenRefusedException } from './http/http-answers.js';
export { RevocableJwtGuard } from './http/revocable-jwt.guard.js';
export { callerOf } from './http/contexts/caller.js';
export type { Caller } from './http/contexts/caller.js';
export type { Handshake, HandshakeSource } from './http/contexts/handshake.js';
export type { HandshakeOptions } from './http/contexts/handshake-tokens.js';
export type { MessageTokenExtractor } from './http/contexts/message-header.js';
export type { TokenExtractor } from './http/token-extractor.js';

export { LogoutTransaction } from './endpoints/logout-transaction.js';
export type { LogoutWithin } from './endpoints/logout-transaction.js';
export { SessionAnswers } from './endpoints/session-answers.js';
export type { CookieWriter, RefreshRequest } from './endpoints/session-answers.js';
export type {
  CallerCheck,
  EndpointsOptions,
  RefreshCookieOptions,
} from './endpoints/endpoints-options.js';
export type { SessionListResponse } from './endpoints/session-list-response.js';
export type { TokenResponse } from './endpoints/token-response.js';
