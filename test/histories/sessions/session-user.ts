import { monotonicMs } from '../monotonic.js';
import type { Operation } from '../operation.js';
import type { Random } from '../random.js';
import type { Device } from './device.js';
import { RareEvents } from './rare-events.js';
import type { SessionRefresh } from './session-operation.js';

/** After so many operations, or so long a time, a user is left alone, judged and forgotten. */
const BUDGET = 1500;
const LIFE_MS = [10_000, 35_000] as const;
/** One whom nothing disturbs lives to see sessions end by themselves. */
const CALM_LIFE_MS = [25_000, 35_000] as const;
/** How many more operations a user is good for who was deleted, or of whom nobody knows any more whether the sessions live. */
const LAST_BUDGET = 300;
const MOST_GRAVES = 6;

/** One user as the clients know it, with devices and those who stole from them. */
export class SessionUser {
  readonly operations: Operation[] = [];
  devices: Device[] = [];
  thieves: Device[] = [];
  /** Devices whose sessions were refused: they try again now and then. */
  former: Device[] = [];
  using = 0;
  /** Only one client at a time writes the user's row, so that it is known what was written last. */
  isBeingWritten = false;
  isDeleted = false;
  readonly rare: RareEvents;
  /** The highest generation of each session that was handed out to anybody. */
  readonly generations = new Map<string, number>();
  private budget = BUDGET;

  private readonly until: number;

  constructor(
    readonly id: string,
    public password: string,
    random: Random,
  ) {
    this.rare = new RareEvents(random);
    const [least, most] = this.rare.isCalm ? CALM_LIFE_MS : LIFE_MS;
    this.until = monotonicMs() + random.whole(least, most);
  }

  get isSpent(): boolean {
    return this.operations.length >= this.budget || monotonicMs() > this.until;
  }

  record(operation: Operation): void {
    this.operations.push(operation);
    const { outcome, kind, answer } = operation;
    if (answer?.refresh !== undefined) this.noteGeneration(answer.refresh);
    const isUncertain = outcome === 'unknown' && kind !== 'request' && kind !== 'refresh';
    if (isUncertain || kind === 'delete-user') {
      this.budget = Math.min(this.budget, this.operations.length + LAST_BUDGET);
    }
  }

  private noteGeneration({ sessionId, generation }: SessionRefresh): void {
    const known = this.generations.get(sessionId) ?? 0;
    this.generations.set(sessionId, Math.max(known, generation));
  }

  /** The device was refused for good. False: it was so before. */
  leave(device: Device): boolean {
    if (!this.devices.includes(device) && !this.thieves.includes(device)) return false;
    this.devices = this.devices.filter((each) => each !== device);
    this.thieves = this.thieves.filter((each) => each !== device);
    this.former = [device, ...this.former.slice(0, MOST_GRAVES - 1)];
    return true;
  }
}
