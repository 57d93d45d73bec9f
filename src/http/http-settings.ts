import type { HandshakeTokens } from './contexts/handshake-tokens.js';
import type { MessageTokenExtractor } from './contexts/message-header.js';
import type { SocketConnections } from './contexts/socket-connections.js';
import type { TokenExtractor } from './token-extractor.js';

/** Injection token of what the guard takes from the module's options. */
export const HTTP_SETTINGS = Symbol('nestjs-token-invalidation: HTTP settings');

export interface HttpSettings {
  /** `Retry-After` of a 503. */
  readonly retryAfterSeconds: number;
  readonly jwtFromRequest: TokenExtractor;
  readonly handshake: HandshakeTokens;
  readonly sockets: SocketConnections;
  /** Finds the token of an RPC message that has no headers. */
  readonly messageToken?: MessageTokenExtractor | undefined;
  /** Metadata of the application's that opens a route when it is true. */
  readonly publicMetadataKey?: string | undefined;
}
