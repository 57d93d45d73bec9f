import type { PlantedFault } from './planted-faults.js';

/** The settings of a server process of a history. */
export interface NodeSettings {
  readonly url: string;
  /** Under which name its connections stand in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly clockOffsetSeconds: number;
  /** Whether tokens from before the library are accepted. */
  readonly legacy: boolean;
  /** For the tests of the checker: what is broken here on purpose. */
  readonly fault?: PlantedFault | undefined;
  /** When time began to run faster, in ms since the epoch; absent: it does not. */
  readonly lapseStart?: number;
}
