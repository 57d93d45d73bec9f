/** A longer token is verified each time, so that no issuer of large tokens can fill the memory. */
const MAX_LENGTH = 2048;

/**
 * The payloads of tokens whose signature was verified lately; the least recently used is forgotten first. A verified
 * signature stays right as long as the keys are the same, which is as long as the process runs. Everything that can
 * change, the times and the user's state, is judged on every request.
 *
 * Only a verified token is remembered, so nobody can fill the memory with forged ones. Another spelling of the same
 * signature is another token and is verified for itself.
 */
export class RememberedSignatures {
  /** In the order of their last use: a Map keeps the order in which its entries were set. */
  private readonly payloads = new Map<string, string>();

  /** @param size - how many are remembered; 0: none */
  constructor(private readonly size: number) {}

  /** The payload as a new object, because no two requests may share one; `undefined`: the token must be verified. */
  recall(token: string): object | undefined {
    const payload = this.payloads.get(token);
    if (payload === undefined) return undefined;
    this.payloads.delete(token);
    this.payloads.set(token, payload);
    return JSON.parse(payload) as object;
  }

  /** @param payload - the JSON text of the verified token's payload: an object or a list */
  remember(token: string, payload: string): void {
    if (this.size === 0 || token.length > MAX_LENGTH) return;
    this.payloads.set(ownCopy(token), payload);
    if (this.payloads.size <= this.size) return;
    const [oldest] = this.payloads.keys();
    this.payloads.delete(oldest!);
  }
}

/**
 * A part of a longer text keeps all of that text in memory: the whole header in which the token came. A verified token
 * is ASCII.
 */
function ownCopy(token: string): string {
  return Buffer.from(token, 'latin1').toString('latin1');
}
