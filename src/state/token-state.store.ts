import type { InjectionToken, OptionalFactoryDependency } from '@nestjs/common';
import type { EveryoneState, TokenState } from '../rule/token-state.js';
import type { SessionStore } from './session.store.js';
import type {
  PasswordChange,
  PasswordReplacement,
  StateChange,
  StateRecord,
} from './state-record.js';

export type { PasswordChange, PasswordReplacement, StateChange, StateRecord };

/**
 * How many reads of a store may be in progress at once. A store keeps as many connections for them, so that no read
 * waits for another.
 */
export const CONCURRENT_READS = 2;

/** Runs code in the async context of the request that asks. */
export type InContext = <Result>(code: () => Result) => Result;

/** What a request asks the store. */
export interface StateQuery {
  /** The user's id as text, as the token carries it. It comes from a verified token, and may still hold any text. */
  readonly subject: string;
  /** The session that the token names, a UUID in lower case. The record must then say what became of it. */
  readonly sessionId?: string | undefined;
  /** The token's `jti`, where single tokens can be revoked. The record must then say whether it was. */
  readonly tokenId?: string | undefined;
  /** Given when the store asks for it with `needsContext()`: many requests share a read, which runs in the context of one. */
  readonly inContext?: InContext | undefined;
}

/** What a store has to keep besides the state of users. */
export interface SetupNeeds {
  readonly sessions?: boolean | undefined;
  readonly revokedTokens?: boolean | undefined;
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

/**
 * What a write did. `unknown`: no such user. `conflict`: the user exists and the condition was not met. Neither
 * changes anything.
 */
export type WriteOutcome = StateChange | 'unknown' | 'conflict';

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
  /** The sessions of these users. Absent: this store keeps none, and answers no query with `sessionId` or `tokenId`. */
  readonly sessions?: SessionStore<User, Transaction>;

  /**
   * What is wrong with the set-up, each with what to do. Empty: nothing. Called at boot; an application may call it later,
   * for its health.
   *
   * @param needs - what the application switched on
   * @throws TokenStateUnavailableError when the database cannot be reached
   */
  async checkSetup(_needs: SetupNeeds = {}): Promise<string[]> {
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
   * A read that finds a cutoff further ahead than five minutes has it repaired, once, in the background: the write
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

/** How Nest's container makes a store: what `typeOrmStore()` and the other store functions return. */
export interface TokenStateStoreDefinition<User = unknown, Transaction = unknown> {
  /** Injection tokens of what `useFactory` takes. */
  readonly inject: (InjectionToken | OptionalFactoryDependency)[];
  /** Makes the store. What is wrong with its options comes out of `checkSetup()`, with everything else. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever `inject` names
  useFactory(...dependencies: any[]): TokenStateStore<User, Transaction>;
}
