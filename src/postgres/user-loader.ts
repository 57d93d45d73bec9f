import type { InContext } from '../state/token-state.store.js';
import type { PgClient, TypeParsers } from './pg-pool.js';

/** A user, or what became of it; `undefined`: gone in the meantime. */
export type LoadedUser<User> = User | Error | undefined;

/** What a loader may use until its promise is settled. */
export interface LoaderMeans {
  /** Where to run code of the application: one for each row, or none where it needs no context. */
  readonly contexts: readonly InContext[];
  /** For a loader that reads more. */
  readonly client?: PgClient | undefined;
}

/** Makes the application's user records from what the state read brought. */
export interface UserLoader<User> {
  /** The columns that the state read selects for it: names as they are in the database. */
  readonly columns: readonly string[];
  /** Parses their values. Left out: as the pool does. */
  readonly types?: TypeParsers;
  /** Whether `load` reads more, on the connection that the rows came by: another may lead to another server. */
  readonly readsMore?: true;
  /** Whether it runs code of the application, which may look at the async context of the request. */
  readonly needsContext: boolean;

  /**
   * A user for each row, in their order. An id may come twice and then gives two users that share nothing, since each
   * becomes the `request.user` of another request.
   *
   * @param rows - with the values of `columns` from the position `first` on
   */
  load(
    rows: readonly (readonly unknown[])[],
    first: number,
    means: LoaderMeans,
  ): Promise<LoadedUser<User>[]>;
}
