import type { SessionAccess, SessionAnswer, SessionRefresh } from './session-operation.js';
import { REPEAT, SIGHT } from './session-times.js';
import { msOf } from './time-lapse.js';

/** What a device has in its storage. */
export interface Kept {
  readonly refresh: SessionRefresh;
  readonly access: SessionAccess;
  /** When the refresh token was asked for. */
  readonly givenAt: number;
}

/** A refresh token that is about to be sent. */
export interface Attempt {
  readonly refresh: SessionRefresh;
  /** How often it had been sent before by requests that are over. */
  readonly settled: number;
}

/** A rotation bears a storage that crashes unless the refresh token was sent more often than this. */
const MOST_ATTEMPTS = 8;
/**
 * A storage may forget what was written shortly before a crash: less than what it takes for a generation to count as
 * seen, less than what a repetition that is not counted takes away from that.
 */
const FORGETS_MS = msOf(SIGHT - REPEAT - 2);

/** Whoever holds tokens of a session, in one storage with any number of tabs: the device that logged in, or a thief. */
export class Device {
  /** Requests that are under way. */
  underWay = 0;
  asleepUntil = 0;
  readonly replaced: SessionRefresh[] = [];
  private former: Kept | undefined;
  /** How often the refresh token of each generation was sent, and how many of these surely gave nothing out. */
  private readonly sent = new Map<number, number>();
  private readonly harmless = new Map<number, number>();

  constructor(
    public kept: Kept,
    readonly isOwner: boolean,
  ) {}

  get sessionId(): string {
    return this.kept.refresh.sessionId;
  }

  /** Notes that the refresh token is about to be sent. */
  attempt(): Attempt {
    const { refresh } = this.kept;
    const before = this.sent.get(refresh.generation) ?? 0;
    this.sent.set(refresh.generation, before + 1);
    const settled = before - this.underWay;
    this.underWay += 1;
    return { refresh, settled };
  }

  /** Stores an answer, but only over the token that was sent. */
  store(
    { refresh: sent, settled }: Attempt,
    { access, refresh }: SessionAnswer,
    givenAt: number,
  ): void {
    const { kept } = this;
    if (kept.refresh.text !== sent.text || access === undefined) return;
    if (refresh === undefined || refresh.text === sent.text) {
      // It is the current one: nothing that was over when this was sent has replaced it.
      this.harmless.set(sent.generation, settled);
      this.kept = { ...kept, access };
      return;
    }
    this.replaced.push(sent);
    this.former = kept;
    this.kept = { refresh, access, givenAt };
  }

  /** Loses what was stored last, if that was a moment ago and nothing is under way. False: it was not. */
  crash(now: number): boolean {
    const { former, kept } = this;
    const mayForget = this.underWay === 0 && now - kept.givenAt < FORGETS_MS;
    if (former === undefined || !mayForget) return false;
    if (this.attemptsWith(former.refresh) > MOST_ATTEMPTS) return false;
    this.kept = former;
    this.former = undefined;
    return true;
  }

  private attemptsWith({ generation }: SessionRefresh): number {
    return (this.sent.get(generation) ?? 0) - (this.harmless.get(generation) ?? 0);
  }

  /** What a thief takes along. */
  copy(refresh: SessionRefresh): Device {
    return new Device({ ...this.kept, refresh }, false);
  }
}
