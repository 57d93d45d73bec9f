import type { UserSource } from '../user-pool.js';
import type { Violation } from '../violation.js';
import type { Stage } from '../world.js';
import { checkSessions } from './check-sessions.js';
import { SessionUser } from './session-user.js';

const PASSWORD = 'first password';

/** Users who log in on devices. */
export class SessionUsers implements UserSource<SessionUser> {
  constructor(private readonly stage: Pick<Stage, 'database' | 'recorder'>) {}

  async create(): Promise<SessionUser> {
    return new SessionUser(await this.stage.database.createUser(PASSWORD), PASSWORD);
  }

  judge({ operations }: SessionUser): Violation[] {
    return checkSessions(operations, this.stage.recorder.everyone);
  }
}
