import type { IssuedToken, Observation, Operation } from './operation.js';

/** A token in the hands of the clients. */
export interface HeldToken {
  readonly raw: string;
  readonly known: IssuedToken;
  /** It was refused the last time it was shown. */
  refused: boolean;
}

/** As many as a user's clients hold on to, the newest first. */
const TOKENS_KEPT = 8;
/** How many more operations a user is good for, once nobody knows any more whether the tokens live. */
const UNKNOWN_BUDGET = 60;

/** What of a user only one client at a time may write, so that it is known what was written last. */
export type Register = 'password' | 'activity';

/** One user as the clients know it. Several use the same one at once. */
export class HistoryUser {
  readonly operations: Operation[] = [];
  readonly initialPassword: string;
  tokens: HeldToken[] = [];
  active = true;
  /** What was read of the row some time ago, for a writer who writes it back. */
  remembered?: Observation;
  using = 0;
  private readonly taken = new Set<Register>();
  private passwords = 0;

  constructor(
    readonly id: string,
    public password: string,
    private budget: number,
  ) {
    this.initialPassword = password;
  }

  get isSpent(): boolean {
    return this.operations.length >= this.budget;
  }

  nextPassword(): string {
    this.passwords += 1;
    return `${this.initialPassword} ${this.passwords}`;
  }

  record(operation: Operation): void {
    this.operations.push(operation);
    if (operation.outcome === 'unknown' && operation.kind !== 'request') {
      this.budget = Math.min(this.budget, this.operations.length + UNKNOWN_BUDGET);
    }
  }

  hold(raw: string, known: IssuedToken): void {
    this.tokens = [{ raw, known, refused: false }, ...this.tokens.slice(0, TOKENS_KEPT - 1)];
  }

  /** Runs the action as the only writer; `false`: there is one already. */
  async alone(register: Register, action: () => Promise<void>): Promise<boolean> {
    if (this.taken.has(register)) return false;
    this.taken.add(register);
    try {
      await action();
    } finally {
      this.taken.delete(register);
    }
    return true;
  }
}
