import type { SessionEnd } from '../../rule/session-state.js';

/** A session as an in-memory database holds it. */
export interface InMemorySession {
  readonly id: string;
  readonly subject: string;
  readonly userVersion: number;
  readonly everyoneVersion: number;
  /** In hexadecimal digits. */
  readonly secretHash: string;
  startedAt: Date;
  authTime: Date;
  expiresAt: Date;
  readonly idleSeconds: number | null;
  readonly persistent: boolean;
  generation: number;
  /** When the current generation was seen to be kept; `null`: it was not yet. */
  seenAt: Date | null;
  rotatedAt: Date;
  repeats: number;
  endedAt: Date | null;
  endedReason: SessionEnd | null;
  readonly label: string | null;
  userAgent: string | null;
  readonly startedFrom: string | null;
  lastFrom: string | null;
}

/** As `secretHash` is held. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
