/** A longer token is verified each time, so that no issuer of large tokens can fill the memory. */
const MAX_LENGTH = 2048;

/** How many characters at a token's end find it: 256 bits of its signature. A Map would hash all of a longer key. */
const KEY_LENGTH = 43;

/**
 * The payloads of tokens whose signature was verified lately; the least recently used is forgotten first. A verified
 * signature stays right as long as the keys are the same, which is as long as the process runs. Everything that can
 * change, the times and the user's state, is judged on every request.
 *
 * Only a verified token is remembered, so nobody can fill the memory with forged ones. Another spelling of the same
 * signature is another token and is verified for itself.
 */
export class RememberedSignatures {
  private readonly byEnd = new Map<string, Remembered>();
  /** The ends of a ring: `before` leads to what was used earlier. A Map in the order of use would cost each hit a rehash. */
  private newest: Remembered | undefined;

  /** @param size - how many are remembered; 0: none */
  constructor(private readonly size: number) {}

  /** The payload as a new object, because no two requests may share one; `undefined`: the token must be verified. */
  recall(token: unknown): object | undefined {
    // An application's extractor may give anything.
    if (typeof token !== 'string') return undefined;
    const remembered = this.byEnd.get(endOf(token));
    // The end alone proves nothing: anybody can put it behind other claims.
    if (remembered?.token !== token) return undefined;
    this.moveToFront(remembered);
    // Copying is much cheaper than parsing, and as good where a payload has no objects in it.
    const { flat, text } = remembered;
    return flat === undefined ? (JSON.parse(text) as object) : { ...flat };
  }

  /** @param payload - the JSON text of the verified token's payload: an object or a list */
  remember(token: string, payload: string): void {
    if (this.size === 0 || token.length > MAX_LENGTH || this.byEnd.has(endOf(token))) return;
    const remembered = new Remembered(ownCopy(token), payload);
    this.byEnd.set(endOf(remembered.token), remembered);
    this.moveToFront(remembered);
    if (this.byEnd.size <= this.size) return;
    const oldest = remembered.after;
    oldest.leave();
    this.byEnd.delete(endOf(oldest.token));
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

function endOf(token: string): string {
  return token.slice(-KEY_LENGTH);
}

/**
 * A part of a longer text keeps all of that text in memory: the whole header in which the token came. A verified token
 * is ASCII.
 */
function ownCopy(token: string): string {
  return Buffer.from(token, 'latin1').toString('latin1');
}
