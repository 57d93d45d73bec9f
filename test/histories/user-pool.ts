import type { Random } from './random.js';
import type { Violation } from './violation.js';

/** A user of whatever kind. Several clients use the same one at once. */
export interface PooledUser {
  readonly id: string;
  using: number;
  /** The user is to be left alone, judged and forgotten. */
  readonly isSpent: boolean;
}

/** Where users come from, and who judges what happened to them. */
export interface UserSource<User> {
  create(): Promise<User>;
  judge(user: User): Violation[];
}

/** The users that are in use. When one is spent, the history of it is judged, and another takes its place. */
export class UserPool<User extends PooledUser> {
  readonly violations: Violation[] = [];
  judged = 0;
  private users: User[] = [];
  private told: () => void = () => {};
  private readonly leaving = new Set<User>();
  private everyone: Promise<void> = Promise.resolve();
  private loggingOut = false;

  constructor(private readonly source: UserSource<User>) {}

  /** @param tell - called as soon as a user's history shows a violation */
  onViolation(tell: () => void): void {
    this.told = tell;
  }

  async fill(count: number): Promise<void> {
    this.users = await Promise.all(Array.from({ length: count }, () => this.source.create()));
  }

  /** The ids of some users that are in use. */
  some(random: Random, count: number): string[] {
    return Array.from({ length: count }, () => random.pick(this.users).id);
  }

  /** Lends a user to a client, who is one of several. */
  async lend(random: Random, use: (user: User) => Promise<unknown>): Promise<void> {
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
    this.loggingOut = true;
    try {
      await this.everyone;
    } finally {
      this.loggingOut = false;
    }
  }

  /** Everyone is being logged out. */
  get isLoggingOutEveryone(): boolean {
    return this.loggingOut;
  }

  /** Judges all that are left. */
  async finish(): Promise<void> {
    await this.everyone;
    for (const user of [...this.leaving, ...this.users]) this.judge(user);
    this.leaving.clear();
    this.users = [];
  }

  private async replace(user: User): Promise<void> {
    const place = this.users.indexOf(user);
    if (place < 0 || this.leaving.has(user)) return;
    this.leaving.add(user);
    this.users[place] = await this.source.create();
  }

  private judgeIdle(): void {
    for (const user of this.leaving) {
      if (user.using > 0 || this.users.includes(user)) continue;
      this.leaving.delete(user);
      void this.everyone.then(() => this.judge(user));
    }
  }

  private judge(user: User): void {
    this.judged += 1;
    const found = this.source.judge(user);
    this.violations.push(...found);
    if (found.length > 0) this.told();
  }
}
