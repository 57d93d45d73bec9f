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
  private readonly byToken = new Map<string, Remembered>();
  /** The ends of a ring: `before` leads to what was used earlier. A Map in the order of use would cost each hit a rehash. */
  private newest: Remembered | undefined;

  /** @param size - how many are remembered; 0: none */
  constructor(private readonly size: number) {}

  /** The payload as a new object, because no two requests may share one; `undefined`: the token must be verified. */
  recall(token: string): object | undefined {
    const remembered = this.byToken.get(token);
    if (remembered === undefined) return undefined;
    this.moveToFront(remembered);
    // Copying is much cheaper than parsing, and as good where a payload has no objects in it.
    const { flat, text } = remembered;
    return flat === undefined ? (JSON.parse(text) as object) : { ...flat };
  }

  /** @param payload - the JSON text of the verified token's payload: an object or a list */
  remember(token: string, payload: string): void {
    if (this.size === 0 || token.length > MAX_LENGTH || this.byToken.has(token)) return;
    const remembered = new Remembered(ownCopy(token), payload);
    this.byToken.set(remembered.token, remembered);
    this.moveToFront(remembered);
    if (this.byToken.size <= this.size) return;
    const oldest = remembered.after;
    oldest.leave();
    this.byToken.delete(oldest.token);
  }

  private moveToFront(remembered: Remembered): void {
    const { newest } = this;
    if (newest === remembered) return;
    remembered.leave();
    if (newest !== undefined) remembered.enterAfter(newest);
    this.newest = remembered;
  }
}

/** A token in a ring that leads from each to the one used before it, and from the oldest to the newest. */
class Remembered {
  before: Remembered = this;
  after: Remembered = this;
  /** The payload, when it holds nothing but plain values. */
  readonly flat: object | undefined;

  constructor(
    readonly token: string,
    readonly text: string,
  ) {
    this.flat = flatObject(text);
  }

  leave(): void {
    this.before.after = this.after;
    this.after.before = this.before;
  }

  enterAfter(newest: Remembered): void {
    this.before = newest;
    this.after = newest.after;
    newest.after.before = this;
    newest.after = this;
  }
}

function flatObject(text: string): object | undefined {
  const payload = JSON.parse(text) as object;
  if (Array.isArray(payload)) return undefined;
  return Object.values(payload).every((value) => Object(value) !== value) ? payload : undefined;
}

/**
 * A part of a longer text keeps all of that text in memory: the whole header in which the token came. A verified token
 * is ASCII.
 */
function ownCopy(token: string): string {
  return Buffer.from(token, 'latin1').toString('latin1');
}
