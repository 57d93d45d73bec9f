import type { PasswordChange, WriteOutcome } from '../state/token-state.store.js';
import type { RepairSubject } from './cutoff-repair.js';
import type { LateDatabase } from './late-database.js';
import type { Statement } from './pg-pool.js';
import type { StateWriter } from './state-writer.js';

/** Writes the state of one user. */
export class UserWrites<User, Transaction> {
  constructor(
    private readonly database: LateDatabase<User>,
    private readonly writer: StateWriter<Transaction>,
  ) {}

  /** @param statement - without the subject, which is its first value */
  async write(
    subject: string,
    { text, values }: Statement,
    transaction: Transaction | undefined,
  ): Promise<WriteOutcome> {
    const { subjects } = await this.database.get();
    if (!subjects.accepts(subject)) return 'unknown';
    return this.writer.write({ text, values: [subject, ...values] }, transaction);
  }

  async replacePassword(
    statement: 'changePassword' | 'rehashPassword',
    { subject, currentHash, newHash }: PasswordChange & { readonly subject: string },
    transaction: Transaction | undefined,
  ): Promise<WriteOutcome> {
    const { statements, passwordText } = await this.database.get();
    const text = passwordText(statements[statement]);
    return this.write(subject, { text, values: [currentHash, newHash] }, transaction);
  }

  /** Returns a cutoff that lies ahead to the database's clock. */
  async repair(subject: RepairSubject): Promise<WriteOutcome> {
    const { repair, repairEveryone } = (await this.database.get()).statements;
    return subject === null
      ? this.writer.write({ text: repairEveryone, values: [] }, undefined)
      : this.writer.write({ text: repair, values: [subject] }, undefined);
  }
}
