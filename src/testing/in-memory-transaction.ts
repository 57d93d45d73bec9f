import type { TokenState } from '../rule/token-state.js';
import type { WriteOutcome } from '../state/token-state.store.js';

/** What the in-memory store holds. */
export interface Rows<User> {
  readonly users: Map<string, User>;
  everyoneLoggedOutAt: Date | null;
}

/** The part of a user that the store writes. */
export type WritableUser = { -readonly [Name in keyof TokenState]: TokenState[Name] } & {
  passwordHash: string;
};

type Outcome = WriteOutcome | Date;
type Operation = (rows: Rows<WritableUser>) => Outcome;

/**
 * What a transaction of `InMemoryTokenStateStore` has written so far. Nobody else sees it before the commit, which
 * repeats the writes on what is stored by then, and gives up where they would come out otherwise.
 */
export class InMemoryTransaction {
  private readonly done: { operation: Operation; outcome: Outcome }[] = [];

  /** @param rows - a copy of what is stored, for this transaction alone */
  constructor(private readonly rows: Rows<WritableUser>) {}

  write<Result extends Outcome>(operation: (rows: Rows<WritableUser>) => Result): Result {
    const outcome = operation(this.rows);
    this.done.push({ operation, outcome });
    return outcome;
  }

  /** @throws Error when a write does not come out as it did */
  replayOn(rows: Rows<WritableUser>): void {
    for (const { operation, outcome } of this.done) {
      if (summary(operation(rows)) !== summary(outcome)) {
        throw new Error('The transaction is rolled back: others changed what it relied on.');
      }
    }
  }
}

function summary(outcome: Outcome): string | number | undefined {
  if (outcome instanceof Date) return undefined;
  return typeof outcome === 'string' ? outcome : outcome.version;
}
