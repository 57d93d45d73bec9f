import type { RefreshRecord } from '../../state/session.store.js';
import { directly, recordOf } from '../state-reading.js';
import { decodeEveryone, type StateRow, subjectOf } from '../state-row.js';
import type { LoadedUser } from '../user-loader.js';
import { FIRST_OF_USER } from './look-statements.js';
import { decodeRefreshed } from './session-row.js';
import type { SessionStoreParts } from './session-store-parts.js';

/** What the rows of `rotate` and `look` say. */
export class RefreshRecords<User> {
  constructor(private readonly parts: Pick<SessionStoreParts<User, never>, 'reads' | 'database'>) {}

  /** `undefined`: there is no row, no session, or no user. */
  async decode(row: StateRow | undefined): Promise<RefreshRecord<User> | undefined> {
    if (row === undefined || subjectOf(row) === null) return undefined;
    const { hide } = await this.parts.database();
    const record = recordOf(row, await this.userOf(row), hide);
    if (record instanceof Error) throw record;
    const refreshed = decodeRefreshed(row[FIRST_OF_USER - 1] as string);
    return record && Object.assign(record, { everyone: decodeEveryone(row), refreshed });
  }

  /** From the row, where its values are all that it takes: those of a caller's transaction come by other parsers. */
  private async userOf(row: StateRow): Promise<LoadedUser<User>> {
    const { loader } = await this.parts.database();
    if (loader.readsMore || loader.types) return this.parts.reads.find(subjectOf(row)!);
    const [user] = await loader.load([row], FIRST_OF_USER, { contexts: [directly] });
    return user;
  }
}
