import type { Credential } from '../variants/variant.js';

/** A request, and what its answer must be. */
export interface Call {
  readonly credential: Credential;
  readonly status: number;
  /** Not compared where it is absent. */
  readonly body?: string;
}

/** Opens the connections and warms up the server; answered by `LoadReport`. */
export interface OpenLoad {
  readonly url: string;
  readonly connections: number;
  readonly calls: readonly Call[];
  /** Of each hundred requests, so many are of `forgedCalls`. */
  readonly forgedPercent: number;
  readonly forgedCalls: readonly Call[];
  readonly warmUpSeconds: number;
}

/** On the connections that are open; answered by `LoadReport`. */
export interface RunLoad {
  readonly seconds: number;
}

export interface LoadReport {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** How much of one core the load process itself needed. */
  readonly coreShare: number;
  /** What was wrong with an answer. */
  readonly wrong?: string;
}
