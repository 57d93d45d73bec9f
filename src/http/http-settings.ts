/** Injection token of what the HTTP edge is told by the module. */
export const HTTP_SETTINGS = Symbol('nestjs-token-invalidation: HTTP settings');

export interface HttpSettings {
  /** `Retry-After` of a 503. */
  readonly retryAfterSeconds: number;
}
