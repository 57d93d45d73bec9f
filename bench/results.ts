import type { Platform } from './variants/variant.js';

export interface Figures {
  readonly cpuMicroseconds: number;
  readonly requestsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly rssMegabytes: number;
  readonly requests: number;
}

/** One point: medians over the rounds. */
export interface Point {
  readonly series: 'main' | 'one-connection' | 'users' | 'concurrency' | 'one-user' | 'refused';
  readonly platform: Platform;
  readonly variant: string;
  readonly connections: number;
  /** Rows of the users' table. */
  readonly users: number;
  readonly distinctTokens: number;
  readonly forgedPercent: number;
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
