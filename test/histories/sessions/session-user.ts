import { monotonicMs } from '../monotonic.js';
import type { Operation } from '../operation.js';
import type { Device } from './device.js';
import type { SessionRefresh } from './session-operation.js';

/** After so many operations, or so long a time, a user is left alone, judged and forgotten. */
const BUDGET = 1500;
export const LIFE_MS = [15_000, 50_000] as const;
/** How many more operations a user is good for, once nobody knows any more whether the sessions live. */
const UNKNOWN_BUDGET = 300;
const MOST_GRAVES = 6;

/** One user as the clients know it, with devices and those who stole from them. */
export class SessionUser {
  readonly operations: Operation[] = [];
  devices: Device[] = [];
  thieves: Device[] = [];
  /** Devices whose sessions were refused: they try again now and then. */
  former: Device[] = [];
  using = 0;
  isChangingPassword = false;
  /** The highest generation of each session that was handed out to anybody. */
  readonly generations = new Map<string, number>();
  private budget = BUDGET;

  private readonly until: number;

  constructor(
    readonly id: string,
    public password: string,
    lifeMs: number,
  ) {
    this.until = monotonicMs() + lifeMs;
  }

  get isSpent(): boolean {
    return this.operations.length >= this.budget || monotonicMs() > this.until;
  }

  record(operation: Operation): void {
    this.operations.push(operation);
    const { outcome, kind, answer } = operation;
    if (answer?.refresh !== undefined) this.noteGeneration(answer.refresh);
    if (outcome === 'unknown' && kind !== 'request' && kind !== 'refresh') {
      this.budget = Math.min(this.budget, this.operations.length + UNKNOWN_BUDGET);
    }
  }

  private noteGeneration({ sessionId, generation }: SessionRefresh): void {
    const known = this.generations.get(sessionId) ?? 0;
    this.generations.set(sessionId, Math.max(known, generation));
  }

  /** The device was refused for good. */
  leave(device: Device): void {
    this.devices = this.devices.filter((each) => each !== device);
    this.thieves = this.thieves.filter((each) => each !== device);
    if (this.former.includes(device)) return;
    this.former = [device, ...this.former.slice(0, MOST_GRAVES - 1)];
  }
}
