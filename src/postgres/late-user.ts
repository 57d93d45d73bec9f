import type { TokenState } from '../rule/token-state.js';
import type { StateRecord } from '../state/token-state.store.js';
import { asError } from './as-error.js';

/**
 * A user that is yet to be made by code of the application, such as a column's transformer. Many requests share a read;
 * each makes its own user, and so that code runs in the request's own async context.
 */
export class LateUser<User> {
  constructor(readonly make: () => User) {}
}

/** A record whose user is made when it is first asked for. */
export class LateRecord<User> implements StateRecord<User> {
  private made: { readonly user: User } | undefined;

  constructor(
    private readonly late: LateUser<User>,
    readonly state: TokenState,
    readonly active: boolean,
  ) {}

  get user(): User {
    this.made ??= { user: this.make() };
    return this.made.user;
  }

  /** Code of the application may throw anything. */
  private make(): User {
    try {
      return this.late.make();
    } catch (error) {
      throw asError(error);
    }
  }
}
