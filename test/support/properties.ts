/** Fixed, so that a run says the same as the last one; fast-check prints seed and path of a failure. */
const SEED = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_115);
const FACTOR = Number(process.env['FAST_CHECK_FACTOR'] ?? 1);

/** The seed, and how often a property is tried: `FAST_CHECK_SEED` changes the one, `FAST_CHECK_FACTOR` multiplies the other. */
export function tries(count: number): { seed: number; numRuns: number } {
  return { seed: SEED, numRuns: Math.ceil(count * FACTOR) };
}
