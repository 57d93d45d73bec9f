import type { Platform } from './variants/variant.js';

export interface Figures {
  /** Of the server, for each request. */
  readonly cpuMicroseconds: number;
  /** Of the database, for each request, where it can be seen. */
  readonly databaseCpuMicroseconds?: number;
  readonly requestsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly rssMegabytes: number;
  readonly requests: number;
}

/** Those that every measurement has. */
export type FigureName = Exclude<keyof Figures, 'databaseCpuMicroseconds'>;

/** One point: medians over the rounds. */
export interface Point {
  readonly series:
    | 'main'
    | 'one-connection'
    | 'users'
    | 'concurrency'
    | 'one-user'
    | 'refused'
    | 'sessions'
    | 'session-rows'
    | 'refresh'
    | 'rotations';
  readonly platform: Platform;
  readonly variant: string;
  readonly connections: number;
  /** Rows of the users' table. */
  readonly users: number;
  /** Rows of the sessions' table before those of the load, where there is one. */
  readonly sessionRows?: number;
  readonly distinctTokens: number;
  readonly forgedPercent: number;
  /** What the requests were, if not `GET /me`. */
  readonly refresh?: 'due' | 'repeated';
  readonly rounds: readonly Figures[];
  readonly median: Figures;
  /** Statements the server sent to the database, where they were counted. */
  readonly statementsPerRequest?: number;
}

export interface SoakSample {
  readonly seconds: number;
  readonly requests: number;
  readonly rssMegabytes: number;
  readonly heapMegabytes: number;
}

/** What `--json FILE` holds. */
export interface Results {
  readonly startedAt: string;
  readonly command: string;
  readonly machine: { cpu: string; cores: number; memoryGigabytes: number; os: string };
  readonly versions: Record<string, string>;
  readonly points: readonly Point[];
  readonly soak?: {
    requests: number;
    seconds: number;
    samples: readonly SoakSample[];
    heapAfterGcMegabytes: { start: number; end: number };
  };
}

export type Series = Point['series'];
