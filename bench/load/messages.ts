import type { Credential } from '../variants/variant.js';

/** A request, and what its answer must be. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly credential: Credential;
  readonly status: number;
  /** Not compared where it is absent. */
  readonly body?: string;
}

/** A session that is refreshed, each time with the token that the last answer had. */
export interface Refresh {
  readonly path: string;
  /** The first one. */
  readonly refreshToken: string;
  /** Whether each answer must have a new one; otherwise none may. */
  readonly rotates: boolean;
}

/** Opens the connections and warms up the server; answered by `LoadReport`. */
export interface OpenLoad {
  readonly url: string;
  readonly connections: number;
  readonly calls: readonly (Call | Refresh)[];
  /** Whether a call is made by one of the connections alone: two must not rotate the same session at once. */
  readonly apart: boolean;
  /** How many of each hundred requests are of `forgedCalls`. */
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
