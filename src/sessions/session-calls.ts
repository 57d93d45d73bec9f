import type { Caller } from '../events/caller.js';
import type { UserId } from '../invalidation/user-id.js';
import type { PasswordChange } from '../state/token-state.store.js';

/** What every writing method takes. */
export interface SessionCall<Transaction> extends Caller {
  /** The caller's transaction to join. Listeners get the event after the commit. Default: a separate statement. */
  transaction?: Transaction | undefined;
}

/** What `start` and `fork` take. */
export interface StartOptions<Transaction> extends SessionCall<Transaction> {
  /** The device as people know it: "Anna's phone". Cut to 100 characters. Default: none. */
  label?: string | undefined;
  /** The header `User-Agent`, for people. Cut to 256 characters. Default: none. */
  userAgent?: string | undefined;
  /** Whether the login outlives the browser ("remember me"). `fork` takes it from the session. Default: `false`. */
  persistent?: boolean | undefined;
}

/** What `refresh` takes. */
export type RefreshOptions<Transaction> = Omit<StartOptions<Transaction>, 'label' | 'persistent'>;

/** What `end` takes. */
export interface EndOptions<Transaction> extends SessionCall<Transaction> {
  /** The id of the user whose session it must be. */
  of: UserId;
  /** Default: `'ended_by_user'`. */
  reason?: EndReason | undefined;
}

export const END_REASONS = ['logged_out', 'ended_by_user', 'ended_by_admin'] as const;

/** Why an application ends a session. */
export type EndReason = (typeof END_REASONS)[number];

/** What `endAll` takes. */
export type EndAllOptions<Transaction> = Omit<EndOptions<Transaction>, 'of'>;

/** What `endOthers` takes. */
export interface EndOthersOptions<Transaction> extends EndOptions<Transaction> {
  /** The session that stays: `sid` of the token that asks. */
  except: string;
}

/** What `changePassword` of the sessions takes. */
export interface ChangePasswordOptions<Transaction>
  extends SessionCall<Transaction>, PasswordChange {}

/** What `list` takes. */
export interface ListOptions {
  /** From 1 to 200. Default: `50`. */
  limit?: number | undefined;
  /** The id of the last session of the page before. Default: the first page. */
  after?: string | undefined;
}
