import type { EveryoneState, TokenState } from '../../src/rule/token-state.js';
import {
  type StateQuery,
  type StateReading,
  type StateRecord,
  TokenStateStore,
} from '../../src/state/token-state.store.js';

/** A user whose record is its state. */
export interface ControlledUser extends TokenState {
  readonly id: string;
}

/** One read that the store was asked for; it ends when the test says so. */
export interface ControlledRead<User> {
  readonly subjects: readonly string[];
  readonly timeoutMs: number;
  succeed(records: StateReading<User>['records'], everyone?: EveryoneState): void;
  fail(error: unknown): void;
}

/** The state of everyone while nobody has logged everyone out. */
const NOT_LOGGED_OUT: EveryoneState = { version: 0, loggedOutAt: null };

/** A store whose reads the test ends, in any order or never. It writes nothing. */
export class ControlledStore<
  User extends ControlledUser = ControlledUser,
> extends TokenStateStore<User> {
  readonly reads: ControlledRead<User>[] = [];
  private readonly ends: ((read: ControlledRead<User>) => void)[] = [];
  private ended = 0;

  get subjects(): string[] {
    return this.reads.flatMap(({ subjects }) => subjects);
  }

  override realm(): string {
    return 'controlled';
  }

  override read(queries: readonly StateQuery[], { timeoutMs }: { readonly timeoutMs: number }) {
    return new Promise<StateReading<User>>((resolve, fail) => {
      const subjects = queries.map(({ subject }) => subject);
      const succeed: ControlledRead<User>['succeed'] = (records, everyone = NOT_LOGGED_OUT) =>
        resolve({ everyone, records });
      this.reads.push({ subjects, timeoutMs, succeed, fail });
      this.endNext();
    });
  }

  /** Ends the next read, begun or not, with this user or none. */
  answer(
    user: User | undefined,
    { active = true, everyone }: { active?: boolean; everyone?: EveryoneState } = {},
  ): void {
    const record = user && { ...recordOf(user), active };
    this.ends.push((read) => read.succeed([record], everyone));
    this.endNext();
  }

  /** Ends the next read, begun or not, with this error. */
  fail(error: unknown): void {
    this.ends.push((read) => read.fail(error));
    this.endNext();
  }

  private endNext(): void {
    const read = this.reads[this.ended];
    const end = read && this.ends.shift();
    if (!end) return;
    this.ended += 1;
    end(read);
  }

  override describe(user: User) {
    if (user.tokenVersion === undefined) throw new TypeError('loaded without its token state');
    return { subject: user.id, state: user };
  }

  override invalidate = unreachable;
  override changePassword = unreachable;
  override rehashPassword = unreachable;
  override invalidateEveryone = unreachable;
}

function unreachable(): never {
  throw new Error('Nothing is written here');
}

/** What a read finds of an active user. */
export function recordOf<User extends ControlledUser>(user: User): StateRecord<User> {
  return { user, state: user, active: true };
}
