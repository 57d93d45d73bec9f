import { randomInt } from 'node:crypto';

/**
 * A port below those from which systems pick one for an outgoing connection (Linux: from 32768, macOS and Windows: from
 * 49152). From among those, a port could be taken while the server is down, or a client knocking at the closed port
 * could be given that very port to knock from, and be connected to itself.
 */
export function randomPort(): number {
  return randomInt(20_000, 32_000);
}
