import type { OnApplicationShutdown } from '@nestjs/common';
import type { TokenState } from '../rule/token-state.js';
import type { SessionStore } from '../state/session.store.js';
import {
  type CutoffKind,
  type InvalidationTarget,
  type PasswordChange,
  type PasswordReplacement,
  type SetupNeeds,
  type StateChange,
  type StateQuery,
  type StateReading,
  TokenStateStore,
  type WriteOutcome,
} from '../state/token-state.store.js';
import { CutoffRepair } from './cutoff-repair.js';
import type { DataLayer } from './data-layer.js';
import { LateDatabase } from './late-database.js';
import type { RunStatement } from './pg-pool.js';
import { Primary } from './primary.js';
import { checkServer, serverTime, setupProblems } from './server-check.js';
import { PostgresSessionStore } from './sessions/postgres-session.store.js';
import { SessionReads } from './sessions/session-reads.js';
import { readState } from './state-reading.js';
import { StateWriter } from './state-writer.js';
import type { StoreSettings } from './store-options.js';
import { userDatabase } from './user-database.js';
import { UserWrites } from './user-writes.js';

/** Keeps the token state in three columns of the application's own users table, in PostgreSQL. */
export class PostgresTokenStateStore<User, Transaction>
  extends TokenStateStore<User, Transaction>
  implements OnApplicationShutdown
{
  override readonly sessions: SessionStore<User, Transaction>;
  private readonly primary: Primary;
  private readonly writer: StateWriter<Transaction>;
  private readonly users: UserWrites<User, Transaction>;
  private readonly cutoffs = new CutoffRepair((subject) => this.users.repair(subject));
  private named: string | undefined;
  private runsCode = false;
  private readonly database: LateDatabase<User>;

  constructor(
    private readonly layer: DataLayer<User, Transaction>,
    private readonly settings: StoreSettings,
  ) {
    super();
    this.primary = new Primary(() => layer.pool());
    this.writer = new StateWriter(this.primary, layer, settings.writeTimeoutMs);
    this.database = new LateDatabase(async () => {
      const source = await layer.bind((statement) => this.writer.run(statement));
      this.runsCode = source.loader.needsContext;
      return userDatabase(source, layer.words, settings);
    });
    this.users = new UserWrites(this.database, this.writer);
    this.sessions = new PostgresSessionStore({
      writer: this.writer,
      reads: new SessionReads(this.primary, this.database, settings.writeTimeoutMs),
      database: () => this.database.get(),
    });
  }

  override async checkSetup(needs: SetupNeeds = {}): Promise<string[]> {
    try {
      const database = await this.database.get();
      const run: RunStatement = (statement) => this.writer.run(statement);
      this.named ??= this.settings.realm ?? (await database.findRealm(run));
      return [...(await checkServer(run)), ...(await database.check(run, needs))];
    } catch (error) {
      return setupProblems(error);
    }
  }

  override now(): Promise<number> {
    return serverTime((statement) => this.writer.run(statement));
  }

  /** Nest calls it when the application closes. */
  async onApplicationShutdown(): Promise<void> {
    this.writer.close();
    await this.primary.close();
  }

  realm(): string {
    if (this.named !== undefined) return this.named;
    throw new Error('The realm is known once the users table is: checkSetup() looks for it.');
  }

  describe(user: User): { readonly subject: string; readonly state: TokenState } {
    return this.layer.describe(user);
  }

  override needsContext(): boolean {
    return this.runsCode;
  }

  async read(
    queries: readonly StateQuery[],
    { timeoutMs }: { timeoutMs: number },
  ): Promise<StateReading<User>> {
    const source = { primary: this.primary, timeoutMs };
    const reading = await this.database.read((database) => readState(database, queries, source));
    this.cutoffs.notice(queries, reading);
    return reading;
  }

  async invalidate(
    { subject, ifVersion }: InvalidationTarget,
    kind: CutoffKind,
    transaction?: Transaction,
  ): Promise<WriteOutcome> {
    const { invalidate, invalidateIfVersion } = (await this.database.get()).statements;
    const statement =
      ifVersion === undefined
        ? { text: invalidate[kind], values: [] }
        : { text: invalidateIfVersion[kind], values: [ifVersion] };
    return this.users.write(subject, statement, transaction);
  }

  changePassword(
    subject: string,
    change: PasswordChange,
    transaction?: Transaction,
  ): Promise<WriteOutcome> {
    return this.users.replacePassword('changePassword', { ...change, subject }, transaction);
  }

  rehashPassword(
    subject: string,
    replacement: PasswordReplacement,
    transaction?: Transaction,
  ): Promise<WriteOutcome> {
    return this.users.replacePassword('rehashPassword', { ...replacement, subject }, transaction);
  }

  async invalidateEveryone(transaction?: Transaction): Promise<StateChange> {
    const text = (await this.database.get()).statements.invalidateEveryone;
    // There is always a row: it is inserted where it is missing.
    return (await this.writer.write({ text, values: [] }, transaction)) as StateChange;
  }
}
