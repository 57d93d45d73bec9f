import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { InvalidationEvent } from '../events/token-event.listener.js';
import type { TokenEvents } from '../events/token-events.js';
import type {
  CutoffKind,
  PasswordReplacement,
  StateChange,
  TokenStateStore,
} from '../state/token-state.store.js';
import {
  PasswordConflictError,
  UserUnknownError,
  VersionConflictError,
} from './invalidation.errors.js';
import type { GlobalInvalidationReceipt, InvalidationReceipt, RehashReceipt } from './receipt.js';

/** A user's id, as the application has it. */
export type UserId = string | number | bigint;

export interface InvalidationOptions<Transaction> {
  /**
   * The caller's transaction to join: the invalidation takes effect when it commits and not at all when it rolls
   * back. Default: a statement of its own, in effect when the promise resolves.
   */
  transaction?: Transaction | undefined;
}

export interface LogoutOptions<Transaction> extends InvalidationOptions<Transaction> {
  /**
   * Only when the user's version is still this one: give the `ver` of the token that asks, so that a straggler
   * cannot end newer logins.
   */
  ifVersion?: number | undefined;
}

export interface InvalidateOptions<Transaction> extends InvalidationOptions<Transaction> {
  /** The application's own words for why, handed on to the listener. */
  note?: string | undefined;
}

/**
 * Ends tokens. Each method resolves once the database has committed (or, with `transaction`, executed) the change, and
 * rejects otherwise: an invalidation that failed never reports success. Any number may run at once.
 *
 * All of them throw `UserUnknownError` for an unknown user and `TokenStateUnavailableError` when the database does not
 * answer; a write whose answer was lost may have happened, and repeating it is harmless.
 *
 * @typeParam Transaction - TypeORM's `EntityManager`, or what the application's own `TokenStateStore` takes
 */
@Injectable()
export class TokenInvalidator<Transaction = EntityManager> {
  constructor(
    private readonly store: TokenStateStore<unknown, Transaction>,
    private readonly events: TokenEvents,
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

  /** Ends the user's tokens because the password changed where the trigger cannot see it: in a directory, say. */
  passwordChanged(
    userId: UserId,
    options: InvalidationOptions<Transaction> = {},
  ): Promise<InvalidationReceipt> {
    return this.invalidateUser(userId, 'password_changed', options);
  }

  /** Ends the user's tokens for a reason of the application's own: an administrator, a changed role. */
  invalidate(
    userId: UserId,
    options: InvalidateOptions<Transaction> = {},
  ): Promise<InvalidationReceipt> {
    return this.invalidateUser(userId, 'invalidated', options);
  }

  /**
   * Stores a new password hash and ends the user's tokens, when the stored hash is still the one that the current
   * password was checked against.
   *
   * @throws PasswordConflictError when it no longer is
   */
  async changePassword(
    userId: UserId,
    replacement: PasswordReplacement,
    { transaction }: InvalidationOptions<Transaction> = {},
  ): Promise<InvalidationReceipt> {
    const subject = String(userId);
    const outcome = await this.store.changePassword(subject, replacement, transaction);
    const change = requireChange(outcome, subject, PasswordConflictError);
    return this.told({ subject, ...change, reason: 'password_changed' }, { transaction });
  }

  /**
   * Stores another hash of the same password, made with today's cost: ends no tokens.
   *
   * @throws PasswordConflictError when the stored hash is no longer `currentHash`: the password was changed meanwhile
   */
  async rehashPassword(
    userId: UserId,
    replacement: PasswordReplacement,
    { transaction }: InvalidationOptions<Transaction> = {},
  ): Promise<RehashReceipt> {
    const subject = String(userId);
    const outcome = await this.store.rehashPassword(subject, replacement, transaction);
    const change = requireChange(outcome, subject, PasswordConflictError);
    return { subject, ...change, reason: 'password_rehashed' };
  }

  /**
   * Ends every token of everyone, after a leak or a restored backup: at once, and those of the same second too, since
   * they carry nothing else to be told apart by. It resolves when that second is over, so that whoever logs in
   * afterwards is in, at a node whose clock is not behind the database's. With `transaction` it does not wait: a login
   * within that second has to be repeated.
   */
  async invalidateEveryone({
    transaction,
  }: InvalidationOptions<Transaction> = {}): Promise<GlobalInvalidationReceipt> {
    const effectiveAt = await this.store.invalidateEveryone(transaction);
    const receipt = this.told(
      { subject: null, version: null, effectiveAt, reason: 'everyone_logged_out' } as const,
      { transaction },
    );
    if (transaction === undefined) await untilNextSecond(effectiveAt);
    return receipt;
  }

  private async invalidateUser(
    userId: UserId,
    reason: InvalidationReceipt['reason'],
    options: LogoutOptions<Transaction> & InvalidateOptions<Transaction>,
  ): Promise<InvalidationReceipt> {
    const subject = String(userId);
    const { ifVersion, transaction } = options;
    const target = { subject, ...(ifVersion !== undefined && { ifVersion }) };
    const outcome = await this.store.invalidate(target, cutoffOf(reason), transaction);
    const change = requireChange(outcome, subject, VersionConflictError);
    return this.told({ subject, ...change, reason }, options);
  }

  private told<Receipt extends Omit<InvalidationEvent, 'pending' | 'note'>>(
    receipt: Receipt,
    { transaction, note }: InvalidateOptions<Transaction>,
  ): Receipt {
    const pending = transaction !== undefined;
    this.events.invalidated({ ...receipt, pending, ...(note !== undefined && { note }) });
    return receipt;
  }
}

/** Counted from when the store's clock was read, so that no two clocks are compared. Timers may be a little early. */
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
