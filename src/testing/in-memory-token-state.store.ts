import type { TokenState } from '../rule/token-state.js';
import {
  type CutoffKind,
  type InvalidationTarget,
  type PasswordReplacement,
  type StateChange,
  type StateQuery,
  type StateReading,
  TokenStateStore,
  type WriteOutcome,
} from '../state/token-state.store.js';
import { type Clock, systemClock } from '../tokens/clock.js';
import { InMemoryTransaction, type Rows, type WritableUser } from './in-memory-transaction.js';

/** What a user must have; add the application's own fields in a type that extends it. */
export interface InMemoryUser extends TokenState {
  /** The subject of the user's tokens. */
  readonly id: string;
  readonly passwordHash: string;
  /** Set: the user is soft-deleted, and so not active. */
  readonly deletedAt?: Date | null;
}

/** A user to be added: the token state starts by itself. */
export type NewInMemoryUser<User extends InMemoryUser> = Omit<User, keyof TokenState>;

/**
 * A store for an application's unit tests, without a database. It keeps every promise of the port, within one process
 * and as long as that lives: for tests, and nothing else.
 *
 * Users are plain data. What goes in and what comes out is copied, as with a database.
 *
 * @typeParam User - the application's user record
 * @example
 * ```ts
 * const module = await Test.createTestingModule({
 *   imports: [TokenInvalidationModule.forRoot({ secret, store: InMemoryTokenStateStore })],
 * }).compile();
 * const store: InMemoryTokenStateStore = module.get(TokenStateStore, { strict: false });
 * const token = module.get(TokenIssuer, { strict: false }).issue(store.add({ id: '1', passwordHash }));
 * ```
 */
export class InMemoryTokenStateStore<
  User extends InMemoryUser = InMemoryUser,
