import type { Credential, VariantContext, WantedSessions } from '../variants/variant.js';

export interface StartServer {
  readonly variant: string;
  readonly context: VariantContext;
}

export interface ServerStarted {
  readonly url: string;
  readonly credentials: readonly Credential[];
  readonly revoked: Credential;
  readonly forged: Credential;
}

/** What the server has used since it was started. */
export interface Usage {
  readonly cpuMicroseconds: number;
  readonly statements: number;
  readonly rssMegabytes: number;
  readonly heapMegabytes: number;
}

/** Asked of a started server. `usage-after-gc` collects the garbage first. */
export type ServerQuestion = 'usage' | 'usage-after-gc' | 'stop' | StartSessions | RunDirectly;

/** Answered by `RefreshRoute`. */
export interface StartSessions {
  readonly sessions: WantedSessions;
}

/** Refreshes the sessions that were started last, from within the server; answered by `LoadReport`. */
export interface RunDirectly {
  /** How many at once. */
  readonly callers: number;
  readonly seconds: number;
}
