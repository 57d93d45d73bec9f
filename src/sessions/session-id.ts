import { randomBytes } from 'node:crypto';

/**
 * A new session id: a UUID, version 7 (RFC 9562 section 5.7), so that inserts stay at one end of the index. It names the
 * session and is not a secret.
 *
 * @param now - milliseconds since the epoch
 */
export function newSessionId(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Math.floor(now), 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return sessionIdOf(bytes);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether this text can be the id of a session, in either case. */
export function isSessionId(text: string): boolean {
  return UUID.test(text);
}

/** The id that these 16 bytes are, in the canonical spelling. */
export function sessionIdOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
