import { TokenInvalidationConfigError } from '../options/config.error.js';
import { bindColumns } from '../postgres/bind-columns.js';
import { type DataLayer, SQL_WORDS, type UserSource } from '../postgres/data-layer.js';
import { describeRecord, stateKeys } from '../postgres/describe-record.js';
import type { PgPool, RunStatement, Statement } from '../postgres/pg-pool.js';
import type { TokenState } from '../rule/token-state.js';
import { Detour } from './detour.js';
import { FindingLoader } from './finding-loader.js';
import { joinTransaction, type PrismaTransaction } from './join-transaction.js';
import type { ModelDelegate, PrismaClientLike, PrismaRecord } from './prisma-client.js';
import { requireUtc } from './time-zone.js';
import { describeModel, type ModelOptions, type UserModel } from './user-model.js';

/** What `prismaStore()` was given. */
export interface PrismaSource extends ModelOptions {
  readonly client: PrismaClientLike | undefined;
  readonly pool: PgPool | undefined;
  /** What is wrong with the options. */
  readonly problems: readonly string[];
}

const NO_CLIENT =
  'prismaStore: there is no client: give client an instance of PrismaClient, or the injection token of one that a module of the option imports exports.';
const NO_POOL =
  'prismaStore: there is no pool: give pool the Pool of pg that the adapter has, as in new PrismaPg(pool), or its injection token.';

/** Reaches the users through a Prisma client and the pool of its adapter. Names come from Prisma's schema. */
export class PrismaLayer implements DataLayer<PrismaRecord, PrismaTransaction> {
  readonly words = SQL_WORDS;

  private described: UserModel | undefined;

  constructor(private readonly source: PrismaSource) {}

  pool(): PgPool {
    if (this.source.pool === undefined) throw new TokenInvalidationConfigError([NO_POOL]);
    return this.source.pool;
  }

  async bind(run: RunStatement): Promise<UserSource<PrismaRecord>> {
    const model = this.model();
    await requireUtc(run);
    const { columns } = await bindColumns(run, model.names, this.words.migration);
    const loader = new FindingLoader({
      delegate: () => this.delegate(model),
      model,
      password: columns.password && model.fieldOf(columns.password),
      detour: Detour.of(this.pool()),
    });
    // Reads nothing, by the way on which records are read.
    await loader.find([], undefined);
    return { columns, hidden: stateKeys(model.keys), loader };
  }

  describe(user: PrismaRecord): { subject: string; state: TokenState } {
    return describeRecord(this.model().keys, user, `The record of ${this.source.model}`);
  }

  join(transaction: PrismaTransaction, statement: Statement): Promise<unknown[][]> {
    return joinTransaction(transaction, statement);
  }

  private delegate({ delegate }: UserModel): ModelDelegate {
    const { client } = this.source;
    return Reflect.get(client!.$primary?.() ?? client!, delegate) as ModelDelegate;
  }

  private model(): UserModel {
    const { client, pool, problems } = this.source;
    if (client === undefined || pool === undefined || problems.length > 0) {
      throw new TokenInvalidationConfigError([
        ...problems,
        ...(client === undefined ? [NO_CLIENT] : []),
        ...(pool === undefined ? [NO_POOL] : []),
      ]);
    }
    this.described ??= describeModel(client, this.source);
    return this.described;
  }
}
