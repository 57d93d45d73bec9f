import type { StateWriter } from '../state-writer.js';
import type { UserDatabase } from '../user-database.js';
import type { SessionReads } from './session-reads.js';

/** What the store of the sessions shares with that of the users. */
export interface SessionStoreParts<User, Transaction> {
  readonly writer: StateWriter<Transaction>;
  readonly reads: SessionReads<User>;
  /** The users table, once it is known. */
  database(): Promise<UserDatabase<User>>;
}
