import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { AddressPolicy } from '../events/address.js';
import { type Caller, callerOf } from '../events/caller.js';
import type { InvalidationEvent } from '../events/token-event.listener.js';
import type { TokenEventEmitter } from '../events/token-event.emitter.js';
import type {
  CutoffKind,
  PasswordChange,
  PasswordReplacement,
  StateChange,
  TokenStateStore,
} from '../state/token-state.store.js';
import {
  PasswordConflictError,
  UserUnknownError,
  VersionConflictError,
} from './invalidation.error.js';
import type { EveryoneInvalidationReceipt, InvalidationReceipt, RehashReceipt } from './receipt.js';
import { subjectFrom, type UserId } from './user-id.js';

/** What every method takes. */
export interface InvalidationOptions<Transaction> extends Caller {
  /**
   * The caller's transaction to join: the invalidation takes effect when it commits, and not at all when it rolls back.
   * Listeners get the event after the commit. Default: a separate statement, in effect when the promise resolves.
   */
  transaction?: Transaction | undefined;
}

/** What `logoutEverywhere` takes. */
export interface LogoutOptions<Transaction> extends InvalidationOptions<Transaction> {
  /**
   * Only when the user's version is still this one: give the `ver` of the token that asks, so that a delayed request
   * cannot invalidate newer logins.
   */
  ifVersion?: number | undefined;
}

/** What `invalidate` takes. */
export interface InvalidateOptions<Transaction> extends InvalidationOptions<Transaction> {
  /** Why, in the application's words; passed on to the listener. */
  note?: string | undefined;
}

/** What the application says of an invalidation. */
type Said = Pick<InvalidateOptions<unknown>, 'note' | keyof Caller>;

/**
 * Invalidates tokens. Each method resolves once the database has committed (or, with `transaction`, executed) the
 * change, and rejects otherwise: an invalidation that failed never reports success. Any number may run at once.
 *
 * All of them throw `UserUnknownError` for an unknown user, `TypeError` for what is no id, and
 * `TokenStateUnavailableError` when the database does not answer; a write whose answer was lost may have happened, and
 * repeating it is harmless.
 *
 * @typeParam Transaction - what the store joins: TypeORM's `EntityManager`, a `pg` client
 */
@Injectable()
export class TokenInvalidator<Transaction = unknown> {
  /** @param policy - how much of a caller's address the events hold */
  constructor(
    private readonly store: TokenStateStore<unknown, Transaction>,
    private readonly events: TokenEventEmitter,
    private readonly policy: AddressPolicy = false,
  ) {}

  /**
   * Logs the user out on every device.
   *
   * @throws VersionConflictError when `ifVersion` is given and the version is another
   */
  logoutEverywhere(
    userId: UserId,
    options: LogoutOptions<Transaction> = {},
  ): Promise<InvalidationReceipt> {
    return this.invalidateUser(userId, 'logged_out_everywhere', options);
  }

  /** Invalidates the user's tokens after the password changed where the trigger cannot see it: in a directory, say. */
  invalidateAfterPasswordChange(
    userId: UserId,
    options: InvalidationOptions<Transaction> = {},
  ): Promise<InvalidationReceipt> {
    return this.invalidateUser(userId, 'password_changed', options);
  }

  /** Invalidates the user's tokens for any other reason: an administrator's decision, a changed role. */
  invalidate(
    userId: UserId,
    options: InvalidateOptions<Transaction> = {},
  ): Promise<InvalidationReceipt> {
    return this.invalidateUser(userId, 'invalidated', options);
  }

