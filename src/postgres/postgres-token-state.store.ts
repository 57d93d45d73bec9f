import type { OnApplicationShutdown } from '@nestjs/common';
import { TokenInvalidationConfigError } from '../options/config-error.js';
import type { TokenState } from '../rule/token-state.js';
import {
  type CutoffKind,
  type InvalidationTarget,
  type PasswordChange,
  type PasswordReplacement,
  type StateChange,
  type StateQuery,
  type StateReading,
  TokenStateStore,
  type WriteOutcome,
} from '../state/token-state.store.js';
import { CutoffRepair, type RepairSubject } from './cutoff-repair.js';
import type { DataLayer } from './data-layer.js';
import type { RunStatement, Statement } from './pg-pool.js';
import { Primary } from './primary.js';
import { milliseconds } from './sql.js';
import { checkServer, fullServerProblem } from './server-check.js';
import { readState } from './state-reading.js';
import { StateWriter } from './state-writer.js';
import type { StoreSettings } from './store-options.js';
import { type UserDatabase, userDatabase } from './user-database.js';

const NOW = `SELECT ${milliseconds('clock_timestamp()')}`;

/** Keeps the token state in three columns of the application's own users table, in PostgreSQL. */
export class PostgresTokenStateStore<User, Transaction>
  extends TokenStateStore<User, Transaction>
  implements OnApplicationShutdown
{
  private readonly primary: Primary;
  private readonly writer: StateWriter<Transaction>;
  private readonly cutoffs = new CutoffRepair((subject) => this.repair(subject));
  private named: string | undefined;
  private runsCode = false;
  private bound: Promise<UserDatabase<User>> | undefined;

  constructor(
    private readonly layer: DataLayer<User, Transaction>,
    private readonly settings: StoreSettings,
  ) {
    super();
    this.primary = new Primary(() => layer.pool());
    this.writer = new StateWriter(this.primary, layer, settings.writeTimeoutMs);
  }

  override async checkSetup(): Promise<string[]> {
    try {
      const database = await this.database();
      const run: RunStatement = (statement) => this.writer.run(statement);
      const problems = await checkServer(run);
      this.named ??= this.settings.realm ?? (await database.findRealm(run));
      if (!this.settings.checkSchema) return problems;
      return [...problems, ...(await database.check(run))];
    } catch (error) {
      if (error instanceof TokenInvalidationConfigError) return [...error.problems];
      const problem = fullServerProblem(error);
      if (problem === undefined) throw error;
      return problem;
    }
  }

  override async now(): Promise<number> {
    const [row] = await this.writer.run({ text: NOW, values: [] });
    return Number(row![0]);
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
    const database = await this.database();
    const { primary } = this;
    const reading = await readState(database, queries, { primary, timeoutMs });
    this.cutoffs.notice(queries, reading);
    return reading;
  }

  async invalidate(
    { subject, ifVersion }: InvalidationTarget,
    kind: CutoffKind,
    transaction?: Transaction,
  ): Promise<WriteOutcome> {
    const { invalidate, invalidateIfVersion } = (await this.database()).statements;
    const statement =
      ifVersion === undefined
        ? { text: invalidate[kind], values: [] }
        : { text: invalidateIfVersion[kind], values: [ifVersion] };
    return this.update(subject, statement, transaction);
  }

  async changePassword(
    subject: string,
    { currentHash, newHash }: PasswordChange,
    transaction?: Transaction,
  ): Promise<WriteOutcome> {
    const text = this.passwordText((await this.database()).statements.changePassword);
    return this.update(subject, { text, values: [currentHash, newHash] }, transaction);
  }

  async rehashPassword(
    subject: string,
    { currentHash, newHash }: PasswordReplacement,
    transaction?: Transaction,
  ): Promise<WriteOutcome> {
    const text = this.passwordText((await this.database()).statements.rehashPassword);
    return this.update(subject, { text, values: [currentHash, newHash] }, transaction);
  }

  async invalidateEveryone(transaction?: Transaction): Promise<StateChange> {
    const text = (await this.database()).statements.invalidateEveryone;
    // There is always a row: it is inserted where it is missing.
    return (await this.writer.write({ text, values: [] }, transaction)) as StateChange;
  }

  private async repair(subject: RepairSubject): Promise<WriteOutcome> {
    const { statements } = await this.database();
    const statement: Statement =
      subject === null
        ? { text: statements.repairEveryone, values: [] }
        : { text: statements.repair, values: [subject] };
    return this.writer.write(statement, undefined);
  }

  private async update(
    subject: string,
    { text, values }: Statement,
    transaction: Transaction | undefined,
  ): Promise<WriteOutcome> {
    const { subjects } = await this.database();
    if (!subjects.accepts(subject)) return 'unknown';
    return this.writer.write({ text, values: [subject, ...values] }, transaction);
  }

  private passwordText(text: string | undefined): string {
    if (text !== undefined) return text;
    throw new TypeError(
      `The store knows no password column: name it with ${this.layer.words.passwordOption}.`,
    );
  }

  /** The users table becomes known late: a data source may be opened after this store was made. */
  private database(): Promise<UserDatabase<User>> {
    this.bound ??= this.bind();
    return this.bound;
  }

  private async bind(): Promise<UserDatabase<User>> {
    try {
      const source = await this.layer.bind((statement) => this.writer.run(statement));
      this.runsCode = source.loader.needsContext;
      return userDatabase(source, this.layer.words, this.settings);
    } catch (error) {
      this.bound = undefined;
      throw error;
    }
  }
}
