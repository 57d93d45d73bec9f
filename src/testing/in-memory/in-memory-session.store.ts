import {
  type EndedSessions,
  type Ending,
  type Fork,
  type ListedSession,
  type OtherSessions,
  type PresentedRefresh,
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
import { replaceSession } from './in-memory-replacement.js';
import type { WritableUser } from './in-memory-rows.js';
import type { InMemorySession } from './in-memory-session.js';
import {
  addSession,
  endSession,
  hexOf,
  isLive,
  isValid,
  later,
  listedOf,
  noteRepeat,
  noteSight,
  presentedSession,
  refreshedOf,
  rotateSession,
} from './in-memory-sessions.js';
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
    { session, subject, userVersion, persistent, limits }: SessionStart,
    transaction?: InMemoryTransaction,
  ): Promise<StartedSession | StartFailure> {
    return this.database.run<StartedSession | StartFailure>((rows, now) => {
      const user = rows.users.get(subject);
      if (user === undefined) return 'user_unknown';
      if (user.tokenVersion !== userVersion) return 'version_moved';
      const { absoluteSeconds, idleSeconds } = limits;
      const origin = {
        subject,
        userVersion,
        everyoneVersion: rows.everyone.version,
        authTime: now,
        expiresAt: later(now, absoluteSeconds),
        idleSeconds,
        persistent,
      };
      return addSession(rows, { origin, session, limits }, now) ?? 'limit_reached';
    }, transaction);
  }

  async fork(
    { from, session, limits }: Fork,
    transaction?: InMemoryTransaction,
  ): Promise<StartedSession | StartFailure | 'session_ended'> {
    return this.database.run<StartedSession | StartFailure | 'session_ended'>((rows, now) => {
      if (!rows.users.has(from.subject)) return 'user_unknown';
      const origin = rows.sessions.get(from.sessionId);
      const isSame = origin?.subject === from.subject && origin.generation >= from.generation;
      if (!isSame || !isValid(rows, origin, now)) return 'session_ended';
      return addSession(rows, { origin, session, limits }, now) ?? 'limit_reached';
    }, transaction);
  }

  async rotate(
    presented: PresentedRefresh,
    visit: RefreshVisit,
    transaction?: InMemoryTransaction,
  ): Promise<RefreshRecord<User> | undefined> {
    const refreshed = this.database.run(
      (rows, now) => rotateSession(rows, presented, { visit, now }),
      transaction,
    );
    return refreshed && this.withUser(refreshed);
  }

  async look(
    presented: PresentedRefresh,
    transaction?: InMemoryTransaction,
  ): Promise<RefreshRecord<User> | undefined> {
    const refreshed = this.database.run((rows, now) => {
      const session = rows.sessions.get(presented.sessionId);
      return session && refreshedOf(session, presented, now);
    }, transaction);
    return refreshed && this.withUser(refreshed);
  }

  async adopt(presented: PresentedRefresh, transaction?: InMemoryTransaction): Promise<boolean> {
    return this.database.run((rows, now) => {
      const session = presentedSession(rows, presented);
      const isBehind = session?.generation === presented.generation - 1;
      if (!isBehind || !isValid(rows, session, now)) return false;
      session.generation = presented.generation;
      session.rotatedAt = now;
      session.seenAt = null;
      session.repeats = 0;
      return true;
    }, transaction);
  }

  async repeat(presented: PresentedRefresh, transaction?: InMemoryTransaction): Promise<void> {
    this.database.run((rows, now) => noteRepeat(rows, presented, now), transaction);
  }

  async markSeen(sights: readonly Sight[], transaction?: InMemoryTransaction): Promise<number> {
    return this.database.run(
      (rows, now) => sights.filter((sight) => noteSight(rows, sight, now)).length,
      transaction,
    );
  }

  async end(
    { sessionId, of }: SessionTarget,
    ending: Ending,
    transaction?: InMemoryTransaction,
  ): Promise<EndedSessions> {
    const isKnown = (session: InMemorySession) =>
      'secretHash' in of
        ? session.secretHash === hexOf(of.secretHash)
        : session.subject === of.subject;
    return this.endAll((session) => session.id === sessionId && isKnown(session), {
      ending,
      transaction,
    });
  }

  async endOthers(
    { subject, except }: OtherSessions,
    ending: Ending,
    transaction?: InMemoryTransaction,
  ): Promise<EndedSessions> {
    const isOther = (session: InMemorySession, now: Date) =>
      session.subject === subject && session.id !== except && isLive(session, now);
    return this.endAll(isOther, { ending, transaction });
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
    if (typeof outcome === 'string') return outcome;
    const { started, change, committed } = outcome;
    const pending = committed ? { committed } : {};
    return {
      started: { ...started, ...pending },
      ...(change && { change: { ...change, ...pending } }),
    };
  }

  async list(subject: string, { limit, after }: SessionPage): Promise<ListedSession[]> {
    return this.database.run((rows, now) =>
      [...rows.sessions.values()]
        .filter((session) => session.subject === subject && isValid(rows, session, now))
        .filter(({ id }) => after === undefined || id < after)
        .toSorted((one, other) => (one.id < other.id ? 1 : -1))
        .slice(0, limit)
        .map(listedOf),
    );
  }

  async sweep(transaction?: InMemoryTransaction): Promise<number> {
    return this.database.run(({ sessions }, now) => {
      const over = [...sessions.values()].filter(({ expiresAt }) => expiresAt < now).slice(0, 500);
      for (const { id } of over) sessions.delete(id);
      return over.length;
    }, transaction);
  }

  async revokeToken(
    { tokenId, expiresAt }: RevokedToken,
    transaction?: InMemoryTransaction,
  ): Promise<void> {
    this.database.run(({ revokedTokens }, now) => {
      for (const [id, end] of revokedTokens) if (end <= now) revokedTokens.delete(id);
      const known = revokedTokens.get(tokenId);
      revokedTokens.set(tokenId, known !== undefined && known > expiresAt ? known : expiresAt);
    }, transaction);
  }

  private endAll(
    isMeant: (session: InMemorySession, now: Date) => boolean,
    { ending, transaction }: { ending: Ending; transaction: InMemoryTransaction | undefined },
  ): EndedSessions {
    return this.database.run<EndedSessions>(({ sessions }, now) => {
      const meant = [...sessions.values()].filter(
        (session) => session.endedAt === null && isMeant(session, now),
      );
      for (const session of meant) endSession(session, ending, now);
      return { ids: meant.map(({ id }) => id), subject: meant[0]?.subject };
    }, transaction);
  }

  private withUser(refreshed: RefreshRecord<User>['refreshed']): RefreshRecord<User> | undefined {
    const record = this.recordOf(refreshed.subject);
    const everyone = structuredClone(this.database.rows.everyone);
    return record && { ...record, everyone, refreshed };
  }
}

interface Replaced extends ReplacedSession {
  readonly committed?: () => Promise<boolean>;
}
