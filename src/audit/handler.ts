import type { AccessEntry } from './access-entry.js';

/** A method that clients can call. */
export interface Handler extends Pick<AccessEntry, 'context' | 'name'> {
  readonly type: Function;
  readonly methodName: string;
  readonly method: Function;
  /** Made once for all calls. */
  readonly isStatic: boolean;
  /** Those that the `RouterModule` gave to the modules that have its controller; empty text without one. */
  readonly modulePaths?: readonly string[];
  /** Nest runs no guard for it, whatever its decorators say. */
  readonly skipsGuards?: boolean;
  /** The number of the transport that an RPC handler names; `undefined`: any. */
  readonly transport?: unknown;
}

/** A method before it is known what calls it. */
export type Method = Pick<Handler, 'type' | 'methodName' | 'method' | 'isStatic' | 'modulePaths'>;
