import type { TokenExtractor } from './token-extractor.js';

/** Injection token of what the HTTP edge takes from the module's options. */
export const HTTP_SETTINGS = Symbol('nestjs-token-invalidation: HTTP settings');

export interface HttpSettings {
  /** `Retry-After` of a 503. */
  readonly retryAfterSeconds: number;
  readonly jwtFromRequest: TokenExtractor;
  /** Metadata of the application's that opens a route when it is true. */
  readonly publicMetadataKey?: string | undefined;
}
