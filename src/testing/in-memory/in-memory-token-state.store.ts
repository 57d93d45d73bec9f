import type { TokenState } from '../../rule/token-state.js';
import {
  type CutoffKind,
  type InvalidationTarget,
  type PasswordChange,
  type PasswordReplacement,
  type StateChange,
  type StateQuery,
  type StateReading,
  TokenStateStore,
  type WriteOutcome,
} from '../../state/token-state.store.js';
import { type Clock, systemClock } from '../../tokens/clock.js';
import { copyRow, recordOf } from './in-memory-copies.js';
import { InMemoryDatabase } from './in-memory-database.js';
import {
  addUser,
  describeUser,
  hashReplacement,
  type InMemoryUser,
  invalidation,
  type NewInMemoryUser,
  removeUser,
  unchanged,
  updateUser,
} from './in-memory-rows.js';
import { InMemorySessionStore } from './in-memory-session.store.js';
import type { InMemoryTransaction } from './in-memory-transaction.js';

/**
 * A store for an application's unit tests, without a database. It keeps every promise of the port within one process.
 * Users are plain data. The store copies what goes in and what comes out, as a database does.
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
  /** What is stored, for tests that look or write behind the store's back. */
  readonly database: InMemoryDatabase<User>;

  override readonly sessions: InMemorySessionStore<User>;

  /** @param clock - the store's clock. Default: the system's. For Nest, a subclass can pass another one. */
  constructor(clock: Clock = systemClock) {
    super();
    this.database = new InMemoryDatabase(clock);
    const { database } = this;
    this.sessions = new InMemorySessionStore(database, (subject) =>
      recordOf(database.rows, { subject }, database.now()),
    );
  }

  /**
   * Adds a user and returns the stored record.
   *
   * @throws TypeError when there is one with this id
   */
  add(user: NewInMemoryUser<User>): User {
    const { id } = addUser(this.database.rows, user);
    return this.find(id)!;
  }

  /** The user as it is now; `undefined`: no such user. */
  find(id: string): User | undefined {
    const user = this.database.rows.users.get(id);
    return user && copyRow(user);
  }

  /**
   * Writes fields of the user as the application's own code would. A changed hash invalidates, as it does under the
   * trigger of a real database.
   *
   * @throws TypeError when there is no such user
   */
  update(id: string, changes: Partial<Omit<User, 'id' | keyof TokenState>>): User {
    const outcome = this.database.write(id, (user, now) => updateUser(user, changes, now));
    if (outcome === 'unknown') throw new TypeError(`There is no user ${JSON.stringify(id)}.`);
    return this.find(id)!;
  }

  /** Removes the user, if there is one. */
  remove(id: string): void {
    removeUser(this.database.rows, id);
  }

  /**
   * Runs `work` in a transaction. What the store's methods write with it takes effect when `work` resolves, and not at
   * all when it rejects.
   *
   * @throws Error when others have meanwhile changed what the transaction relied on; then nothing took effect
   */
  transaction<Result>(
    work: (transaction: InMemoryTransaction) => Promise<Result>,
  ): Promise<Result> {
    return this.database.transaction(work);
  }

  /** One for all in-memory stores; a subclass can name another one. */
  realm(): string {
    return 'in-memory';
  }

  describe(user: User): { subject: string; state: TokenState } {
    return describeUser(user);
  }

  async read(queries: readonly StateQuery[]): Promise<StateReading<User>> {
    return this.database.read(queries);
  }

  async invalidate(
    { subject, ifVersion }: InvalidationTarget,
    kind: CutoffKind,
    transaction?: InMemoryTransaction,
  ): Promise<WriteOutcome> {
    return this.database.write(subject, invalidation(kind, ifVersion), transaction);
  }

  async changePassword(
    subject: string,
    replacement: PasswordChange,
    transaction?: InMemoryTransaction,
  ): Promise<WriteOutcome> {
    const write = hashReplacement(replacement, invalidation('password'));
    return this.database.write(subject, write, transaction);
  }

  async rehashPassword(
    subject: string,
    replacement: PasswordReplacement,
    transaction?: InMemoryTransaction,
  ): Promise<WriteOutcome> {
    return this.database.write(subject, hashReplacement(replacement, unchanged), transaction);
  }

  async invalidateEveryone(transaction?: InMemoryTransaction): Promise<StateChange> {
    return this.database.writeEveryone(transaction);
  }
}
