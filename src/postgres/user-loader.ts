/** Makes the application's user records from what the state read brought. */
export interface UserLoader<User> {
  /** The columns that the state read selects for it: names as they are in the database. */
  readonly columns: readonly string[];

  /**
   * A user for each row, in their order; `undefined`: gone in the meantime. An id may come twice and then gives two
   * users that share nothing, since each becomes the `request.user` of another request.
   *
   * @param rows - with the values of `columns` from the position `first` on
   */
  load(rows: readonly (readonly unknown[])[], first: number): Promise<(User | Error | undefined)[]>;
}

/** What was thrown, as an Error that can be returned as a value. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
