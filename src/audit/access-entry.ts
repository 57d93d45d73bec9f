/** Who may make a call, as far as it can be known at boot. */
export type Access =
  /** `RevocableJwtGuard` demands a token that is accepted. */
  | 'login'
  /** It demands a recent login too. */
  | 'recent login'
  /** It judges a token that is present, and lets a call without one pass. */
  | 'optional'
  /** Anyone, by `@Public()`. */
  | 'public'
  /** A guard of the application decides, and no `RevocableJwtGuard`. */
  | 'other guard'
  /** Anyone, and nobody has said so. */
  | 'unguarded'
  /** What decides is not known at boot; `decidedBy` says why. */
  | 'not checkable';

/** One thing that a client can call. */
export interface AccessEntry {
  readonly context: 'http' | 'graphql' | 'ws' | 'rpc';
  /** What the client calls: `GET /orders/:id`, `Query.me`, a message or a pattern. */
  readonly name: string;
  /** Class and method; of a raw route, the adapter. */
  readonly handler: string;
  readonly access: Access;
  /** The guard or decorator that decides, and where it stands. */
  readonly decidedBy: string;
}
