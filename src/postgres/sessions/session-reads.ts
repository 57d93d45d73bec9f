import { TokenStateUnavailableError } from '../../state/token-state-unavailable.error.js';
import type { LateDatabase } from '../late-database.js';
import type { Statement } from '../pg-pool.js';
import type { Primary } from '../primary.js';
import { readState } from '../state-reading.js';
import type { LoadedUser } from '../user-loader.js';

/** What the store of the sessions reads itself, on the primary. */
export class SessionReads<User> {
  constructor(
    readonly primary: Primary,
    private readonly database: LateDatabase<User>,
    readonly timeoutMs: number,
  ) {}

  /** @throws TokenStateUnavailableError */
  async read(statement: Statement): Promise<unknown[][]> {
    try {
      return await this.primary.read(statement, this.timeoutMs);
    } catch (error) {
      throw new TokenStateUnavailableError(error);
    }
  }

  /** The record of a user. @throws TokenStateUnavailableError */
  async find(subject: string): Promise<LoadedUser<User>> {
    try {
      const database = await this.database.get();
      const [record] = (await readState(database, [{ subject }], this)).records;
      return record instanceof Error ? record : record?.user;
    } catch (error) {
      throw new TokenStateUnavailableError(error);
    }
  }
}
