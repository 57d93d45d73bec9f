import type { Pending, RevokedToken } from '../../state/session.store.js';
import type { InMemoryRows } from './in-memory-rows.js';

type Rows = InMemoryRows<unknown>;

/** Removes sessions that are over, and returns how many they were. */
export function sweepSessions({ sessions }: Rows, now: Date): number {
  const over = [...sessions.values()].filter(({ expiresAt }) => expiresAt < now).slice(0, 500);
  for (const { id } of over) sessions.delete(id);
  return over.length;
}

/** Revokes a token, and removes those that have expired. A transaction adds `committed` to what it returns. */
export function revokeToken(
  { revokedTokens }: Rows,
  { tokenId, expiresAt }: RevokedToken,
  now: Date,
): Pending {
  for (const [id, end] of revokedTokens) if (end <= now) revokedTokens.delete(id);
  const known = revokedTokens.get(tokenId);
  revokedTokens.set(tokenId, known !== undefined && known > expiresAt ? known : expiresAt);
  return {};
}
