import { eq, type SQL } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { drizzleStore, type DrizzleTransaction } from 'nestjs-token-invalidation/drizzle';
import type { PostgresTokenStateStore } from '../../../src/postgres/postgres-token-state.store.js';
import { type HarnessTable, SqlHarness } from './sql-harness.js';

export type DrizzleRow = Record<string, unknown>;
export type UsersTable = PgTable & { readonly id: PgColumn };

/** The contract's harness over Drizzle. */
export class DrizzleHarness extends SqlHarness<DrizzleRow, DrizzleTransaction> {
  readonly db: NodePgDatabase;

  constructor(
    private readonly table: UsersTable,
    harness: HarnessTable,
  ) {
    super(harness);
    this.db = drizzle({ client: this.pool });
  }

  async loadUser(subject: string): Promise<DrizzleRow> {
    const isUser: SQL = eq(this.table.id, this.table.id.mapFromDriverValue(subject));
    const [user] = await this.db.select().from(this.table).where(isUser);
    return user!;
  }

  transaction<Result>(work: (tx: DrizzleTransaction) => Promise<Result>): Promise<Result> {
    return this.db.transaction((tx) => work(tx));
  }

  savepoint<Result>(
    tx: DrizzleTransaction,
    work: (tx: DrizzleTransaction) => Promise<Result>,
  ): Promise<Result> {
    return (tx as unknown as NodePgDatabase).transaction((inner) => work(inner));
  }

  protected makeStore(): PostgresTokenStateStore<DrizzleRow, DrizzleTransaction> {
    const store = drizzleStore({ db: this.db, table: this.table, deletedAt: 'deletedAt' });
    return store.useFactory() as PostgresTokenStateStore<DrizzleRow, DrizzleTransaction>;
  }
}
