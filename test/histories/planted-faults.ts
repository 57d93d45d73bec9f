/** What can be broken on purpose, so that the checker has to find it. */
export const PLANTED_FAULTS = [
  'check-dropped',
  'stale-copy',
  'late-join',
  'version-without-cutoff',
  'cutoff-without-version',
  'transaction-clock',
  'iat-not-clamped',
  'trigger-missing',
  'record-read-again',
  'outage-refuses',
  'primary-check-dropped',
  'standby-check-alone',
  'connection-kept',
  'no-read-back',
  'writes-on-pool',
] as const;

export type PlantedFault = (typeof PLANTED_FAULTS)[number];
