import type { InjectionToken, OptionalFactoryDependency } from '@nestjs/common';
import type { EveryoneState, TokenState } from '../rule/token-state.js';

/**
 * How many reads of a store may be in progress at once. A store keeps as many connections for them, so that no read
 * waits for another.
 */
export const CONCURRENT_READS = 2;

/** Runs code in the async context of the request that asks. */
export type InContext = <Result>(code: () => Result) => Result;

/** What a request asks the store. An object, so that a session can join the user. */
export interface StateQuery {
  /** The user's id as text, as the token carries it. It comes from a verified token, and may still hold any text. */
  readonly subject: string;
  /** Given when the store asks for it with `needsContext()`: many requests share a read, which runs in the context of one. */
  readonly inContext?: InContext | undefined;
}

/** The answer to one query. */
export interface StateRecord<User> {
  /** The user as the application knows it: a new object for each query, as it becomes `request.user`. */
  readonly user: User;
  readonly state: TokenState;
  /** False when the row itself says that the user is gone (soft-deleted). */
  readonly active: boolean;
}

/** The answer to all queries of one read. */
export interface StateReading<User> {
  /** What holds for all users. */
  readonly everyone: EveryoneState;
  /**
   * One entry for each query, in their order; `undefined`: no such user. An `Error` fails its own request and no
   * other.
   */
  readonly records: readonly (StateRecord<User> | Error | undefined)[];
}

/** Whose tokens to invalidate, and under what condition. */
export interface InvalidationTarget {
  readonly subject: string;
  /** Only when the user's version is still this one. */
  readonly ifVersion?: number;
}

/** Which of the two cutoffs an invalidation moves. */
export type CutoffKind = 'logout' | 'password';

/** A password hash and the one that replaces it. */
export interface PasswordReplacement {
  /** The stored hash that the old password was checked against. */
  readonly currentHash: string;
  readonly newHash: string;
}

/** A new password. `currentHash: null` for the first one of a user who had none, as after a social login. */
export interface PasswordChange extends Omit<PasswordReplacement, 'currentHash'> {
  /** The stored hash that the old password was checked against; `null`: there is none. */
  readonly currentHash: string | null;
}

/**
 * What a write did. `unknown`: no such user. `conflict`: the user exists and the condition was not met. Neither
 * changes anything.
 */
export type WriteOutcome = StateChange | 'unknown' | 'conflict';

/** The state after a write. */
export interface StateChange {
  /** The user's version, or the version of everyone. */
  readonly version: number;
  /** The cutoff that was written; for a re-hash, the moment of it. By the clock of the store. */
  readonly effectiveAt: Date;
  /**
   * Present when the write joined the caller's transaction. Resolves once that transaction has ended: true when this
   * write was committed, false when it was rolled back, alone or with the rest. Never rejects.
   */
  readonly committed?: () => Promise<boolean>;
}

/**
 * Where the token state lives. Implement it for another database, and let `tokenStateStoreContract` of
 * `nestjs-token-invalidation/testing` check whether it keeps what the module relies on.
 *
 * Every write is one atomic statement on the store's own clock. Failures are thrown, never turned into an answer:
 * `TokenStateUnavailableError` where the database is to blame.
 *
 * @typeParam User - the application's user record
 * @typeParam Transaction - what lets a write join the caller's transaction; TypeORM: `EntityManager`
 */
export abstract class TokenStateStore<User = unknown, Transaction = unknown> {
  /**
   * What is wrong with the set-up, each with what to do. Empty: nothing. Called at boot; an application may call it later,
   * for its health.
   *
   * @throws TokenStateUnavailableError when the database cannot be reached
   */
  async checkSetup(): Promise<string[]> {
    return [];
  }

  /**
   * The store's clock, by which cutoffs are set, in milliseconds since the epoch. Asked once at boot, to warn of tokens
   * that live no longer than clocks differ. `undefined`: not known.
   */
  async now(): Promise<number | undefined> {
    return undefined;
  }

  /**
   * Names the users of this store, so that no token of theirs is accepted for those of another: every token carries it, as
   * `realm`. The same for all services over the same users. Asked once `checkSetup()` has resolved.
   */
  abstract realm(): string;

  /**
   * The subject and the state that a record of the application carries. No I/O.
   *
   * @throws TypeError when the record was loaded without them, or is known to belong to another store
   */
  abstract describe(user: User): { readonly subject: string; readonly state: TokenState };

  /**
   * Whether a read runs code of the application for each user, which may look at the async context of the request: a
   * column's transformer, a hook. Each query then brings `inContext`. Default: `false`.
   */
  needsContext(): boolean {
    return false;
  }

  /**
   * A strict read: from the primary, begun when it is called. A subject that cannot be an id of a user is answered
   * with `undefined`; it must not fail the other queries. The answer's row must carry exactly the subject that was
   * given. Up to `CONCURRENT_READS` reads are in progress at once.
   *
   * A read that finds a cutoff further ahead than five minutes has it repaired, once, off its own way: the write
   * raises the version and returns the cutoff to the store's clock.
   */
  abstract read(
    queries: readonly StateQuery[],
    options: { readonly timeoutMs: number },
  ): Promise<StateReading<User>>;

  /**
   * Version + 1, and the cutoff named by `kind` set to the store's clock, in one statement. Cutoffs never move back, except
   * one that lies ahead of the clock: both return to it in this write.
   */
  abstract invalidate(
    target: InvalidationTarget,
    kind: CutoffKind,
    transaction?: Transaction,
  ): Promise<WriteOutcome>;

  /** Replaces the hash when it is still `currentHash`, and invalidates in the same statement. */
  abstract changePassword(
    subject: string,
    replacement: PasswordChange,
    transaction?: Transaction,
  ): Promise<WriteOutcome>;

  /** Replaces the hash when it is still `currentHash`, and invalidates nothing: the state it resolves to is unchanged. */
  abstract rehashPassword(
    subject: string,
    replacement: PasswordReplacement,
    transaction?: Transaction,
  ): Promise<WriteOutcome>;

  /**
   * Raises the version of everyone by one and sets the cutoff of everyone to the store's clock. Neither moves back, but a
   * cutoff that lies ahead of the clock.
   */
  abstract invalidateEveryone(transaction?: Transaction): Promise<StateChange>;
}

/** How Nest's container makes a store: what `typeOrmStore()`, `pgStore()` and their kin return. */
export interface TokenStateStoreDefinition<User = unknown, Transaction = unknown> {
  /** Injection tokens of what `useFactory` takes. */
  readonly inject: (InjectionToken | OptionalFactoryDependency)[];
  /** Makes the store. What is wrong with its options comes out of `checkSetup()`, with everything else. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever `inject` names
  useFactory(...dependencies: any[]): TokenStateStore<User, Transaction>;
}
