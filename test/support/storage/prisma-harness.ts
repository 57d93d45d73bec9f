import { prismaStore, type PrismaTransaction } from 'nestjs-token-invalidation/prisma';
import type { PostgresTokenStateStore } from '../../../src/postgres/postgres-token-state.store.js';
import { openPool, openPrisma, type Pool, type PrismaClient } from '../../prisma/client.js';
import { type HarnessTable, SqlHarness } from './sql-harness.js';

export type PrismaRecord = Record<string, unknown>;

interface Delegate {
  findUniqueOrThrow(query: { where: { key: unknown } }): Promise<PrismaRecord>;
}

/** Works within a transaction: a client, or what one gives to the callback. */
interface Transacting {
  $transaction<Result>(work: (tx: PrismaTransaction) => Promise<Result>): Promise<Result>;
}

export interface PrismaHarnessTable extends HarnessTable {
  model: string;
  /** The id as Prisma takes it. */
  idOf: (subject: string) => unknown;
}

/** The contract's harness over Prisma with its adapter for pg. */
export class PrismaHarness extends SqlHarness<PrismaRecord, PrismaTransaction> {
  readonly client: PrismaClient;
  private readonly prismaPool: Pool;

  constructor(private readonly options: PrismaHarnessTable) {
    super(options);
    this.prismaPool = openPool(options.url);
    this.client = openPrisma(this.prismaPool);
  }

  override async close(): Promise<void> {
    await super.close();
    await this.client.$disconnect();
    await this.prismaPool.end();
  }

  loadUser(subject: string): Promise<PrismaRecord> {
    const delegate = Reflect.get(this.client, this.options.model) as Delegate;
    return delegate.findUniqueOrThrow({ where: { key: this.options.idOf(subject) } });
  }

  transaction<Result>(work: (tx: PrismaTransaction) => Promise<Result>): Promise<Result> {
    return (this.client as unknown as Transacting).$transaction(work);
  }

  savepoint<Result>(
    tx: PrismaTransaction,
    work: (tx: PrismaTransaction) => Promise<Result>,
  ): Promise<Result> {
    return (tx as unknown as Transacting).$transaction(work);
  }

  protected makeStore(): PostgresTokenStateStore<PrismaRecord, PrismaTransaction> {
    const { client, prismaPool: pool } = this;
    const { model } = this.options;
    const store = prismaStore({ client, pool, model, id: 'key', deletedAt: 'removedAt' });
    return store.useFactory() as PostgresTokenStateStore<PrismaRecord, PrismaTransaction>;
  }
}
