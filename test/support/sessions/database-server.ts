import { judgeRefresh } from '../../../src/rule/refresh-rule.js';
import type { NewSession, PresentedRefresh } from '../../../src/state/session.store.js';
import type { PgTokenStateStore } from '../storage/pg-harness.js';
import type { MadeUpClock } from './made-up-clock.js';
import { newSession } from './new-session.js';
import { type Answer, GRACE, type Server, startOf } from './schedule.js';
import type { SessionDatabase } from './session-database.js';

/** The rotation that ships, over PostgreSQL: one session of a new user, at the times of a schedule. */
export class DatabaseServer implements Server {
  private constructor(
    private readonly store: PgTokenStateStore,
    private readonly clock: MadeUpClock,
    private readonly session: NewSession & { readonly subject: string },
  ) {}

  static async open(
    database: SessionDatabase,
    { store, clock }: { store: PgTokenStateStore; clock: MadeUpClock },
  ): Promise<Server> {
    await clock.set(0);
    const subject = await database.createUser();
    const session = newSession();
    await database.start(store, subject, startOf(session));
    return new DatabaseServer(store, clock, { ...session, subject });
  }

  async refresh(presented: number, now: number): Promise<Answer> {
    await this.clock.set(now);
    const { sessions } = this.store;
    const token = this.presented(presented);
    const visit = { graceSeconds: GRACE };
    const rotated = await sessions.rotate(token, visit);
    if (rotated) {
      const { generation } = rotated.refreshed;
      return { refreshToken: generation, generation };
    }
    const verdict = judgeRefresh(presented, await sessions.look(token), visit);
    if (!verdict.accepted) {
      const { reason, ends } = verdict;
      const target = { sessionId: token.sessionId, of: { secretHash: token.secretHash } };
      if (ends) await sessions.end(target, { reason: ends, retentionSeconds: 1e9 });
      return { refused: reason };
    }
    const { generation, repeatsSuccessor, write } = verdict;
    if (write === 'sight') await sessions.markSeen([token]);
    if (write === 'repeat') await sessions.repeat(token);
    return { generation, ...(repeatsSuccessor && { refreshToken: generation }) };
  }

  async isSightDue(generation: number, now: number): Promise<boolean> {
    await this.clock.set(now);
    const { id: sessionId, subject } = this.session;
    const { records } = await this.store.read([{ subject, sessionId }], { timeoutMs: 60_000 });
    const [record] = records;
    if (record === undefined || record instanceof Error || !record.session) {
      throw new Error('The session is not there', { cause: record });
    }
    return record.session.isSightDue && record.session.generation === generation;
  }

  async noteSight(generation: number, now: number): Promise<void> {
    await this.clock.set(now);
    await this.store.sessions.markSeen([{ sessionId: this.session.id, generation }]);
  }

  private presented(generation: number): PresentedRefresh {
    const { id: sessionId, secretHash } = this.session;
    return { sessionId, generation, secretHash };
  }
}
