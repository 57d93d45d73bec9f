import type { UserLoader } from '../postgres/user-loader.js';

/** A row of the users table by the names of its columns, as pg parses them, without the password's. */
export type PgUser = Record<string, unknown>;

/** Makes records of the rows of the state read, by the names of their columns: no second query. */
export class RowLoader implements UserLoader<PgUser> {
  readonly needsContext = false;

  constructor(readonly columns: readonly string[]) {}

  async load(rows: readonly (readonly unknown[])[], first: number): Promise<PgUser[]> {
    return rows.map((row) => {
      const user: PgUser = {};
      for (const [index, column] of this.columns.entries()) user[column] = row[first + index];
      return user;
    });
  }
}
