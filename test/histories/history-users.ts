import { forge } from '../support/forge.js';
import { checkUser } from './checker.js';
import type { DatabaseAccess } from './database-access.js';
import { HistoryUser } from './history-user.js';
import { monotonicMs } from './monotonic.js';
import type { Random } from './random.js';
import type { Recorder } from './recorder.js';
import type { UserSource } from './user-pool.js';
import type { Violation } from './violation.js';

/** After so many operations a user is left alone, judged and forgotten. */
const BUDGET = 400;
const FIRST_PASSWORD = 'first password';
/** Of a hundred users, so many come with a token from before the library. */
const LEGACY_PERCENT = 30;

/** Users whose tokens have no session. */
export class HistoryUsers implements UserSource<HistoryUser> {
  constructor(
    private readonly database: DatabaseAccess,
    private readonly recorder: Recorder,
    private readonly random: Random,
  ) {}

  async create(): Promise<HistoryUser> {
    const id = await this.database.createUser(FIRST_PASSWORD);
    const user = new HistoryUser(id, FIRST_PASSWORD, BUDGET);
    if (this.random.percent(LEGACY_PERCENT)) this.giveLegacyToken(user);
    return user;
  }

  judge({ operations, initialPassword }: HistoryUser): Violation[] {
    return checkUser(operations, this.recorder.everyone, initialPassword);
  }

  /** A token as the application signed it before it had this library: no version, no `kid`. */
  private giveLegacyToken(user: HistoryUser): void {
    const requestedAt = monotonicMs();
    const iat = Math.floor(Date.now() / 1000);
    const raw = forge({ sub: user.id, iat, exp: iat + 7200 }, { alg: 'HS256', typ: 'JWT' });
    const id = this.recorder.nextTokenId();
    user.hold(raw, { id, iat, requestedAt, checkedAt: requestedAt, clockOffsetSeconds: 0 });
  }
}
