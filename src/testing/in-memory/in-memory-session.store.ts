import {
  type EndedSessions,
  type Ending,
  type Fork,
  type ListedSession,
  type OtherSessions,
  type Pending,
  type PresentedRefresh,
  type RefreshedSession,
  type RefreshRecord,
  type RefreshVisit,
  type ReplacedSession,
  type ReplaceFailure,
  type Replacement,
  type RevokedToken,
  type SessionPage,
  SessionStore,
  type SessionStart,
  type SessionTarget,
  type Sight,
  type StartedSession,
  type StartFailure,
} from '../../state/session.store.js';
import type { StateRecord } from '../../state/token-state.store.js';
import type { InMemoryDatabase } from './in-memory-database.js';
import { type Replaced, replaceSession, withCommitted } from './in-memory-replacement.js';
import type { WritableUser } from './in-memory-rows.js';
import { endOthers, endTarget } from './in-memory-session-endings.js';
import { listSessions } from './in-memory-session-list.js';
import {
  adoptSession,
  lookAtSession,
  noteRepeat,
  noteSights,
  rotateSession,
} from './in-memory-session-refreshes.js';
import { forkSession, startSession } from './in-memory-session-starts.js';
import { revokeToken, sweepSessions } from './in-memory-sweep.js';
import type { InMemoryTransaction } from './in-memory-transaction.js';

/** The sessions of an `InMemoryTokenStateStore`. */
export class InMemorySessionStore<User extends WritableUser> extends SessionStore<
  User,
  InMemoryTransaction
> {
  /** @param recordOf - the user's record as a read of the store gives it */
  constructor(
    private readonly database: InMemoryDatabase<User>,
    private readonly recordOf: (subject: string) => StateRecord<User> | undefined,
  ) {
    super();
  }

  async start(
    start: SessionStart,
    transaction?: InMemoryTransaction,
  ): Promise<StartedSession | StartFailure> {
    return this.database.run((rows, now) => startSession(rows, start, now), transaction);
  }

  async fork(
    fork: Fork,
    transaction?: InMemoryTransaction,
  ): Promise<StartedSession | StartFailure | 'session_ended'> {
    return this.database.run((rows, now) => forkSession(rows, fork, now), transaction);
  }

  async rotate(
    presented: PresentedRefresh,
    visit: RefreshVisit,
    transaction?: InMemoryTransaction,
  ): Promise<RefreshRecord<User> | undefined> {
    const rotated = this.database.run(
      (rows, now) => rotateSession(rows, presented, { visit, now }),
      transaction,
    );
    if (rotated === undefined) return undefined;
    const { committed, ...refreshed } = rotated;
    const record = this.withUser(refreshed);
    return record && { ...record, ...(committed && { committed }) };
  }

  async look(
    presented: PresentedRefresh,
    transaction?: InMemoryTransaction,
  ): Promise<RefreshRecord<User> | undefined> {
    return this.withUser(
      this.database.run((rows, now) => lookAtSession(rows, presented, now), transaction),
    );
  }

  async adopt(presented: PresentedRefresh, transaction?: InMemoryTransaction): Promise<boolean> {
    return this.database.run((rows, now) => adoptSession(rows, presented, now), transaction);
  }

  async repeat(presented: PresentedRefresh, transaction?: InMemoryTransaction): Promise<void> {
    this.database.run((rows, now) => noteRepeat(rows, presented, now), transaction);
  }

  async markSeen(sights: readonly Sight[], transaction?: InMemoryTransaction): Promise<number> {
    return this.database.run((rows, now) => noteSights(rows, sights, now), transaction);
  }

  async end(
    target: SessionTarget,
    ending: Ending,
    transaction?: InMemoryTransaction,
  ): Promise<EndedSessions> {
    return this.database.run((rows, now) => endTarget(rows, target, { ending, now }), transaction);
  }

  async endOthers(
    others: OtherSessions,
    ending: Ending,
    transaction?: InMemoryTransaction,
  ): Promise<EndedSessions> {
    return this.database.run((rows, now) => endOthers(rows, others, { ending, now }), transaction);
  }

  async replace(
    { sessionId, of: { subject } }: SessionTarget & { readonly of: { readonly subject: string } },
    replacement: Replacement,
    transaction?: InMemoryTransaction,
  ): Promise<ReplacedSession | ReplaceFailure> {
    const outcome = this.database.run<Replaced | ReplaceFailure>(
      (rows, now) => replaceSession(rows, { sessionId, subject, replacement }, now),
      transaction,
    );
    return typeof outcome === 'string' ? outcome : withCommitted(outcome);
  }

  async list(subject: string, page: SessionPage): Promise<ListedSession[]> {
    return this.database.run((rows, now) => listSessions(rows, { ...page, subject }, now));
  }

  async sweep(transaction?: InMemoryTransaction): Promise<number> {
    return this.database.run(sweepSessions, transaction);
  }

  async revokeToken(token: RevokedToken, transaction?: InMemoryTransaction): Promise<Pending> {
    return this.database.run((rows, now) => revokeToken(rows, token, now), transaction);
  }

  private withUser(refreshed: RefreshedSession | undefined): RefreshRecord<User> | undefined {
    if (refreshed === undefined) return undefined;
    const record = this.recordOf(refreshed.subject);
    const everyone = structuredClone(this.database.rows.everyone);
    return record && { ...record, everyone, refreshed };
  }
}
