import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** Makes instances of the entity class from what the state read brought. */
export interface UserLoader<User> {
  /** The columns that the state read selects for it. */
  readonly columns: readonly ColumnMetadata[];

  /**
   * A user for each row, in their order; `undefined`: gone in the meantime. An id may come twice and then gives two
   * users that share nothing, since each becomes the `request.user` of another request.
   *
   * @param rows - the values of `columns`
   */
  load(rows: readonly (readonly unknown[])[]): Promise<(User | Error | undefined)[]>;
}

/** What was thrown, as an Error that can be handed on as a value. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
