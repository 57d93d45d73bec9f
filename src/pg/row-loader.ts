import type { UserLoader } from '../postgres/user-loader.js';
import type { PgUser } from './pg-user.js';

/** Makes records of the rows of the state read, by the names of their columns: no second query. */
export class RowLoader implements UserLoader<PgUser> {
  constructor(readonly columns: readonly string[]) {}

  async load(rows: readonly (readonly unknown[])[], first: number): Promise<PgUser[]> {
    return rows.map((row) =>
      Object.fromEntries(this.columns.map((column, index) => [column, row[first + index]])),
    );
  }
}
