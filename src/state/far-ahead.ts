/** How far the clocks of an application and its database may be apart. */
const MOST_SKEW_MS = 300_000;

/**
 * Whether a cutoff was written by a clock that was wrong: it lies further ahead than clocks may be apart. It locks out
 * whom it concerns, until that instant or until a write raises the version.
 *
 * @param now - milliseconds since the epoch
 */
export function isFarAhead(cutoff: Date | null, now: number): boolean {
  return cutoff !== null && Number(cutoff) - now > MOST_SKEW_MS;
}
