import { codeOf, UNDEFINED_COLUMN } from './pg-error.js';
import type { UserDatabase } from './user-database.js';

/** The users table, which becomes known late: a data source may be opened after the store was made. */
export class LateDatabase<User> {
  private bound: Promise<UserDatabase<User>> | undefined;

  /** @param bind - looks for the table; it is called again after it failed */
  constructor(private readonly bind: () => Promise<UserDatabase<User>>) {}

  get(): Promise<UserDatabase<User>> {
    this.bound ??= this.tryToBind();
    return this.bound;
  }

  /** Reads the table, and once more when it has lost a column since it was looked at. */
  async read<Result>(work: (database: UserDatabase<User>) => Promise<Result>): Promise<Result> {
    try {
      return await work(await this.get());
    } catch (error) {
      if (codeOf(error) !== UNDEFINED_COLUMN) throw error;
      this.bound = undefined;
      return work(await this.get());
    }
  }

  private async tryToBind(): Promise<UserDatabase<User>> {
    try {
      return await this.bind();
    } catch (error) {
      this.bound = undefined;
      throw error;
    }
  }
}
