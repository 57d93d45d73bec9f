import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PresentedRefresh } from '../state/session.store.js';
import type { RefreshKey } from './refresh-keys.js';
import { sessionIdOf } from './session-id.js';

/** Secret scanners find it, and no JWT begins with it. */
const PREFIX = 'nti1_';
const VERSION = 1;
const SECRET_BYTES = 16;
/** Where each field begins, and the MAC over all of them at the end. */
const AT = { keyId: 1, sessionId: 5, generation: 21, secret: 25, mac: 25 + SECRET_BYTES } as const;
const LENGTH = AT.mac + 32;
/** As much as the column holds. */
const MOST_GENERATIONS = 0x7fff_ffff;

/**
 * A refresh token: session, generation, a secret that stays the same for the life of the session, and a MAC. So it holds
 * all that its successor needs: a client that repeats a refresh gets the same bytes, on any node, and no row holds a token.
 */
export class RefreshToken implements PresentedRefresh {
  /** What the session's row knows of the secret. */
  readonly secretHash: Buffer;

  readonly #secret: Buffer;

  private constructor(
    readonly sessionId: string,
    readonly generation: number,
    secret: Buffer,
  ) {
    this.#secret = secret;
    this.secretHash = createHash('sha256').update(secret).digest();
  }

  /** The first token of a new session. */
  static create(sessionId: string): RefreshToken {
    return new RefreshToken(sessionId, 0, randomBytes(SECRET_BYTES));
  }

  /** The token that this text is; `undefined`: none that was signed with one of the keys. Sends no query. */
  static read(text: unknown, keys: readonly RefreshKey[]): RefreshToken | undefined {
    const bytes = decode(text);
    if (bytes === undefined || !isSigned(bytes, keys)) return undefined;
    const generation = bytes.readUInt32BE(AT.generation);
    if (generation > MOST_GENERATIONS) return undefined;
    const sessionId = sessionIdOf(bytes.subarray(AT.sessionId, AT.generation));
    return new RefreshToken(sessionId, generation, bytes.subarray(AT.secret, AT.mac));
  }

  /** The text of this session's token of a generation: itself, or its successor. */
  textOf(generation: number, { id, key }: RefreshKey): string {
    const bytes = Buffer.alloc(LENGTH);
    bytes.writeUInt8(VERSION, 0);
    id.copy(bytes, AT.keyId);
    bytes.write(this.sessionId.replaceAll('-', ''), AT.sessionId, 'hex');
    bytes.writeUInt32BE(generation, AT.generation);
    this.#secret.copy(bytes, AT.secret);
    macOf(bytes, key).copy(bytes, AT.mac);
    return `${PREFIX}${bytes.toString('base64url')}`;
  }
}

function decode(text: unknown): Buffer | undefined {
  if (typeof text !== 'string' || !text.startsWith(PREFIX)) return undefined;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Node reads many spellings of the same bytes.
  const isCanonical = bytes.length === LENGTH && bytes.toString('base64url') === encoded;
  return isCanonical && bytes[0] === VERSION ? bytes : undefined;
}

function isSigned(bytes: Buffer, keys: readonly RefreshKey[]): boolean {
  const id = bytes.subarray(AT.keyId, AT.sessionId);
  const mac = bytes.subarray(AT.mac);
  return keys.some((each) => each.id.equals(id) && timingSafeEqual(macOf(bytes, each.key), mac));
}

/** The prefix is part of it: what stands before the MAC is all that a token says. */
function macOf(bytes: Buffer, key: RefreshKey['key']): Buffer {
  return createHmac('sha256', key).update(PREFIX).update(bytes.subarray(0, AT.mac)).digest();
}