  /**
   * Stores a new password hash and invalidates the user's tokens, provided that the stored hash is still the one that
   * the current password was checked against; `null` for the first password of a user who has none.
   *
   * @throws PasswordConflictError when it no longer is
   */
  async changePassword(
    userId: UserId,
    replacement: PasswordChange,
    { transaction, ...caller }: InvalidationOptions<Transaction> = {},
  ): Promise<InvalidationReceipt> {
    const subject = subjectFrom(userId);
    const outcome = await this.store.changePassword(subject, replacement, transaction);
    const change = requireChange(outcome, subject, PasswordConflictError);
    const receipt = { subject, ...receiptOf(change), reason: 'password_changed' } as const;
    return this.report(receipt, change, caller);
  }

  /**
   * Stores another hash of the same password, made with today's cost. Invalidates nothing.
   *
   * @throws PasswordConflictError when the stored hash is no longer `currentHash`: the password was changed meanwhile
   */
  async rehashPassword(
    userId: UserId,
    replacement: PasswordReplacement,
    { transaction }: Pick<InvalidationOptions<Transaction>, 'transaction'> = {},
  ): Promise<RehashReceipt> {
    const subject = subjectFrom(userId);
    const outcome = await this.store.rehashPassword(subject, replacement, transaction);
    const change = requireChange(outcome, subject, PasswordConflictError);
    return { subject, ...receiptOf(change), reason: 'password_rehashed' };
  }

  /**
   * Invalidates every token of everyone, after a leak or a restored backup: at once, and those of the same second too,
   * because nothing in them distinguishes them. It resolves when that second is over, so that a user who logs in
   * afterwards is accepted by a node whose clock is not behind the database's. With `transaction` it does not wait: a
   * login within that second must be repeated.
   */
  async invalidateEveryone({
    transaction,
    ...caller
  }: InvalidationOptions<Transaction> = {}): Promise<EveryoneInvalidationReceipt> {
    const change = await this.store.invalidateEveryone(transaction);
    const receipt = { subject: null, ...receiptOf(change), reason: 'everyone_logged_out' } as const;
    this.report(receipt, change, caller);
    if (transaction === undefined) await untilNextSecond(change.effectiveAt);
    return receipt;
  }

  private async invalidateUser(
    userId: UserId,
    reason: InvalidationReceipt['reason'],
    {
      ifVersion,
      transaction,
      ...said
    }: LogoutOptions<Transaction> & InvalidateOptions<Transaction>,
  ): Promise<InvalidationReceipt> {
    const subject = subjectFrom(userId);
    const target = { subject, ...(ifVersion !== undefined && { ifVersion }) };
    const outcome = await this.store.invalidate(target, cutoffOf(reason), transaction);
    const change = requireChange(outcome, subject, VersionConflictError);
    return this.report({ subject, ...receiptOf(change), reason }, change, said);
  }

  /** One event for each invalidation: now, or once the caller's transaction has committed it. */
  private report<Receipt extends Omit<InvalidationEvent, keyof Said>>(
    receipt: Receipt,
    { committed }: StateChange,
    { note, ...caller }: Said,
  ): Receipt {
    const said = { ...(note !== undefined && { note }), ...callerOf(caller, this.policy) };
    const event = { ...receipt, ...said };
    this.events.emitInvalidation(event, committed);
    return receipt;
  }
}

function receiptOf({
  version,
  effectiveAt,
}: StateChange): Pick<StateChange, 'version' | 'effectiveAt'> {
  return { version, effectiveAt };
}

/** Counted from the instant that the database gave, so that no two clocks are compared. Timers may be a little early. */
async function untilNextSecond(instant: Date): Promise<void> {
  await setTimeout(1000 - (instant.getTime() % 1000) + 10);
}

function cutoffOf(reason: InvalidationReceipt['reason']): CutoffKind {
  return reason === 'password_changed' ? 'password' : 'logout';
}

function requireChange(
  outcome: StateChange | 'unknown' | 'conflict',
  subject: string,
  Conflict: new (subject: string) => Error,
): StateChange {
  if (outcome === 'unknown') throw new UserUnknownError(subject);
  if (outcome === 'conflict') throw new Conflict(subject);
  return outcome;
}
