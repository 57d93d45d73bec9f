import type { LateUser } from './late-user.js';

/** A user, or what became of it; `undefined`: gone in the meantime. */
export type LoadedUser<User> = User | LateUser<User> | Error | undefined;

/** Makes the application's user records from what the state read brought. */
export interface UserLoader<User> {
  /** The columns that the state read selects for it: names as they are in the database. */
  readonly columns: readonly string[];

  /**
   * A user for each row, in their order. One whom code of the application makes should be a `LateUser`. An id may come
   * twice and then gives two users that share nothing, since each becomes the `request.user` of another request.
   *
   * @param rows - with the values of `columns` from the position `first` on
   */
  load(rows: readonly (readonly unknown[])[], first: number): Promise<LoadedUser<User>[]>;
}
