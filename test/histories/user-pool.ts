import { forge } from '../support/forge.js';
import { checkUser } from './checker.js';
import type { DatabaseAccess } from './database-access.js';
import { HistoryUser } from './history-user.js';
import { monotonicMs } from './monotonic.js';
import type { Random } from './random.js';
import type { Recorder } from './recorder.js';
import type { Violation } from './violation.js';

/** After so many operations a user is left alone, judged and forgotten. */
const BUDGET = 400;
const FIRST_PASSWORD = 'first password';
/** Of a hundred users, so many come with a token from before the library. */
const LEGACY_PERCENT = 30;

/** The users that are in use. When one is spent, the history of it is judged, and another takes its place. */
export class UserPool {
  readonly violations: Violation[] = [];
  judged = 0;
  private users: HistoryUser[] = [];
  private told: () => void = () => {};
  private readonly leaving = new Set<HistoryUser>();
  private everyone: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DatabaseAccess,
    private readonly recorder: Recorder,
    private readonly random: Random,
  ) {}

  /** @param tell - called as soon as a user's history shows a violation */
  onViolation(tell: () => void): void {
    this.told = tell;
  }

  async fill(count: number): Promise<void> {
    this.users = await Promise.all(Array.from({ length: count }, () => this.create()));
  }

  /** The ids of some users that are in use. */
  some(random: Random, count: number): string[] {
    return Array.from({ length: count }, () => random.pick(this.users).id);
  }

  /** Lends a user to a client, who is one of several. */
  async lend(random: Random, use: (user: HistoryUser) => Promise<unknown>): Promise<void> {
    const user = random.pick(this.users);
    user.using += 1;
    try {
      await use(user);
    } finally {
      user.using -= 1;
    }
    if (user.isSpent) await this.replace(user);
    this.judgeIdle();
  }

  /** While everyone is being logged out, nobody can be judged: it may concern the last operation of each. */
  async duringEveryone(action: () => Promise<void>): Promise<void> {
    this.everyone = action();
    await this.everyone;
  }

  /** Judges all that are left. */
  async finish(): Promise<void> {
    await this.everyone;
    for (const user of [...this.leaving, ...this.users]) this.judge(user);
    this.leaving.clear();
    this.users = [];
  }

  private async replace(user: HistoryUser): Promise<void> {
    const place = this.users.indexOf(user);
    if (place < 0 || this.leaving.has(user)) return;
    this.leaving.add(user);
    this.users[place] = await this.create();
  }

  private judgeIdle(): void {
    for (const user of this.leaving) {
      if (user.using > 0 || this.users.includes(user)) continue;
      this.leaving.delete(user);
      void this.everyone.then(() => this.judge(user));
    }
  }

  private judge(user: HistoryUser): void {
    this.judged += 1;
    const { operations, initialPassword } = user;
    const found = checkUser(operations, this.recorder.everyone, initialPassword);
    this.violations.push(...found);
    if (found.length > 0) this.told();
  }

  private async create(): Promise<HistoryUser> {
    const id = await this.database.createUser(FIRST_PASSWORD);
    const user = new HistoryUser(id, FIRST_PASSWORD, BUDGET);
    if (this.random.percent(LEGACY_PERCENT)) this.giveLegacyToken(user);
    return user;
  }

  /** A token as the application signed it before it had this library: no version, no `kid`. */
  private giveLegacyToken(user: HistoryUser): void {
    const requestedAt = monotonicMs();
    const iat = Math.floor(Date.now() / 1000);
    const raw = forge({ sub: user.id, iat, exp: iat + 7200 }, { alg: 'HS256', typ: 'JWT' });
    const id = this.recorder.nextTokenId();
    user.hold(raw, { id, iat, requestedAt, checkedAt: requestedAt, clockOffsetSeconds: 0 });
  }
}
