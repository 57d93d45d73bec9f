import type { LateUser } from './late-user.js';
import type { PgClient } from './pg-pool.js';

/** A user, or what became of it; `undefined`: gone in the meantime. */
export type LoadedUser<User> = User | LateUser<User> | Error | undefined;

/** Makes the application's user records from what the state read brought. */
export interface UserLoader<User> {
  /** The columns that the state read selects for it: names as they are in the database. */
  readonly columns: readonly string[];
  /** Whether `load` reads more, on the connection that the rows came by: another may lead to another server. */
  readonly readsMore?: true;

  /**
   * A user for each row, in their order. One whom code of the application makes should be a `LateUser`. An id may come
   * twice and then gives two users that share nothing, since each becomes the `request.user` of another request.
   *
   * @param rows - with the values of `columns` from the position `first` on
   * @param client - lent to a loader that reads more, until its promise is settled
   */
  load(
    rows: readonly (readonly unknown[])[],
    first: number,
    client?: PgClient,
  ): Promise<LoadedUser<User>[]>;
}
