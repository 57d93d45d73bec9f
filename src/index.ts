export { TokenInvalidationModule } from './token-invalidation.module.js';
export { TokenInvalidationConfigError } from './options/config-error.js';
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
export { TokenVerifier } from './tokens/token-verifier.service.js';
export type {
  Acceptance,
  IsActive,
  Verdict,
  VerifyOptions,
} from './tokens/token-verifier.service.js';

export { CONCURRENT_READS, TokenStateStore } from './state/token-state.store.js';
export type {
  CutoffKind,
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
  UserId,
} from './invalidation/token-invalidator.service.js';
export {
  PasswordConflictError,
  UserUnknownError,
  VersionConflictError,
} from './invalidation/invalidation.errors.js';
export type {
  EveryoneInvalidationReceipt,
  InvalidationReceipt,
  RehashReceipt,
} from './invalidation/receipt.js';

export { TokenEventEmitter } from './events/token-event.emitter.js';
export { TokenEventListener } from './events/token-event.listener.js';
export type {
  InvalidationEvent,
  InvalidationReason,
  RefusalEvent,
} from './events/token-event.listener.js';

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

export type { EndpointsOptions } from './endpoints/endpoints-options.js';
export { LogoutTransaction } from './endpoints/logout-transaction.js';
export type { LogoutWithin } from './endpoints/logout-transaction.js';
export type { TokenResponse } from './endpoints/token-response.js';
