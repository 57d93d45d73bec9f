import type { TokenStateStore } from '../state/token-state.store.js';
import type { Clock } from './clock.js';

/**
 * Warns of tokens that live no longer than this node's clock differs from the store's: what one node issues has expired
 * for another.
 */
export async function clockWarnings(
  store: Pick<TokenStateStore, 'now'>,
  { clock, expiresInSeconds }: { clock: Clock; expiresInSeconds: number },
): Promise<string[]> {
  const before = clock.now();
  const theirs = await store.now();
  const after = clock.now();
  if (theirs === undefined) return [];
  // The store looked at its clock in between, so this is the least that the two differ by.
  const ahead = before - theirs;
  const behind = theirs - after;
  const seconds = Math.floor(Math.max(ahead, behind) / 1000);
  if (seconds < expiresInSeconds) return [];
  return [
    `This node's clock is ${seconds} s ${ahead > behind ? 'ahead of' : 'behind'} the database's, and tokens live ${expiresInSeconds} s (expiresIn): nodes with such clocks refuse each other's new tokens as expired. Set the clocks by NTP, or make expiresIn longer.`,
  ];
}
