import { LRUCache } from 'lru-cache';

/** A longer token is verified anew each time, so that no issuer of large tokens can fill the memory. */
const MAX_LENGTH = 2048;

/**
 * The tokens whose signature has lately been verified, the least recently used forgotten first. A verified signature
 * stays right for as long as the keys are the same, which is as long as the process runs; all that can change, the
 * times and the user's state, is judged on every request.
 *
 * A token comes in here only once it has been verified, so that nobody can fill it with tokens of their own making, and
 * another spelling of the same signature is another token, verified for itself.
 */
export class VerifiedTokens {
  private readonly payloads: LRUCache<string, () => object> | undefined;

  /** @param size - how many are remembered; 0: none */
  constructor(size: number) {
    this.payloads = size > 0 ? new LRUCache({ max: size }) : undefined;
  }

  /** The payload, made anew: no two requests share an object. `undefined`: it has to be verified. */
  recall(token: unknown): object | undefined {
    return this.payloads?.get(token as string)?.();
  }

  /** @param token - a compact JWS that was verified, with a JSON object or list for a payload */
  remember(token: string): void {
    if (this.payloads === undefined || token.length > MAX_LENGTH) return;
    this.payloads.set(token, makerOf(Buffer.from(token.split('.')[1]!, 'base64url').toString()));
  }
}

/** To copy an object costs less than to parse its text, and is as good when nothing lies inside of it. */
function makerOf(text: string): () => object {
  const payload = JSON.parse(text) as object;
  const isFlat = Object.values(payload).every((value) => Object(value) !== value);
  return isFlat && !Array.isArray(payload)
    ? () => ({ ...payload })
    : () => JSON.parse(text) as object;
}
