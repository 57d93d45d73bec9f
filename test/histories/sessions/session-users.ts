import type { Random } from '../random.js';
import type { UserSource } from '../user-pool.js';
import type { Violation } from '../violation.js';
import type { Stage } from '../world.js';
import { checkSessions } from './check-sessions.js';
import { SessionUser } from './session-user.js';

const PASSWORD = 'first password';

/** Users who log in on devices. */
export class SessionUsers implements UserSource<SessionUser> {
  constructor(
    private readonly stage: Pick<Stage, 'database' | 'recorder'>,
    private readonly random: Random,
  ) {}

  async create(): Promise<SessionUser> {
    const id = await this.stage.database.createUser(PASSWORD);
    return new SessionUser(id, PASSWORD, this.random);
  }

  judge({ operations }: SessionUser): Violation[] {
    return checkSessions(operations, this.stage.recorder.everyone);
  }
}