> extends TokenStateStore<User, InMemoryTransaction> {
  private rows: Rows<User> = { users: new Map(), everyoneLoggedOutAt: null };
  /** An id that is given again must not bring the tokens of the former user back to life. */
  private firstVersion = 0;

  /** @param clock - the store's clock. Default: the system's; a subclass for Nest can hand on another. */
  constructor(private readonly clock: Clock = systemClock) {
    super();
  }

  /**
   * Adds a user.
   *
   * @throws TypeError when there is one with this id
   */
  add(user: NewInMemoryUser<User>): User {
    const { id } = user as unknown as User;
    if (this.rows.users.has(id)) throw new TypeError(`The user ${JSON.stringify(id)} exists.`);
    const state: TokenState = {
      tokenVersion: this.firstVersion,
      passwordChangedAt: null,
      logoutAllAt: null,
    };
    this.rows.users.set(id, structuredClone({ ...user, ...state }) as unknown as User);
    return this.find(id)!;
  }

  /** The user as it is now; `undefined`: no such user. */
  find(id: string): User | undefined {
    return structuredClone(this.rows.users.get(id));
  }

  /**
   * Writes fields of the user as the application's own code would. Another hash is another password and invalidates,
   * as it does under the trigger of the database.
   *
   * @throws TypeError when there is no such user
   */
  update(id: string, changes: Partial<Omit<User, 'id' | keyof TokenState>>): User {
    const user = this.rows.users.get(id);
    if (user === undefined) throw new TypeError(`There is no user ${JSON.stringify(id)}.`);
    const { tokenVersion, passwordChangedAt, logoutAllAt, passwordHash } = user;
    const kept = { id, tokenVersion, passwordChangedAt, logoutAllAt };
    Object.assign(user, structuredClone(changes), kept);
    if (user.passwordHash !== passwordHash) invalidateAt(this.now(), user, 'password');
    return this.find(id)!;
  }

  /** Removes the user, if there is one. */
  remove(id: string): void {
    const user = this.rows.users.get(id);
    if (user === undefined) return;
    this.firstVersion = Math.max(this.firstVersion, user.tokenVersion + 1);
    this.rows.users.delete(id);
  }

  /**
   * A transaction: what the store's methods write with it takes effect when `work` resolves, and not at all when it
   * rejects.
   *
   * @throws Error when others have changed meanwhile what the transaction relied on; then nothing took effect
   */
  async transaction<Result>(
    work: (transaction: InMemoryTransaction) => Promise<Result>,
  ): Promise<Result> {
    const transaction = new InMemoryTransaction(structuredClone(this.rows));
    const result = await work(transaction);
    const rows = structuredClone(this.rows);
    transaction.replayOn(rows);
    this.rows = rows;
    return result;
  }

  describe(user: User): { subject: string; state: TokenState } {
    const { id, tokenVersion, passwordChangedAt, logoutAllAt }: Partial<User> = user;
    if (
      typeof id !== 'string' ||
      tokenVersion === undefined ||
      passwordChangedAt === undefined ||
      logoutAllAt === undefined
    ) {
      throw new TypeError(
        'The user lacks id, tokenVersion, passwordChangedAt or logoutAllAt: give a record that came from the store.',
      );
    }
    return { subject: id, state: { tokenVersion, passwordChangedAt, logoutAllAt } };
  }

  async read(queries: readonly StateQuery[]): Promise<StateReading<User>> {
    const { everyoneLoggedOutAt } = structuredClone(this.rows);
    const records = queries.map(({ subject }) => {
      const user = this.find(subject);
      if (user === undefined) return undefined;
      const { state } = structuredClone(this.describe(user));
      return { user, state, active: !user.deletedAt };
    });
    return { everyoneLoggedOutAt, records };
  }

  async invalidate(
    { subject, ifVersion }: InvalidationTarget,
    kind: CutoffKind,
    transaction?: InMemoryTransaction,
  ): Promise<WriteOutcome> {
    const now = this.now();
    return this.write(transaction, ({ users }) => {
      const user = users.get(subject);
      if (user === undefined) return 'unknown';
      if (ifVersion !== undefined && ifVersion !== user.tokenVersion) return 'conflict';
      return invalidateAt(now, user, kind);
    });
  }

  async changePassword(
    subject: string,
    replacement: PasswordReplacement,
    transaction?: InMemoryTransaction,
  ): Promise<WriteOutcome> {
    const now = this.now();
    return this.write(transaction, ({ users }) => {
      const user = users.get(subject);
      return replaceHash(user, replacement) ?? invalidateAt(now, user!, 'password');
    });
  }

  async rehashPassword(
    subject: string,
    replacement: PasswordReplacement,
    transaction?: InMemoryTransaction,
  ): Promise<WriteOutcome> {
    const now = this.now();
    return this.write(transaction, ({ users }) => {
      const user = users.get(subject);
      const problem = replaceHash(user, replacement);
      return problem ?? { version: user!.tokenVersion, effectiveAt: now };
    });
  }

  async invalidateEveryone(transaction?: InMemoryTransaction): Promise<Date> {
    const now = this.now();
    return this.write(transaction, (rows) => {
      rows.everyoneLoggedOutAt = later(rows.everyoneLoggedOutAt, now);
      return structuredClone(rows.everyoneLoggedOutAt);
    });
  }

  private write<Result extends WriteOutcome | Date>(
    transaction: InMemoryTransaction | undefined,
    operation: (rows: Rows<WritableUser>) => Result,
  ): Result {
    return transaction ? transaction.write(operation) : operation(this.rows);
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}

function invalidateAt(now: Date, user: WritableUser, kind: CutoffKind): StateChange {
  const cutoff = kind === 'password' ? 'passwordChangedAt' : 'logoutAllAt';
  const effectiveAt = later(user[cutoff], now);
  user.tokenVersion += 1;
  user[cutoff] = effectiveAt;
  return { version: user.tokenVersion, effectiveAt: structuredClone(effectiveAt) };
}

/** Why the hash was not replaced; `undefined`: it was. */
function replaceHash(
  user: WritableUser | undefined,
  { currentHash, newHash }: PasswordReplacement,
): 'unknown' | 'conflict' | undefined {
  if (user === undefined) return 'unknown';
  if (user.passwordHash !== currentHash) return 'conflict';
  user.passwordHash = newHash;
  return undefined;
}

function later(one: Date | null, other: Date): Date {
  return one !== null && one > other ? one : other;
}
