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
  /** How often the refresh token of each generation was sent. */
  private readonly attempts = new Map<number, number>();

  constructor(
    public kept: Kept,
    readonly isOwner: boolean,
  ) {}

  get sessionId(): string {
    return this.kept.refresh.sessionId;
  }

  /** Notes that the refresh token is about to be sent. */
  attempt(): SessionRefresh {
    const { refresh } = this.kept;
    this.attempts.set(refresh.generation, this.attemptsWith(refresh) + 1);
    this.underWay += 1;
    return refresh;
  }

  /** Stores an answer, but only over the token that was sent. */
  store(sent: SessionRefresh, { access, refresh }: SessionAnswer, givenAt: number): void {
    const { kept } = this;
    if (kept.refresh.text !== sent.text || access === undefined) return;
    if (refresh === undefined || refresh.text === sent.text) {
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
    return this.attempts.get(generation) ?? 0;
  }

  /** What a thief takes along. */
  copy(refresh: SessionRefresh): Device {
    return new Device({ ...this.kept, refresh }, false);
  }
}
