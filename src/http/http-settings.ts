/** Injection token of what the HTTP edge is told by the module. */
// Stryker disable next-line StringLiteral: the wording of messages of Nest's
export const HTTP_SETTINGS = Symbol('nestjs-token-invalidation: HTTP settings');

export interface HttpSettings {
  /** `Retry-After` of a 503. */
  readonly retryAfterSeconds: number;
}
