export { TokenInvalidationModule } from './token-invalidation.module.js';
export { TokenInvalidationConfigError } from './token-invalidation.config-error.js';
export type {
  TokenInvalidationExtras,
  TokenInvalidationOptions,
  TokenInvalidationOptionsFactory,
} from './token-invalidation.options.js';

export { judge } from './rule/rule.js';
export type { CheckedClaims, JudgedRecord, TokenPolicy } from './rule/rule.js';
export type { Refusal, RefusalReason } from './rule/refusal.js';
export type { TokenState } from './rule/token-state.js';

export { ALGORITHMS } from './tokens/algorithm.js';
export type { Algorithm } from './tokens/algorithm.js';
export type { Clock } from './tokens/clock.js';
export type { Duration } from './tokens/duration.js';
export type { KeyMaterial, KeyOptions } from './tokens/signing-key.js';
export { TokenIssuer } from './tokens/token-issuer.service.js';
export type { ExtraClaims, IssueOptions } from './tokens/token-issuer.service.js';
export { TokenVerifier } from './tokens/token-verifier.service.js';
export type { Acceptance, Verdict } from './tokens/token-verifier.service.js';

export { TokenStateStore } from './state/token-state.store.js';
export type {
  CutoffKind,
  InvalidationTarget,
  PasswordReplacement,
  StateChange,
  StateQuery,
  StateReading,
  StateRecord,
  WriteOutcome,
} from './state/token-state.store.js';
export { TokenStateUnavailableError } from './state/token-state-unavailable.error.js';

export { RevocableUser } from './typeorm/revocable-user.entity.js';
export { tokenInvalidationMigration } from './typeorm/token-invalidation.migration.js';
export type { TokenInvalidationMigrationOptions } from './typeorm/token-invalidation.migration.js';
export type { UserProperties } from './typeorm/user-table.js';

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
  GlobalInvalidationReceipt,
  InvalidationReceipt,
  RehashReceipt,
} from './invalidation/receipt.js';

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
export { refusalOf, TokenRefusedException } from './http/http-answers.js';
export type { TokenResponse } from './http/logout-everywhere.controller.js';
export { RevocableJwtGuard } from './http/revocable-jwt.guard.js';
export { RevocableJwtStrategy } from './http/revocable-jwt.strategy.js';
export type { TokenExtractor } from './http/revocable-jwt.strategy.js';
