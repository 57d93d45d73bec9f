import { inArray, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { codeOf } from '../postgres/pg-error.js';
import { findUsers } from '../postgres/find-users.js';
import type { UserLoader } from '../postgres/user-loader.js';
import type { DrizzleTable } from './user-table.js';

/** A row as Drizzle makes it by its schema. */
export type DrizzleRow = Record<string, unknown>;

/** Loads the rows through Drizzle's `select`, without the password's column: a second query, on the primary. */
export class FindingLoader implements UserLoader<DrizzleRow> {
  readonly columns: readonly string[];
  readonly needsContext = false;

  /** @param selected - the properties of the record, each with its column */
  constructor(
    private readonly primary: NodePgDatabase,
    private readonly users: DrizzleTable,
    private readonly selected: Readonly<Record<string, PgColumn>>,
  ) {
    this.columns = [users.names.id];
  }

  load(
    rows: readonly (readonly unknown[])[],
    first: number,
  ): Promise<(DrizzleRow | Error | undefined)[]> {
    return findUsers(
      {
        find: (ids) => this.find(ids),
        // A converter of a column throws whatever it likes; the database's faults have a code.
        isFaultOfDatabase: (cause) => codeOf((cause as Error | undefined)?.cause) !== 'undefined',
      },
      rows.map((row) => row[first]),
    );
  }

  private async find(ids: readonly unknown[]): Promise<Map<string, DrizzleRow>> {
    const { table, columns, keys } = this.users;
    const id = columns[keys.id]!;
    const found = await this.primary
      .select({ subject: sql<string>`${id}::text`, user: { ...this.selected } })
      .from(table)
      // Not the column itself, which would convert ids that are as pg reads them.
      .where(inArray(sql`${id}`, [...ids]));
    return new Map(found.map(({ subject, user }) => [subject, user]));
  }
}
