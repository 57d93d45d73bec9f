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
] as const;

export type PlantedFault = (typeof PLANTED_FAULTS)[number];
