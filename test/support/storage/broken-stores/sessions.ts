import type { InMemorySessionStore } from '../../../../src/testing/in-memory/in-memory-session.store.js';
import type { InMemorySession } from '../../../../src/testing/in-memory/in-memory-session.js';
import type { RefreshRecord } from '../../../../src/state/session.store.js';
import { sessionState } from '../../../../src/testing/in-memory/in-memory-session-life.js';
import type { InMemoryUser } from '../../../../src/testing/index.js';
import type { MakeStore } from '../memory-harness.js';
import { broken, pause, row, rows, type Store } from './broken.js';

type Sessions = InMemorySessionStore<InMemoryUser>;
type Whole = Pick<Sessions, keyof Sessions>;
type WritableSession = { -readonly [Name in keyof InMemorySession]: InMemorySession[Name] };

/** A store of which one thing about its sessions is broken. */
function brokenSessions(breakIt: (whole: Whole, store: Store) => Partial<Sessions>): MakeStore {
  return broken((store) => {
    const { sessions } = store;
    const whole = new Proxy(sessions, {
      get: (_, name) =>
        (Reflect.get(Object.getPrototypeOf(sessions) as object, name) as () => unknown).bind(
          sessions,
        ),
    });
    Object.assign(sessions, breakIt(whole, store));
    return {};
  });
}

function sessionOf(store: Store, id: string): WritableSession {
  return rows(store).sessions.get(id) ?? ({} as WritableSession);
}

/** The same where there may be none. */
function knownOf(store: Store, id: string): Partial<WritableSession> {
  return sessionOf(store, id);
}

/** Runs `work` while the session's row is another one, and takes that back. */
async function whileAltered<Result>(
  session: WritableSession,
  altered: Partial<WritableSession>,
  work: () => Promise<Result>,
): Promise<Result> {
  const names = Object.keys(altered) as (keyof WritableSession)[];
  const before = Object.fromEntries(names.map((name) => [name, session[name]]));
  Object.assign(session, altered);
  const result = await work();
  for (const name of names) {
    if (session[name] === altered[name]) Object.assign(session, { [name]: before[name] });
  }
  return result;
}

/** A store whose rotations leave something else behind. */
function afterRotation(
  change: (session: WritableSession, before: InMemorySession, store: Store) => void,
): MakeStore {
  return brokenSessions(({ rotate }, store) => ({
    rotate: async (presented, visit, transaction) => {
      const before = { ...sessionOf(store, presented.sessionId) };
      const rotated = await rotate(presented, visit, transaction);
      if (rotated && !transaction) change(sessionOf(store, presented.sessionId), before, store);
      return rotated;
    },
  }));
}

/** A store that rotates where it should not. */
function rotatingAs(
  alteration: (session: WritableSession, store: Store) => Partial<WritableSession>,
): MakeStore {
  return brokenSessions(({ rotate }, store) => ({
    rotate: (presented, visit, transaction) => {
      const session = sessionOf(store, presented.sessionId);
      if (session.id === undefined || transaction) return rotate(presented, visit, transaction);
      const altered = alteration(session, store);
      return whileAltered(session, altered, () => rotate(presented, visit, transaction));
    },
  }));
}

/** A store whose checks see another row. */
function checkingAs(
  alteration: (session: WritableSession, store: Store) => Partial<WritableSession>,
): MakeStore {
  return broken((store, { read }) => ({
    read: async (queries) => {
      const { everyone, records } = await read(queries);
      const changed = records.map((record, index) => {
        if (record === undefined || record instanceof Error || !record.session) return record;
        const { sessionId = '', subject } = queries[index]!;
        const session = sessionOf(store, sessionId);
        const sessions = new Map([[sessionId, { ...session, ...alteration(session, store) }]]);
        const now = store.database.now();
        const found = sessionState({ ...rows(store), sessions }, { sessionId, subject }, now);
        return Object.assign(record, { session: found });
      });
      return { everyone, records: changed };
    },
  }));
}

const NEVER = new Date('2999-12-31T00:00:00.000Z');

const SESSION_READS: Record<string, MakeStore> = {
  'ignores the session that is asked for': broken((_store, { read }) => ({
    read: (queries) => read(queries.map(({ subject, tokenId }) => ({ subject, tokenId }))),
  })),
  'ignores the token that is asked for': broken((_store, { read }) => ({
    read: (queries) => read(queries.map(({ subject, sessionId }) => ({ subject, sessionId }))),
  })),
  'finds sessions of other users': broken((store, { read }) => ({
    read: async (queries) => {
      const { everyone, records } = await read(queries);
      const found = records.map((record, index) => {
        if (record === undefined || record instanceof Error) return record;
        const { sessionId } = queries[index]!;
        const session = sessionOf(store, sessionId ?? '');
        if (sessionId === undefined || session.id === undefined) return record;
        const { subject } = session;
        const state = sessionState(rows(store), { sessionId, subject }, store.database.now());
        return Object.assign(record, { session: state });
      });
      return { everyone, records: found };
    },
  })),
  'does not know what was ended': checkingAs(() => ({ endedReason: null })),
  'does not know the absolute end': checkingAs(() => ({ expiresAt: NEVER })),
  'does not know the idle end': checkingAs(() => ({ idleSeconds: null })),
  'counts the idle end from the login': checkingAs(({ startedAt }) => ({
    rotatedAt: startedAt,
    seenAt: null,
  })),
  'goes by instants, and not by the version of everyone': checkingAs(({ startedAt }, store) => {
    const { version, loggedOutAt } = rows(store).everyone;
    return { everyoneVersion: startedAt > (loggedOutAt ?? new Date(0)) ? version : -1 };
  }),
  'says that a sight is due at once': checkingAs(({ rotatedAt, seenAt }) => ({
    rotatedAt: seenAt ? rotatedAt : new Date(0),
    idleSeconds: null,
  })),
};

const ROTATIONS: Record<string, MakeStore> = {
  'answers a rotation that changed nothing': brokenSessions(({ rotate, look }) => ({
    rotate: async (presented, visit, transaction) =>
      (await rotate(presented, visit, transaction)) ?? look(presented, transaction),
  })),
  'looks first, and writes then whatever others wrote': brokenSessions(({ rotate }, store) => ({
    rotate: async (presented, visit, transaction) => {
      const session = sessionOf(store, presented.sessionId);
      const { generation, seenAt, rotatedAt } = session;
      await pause();
      if (generation === presented.generation && !transaction) {
        Object.assign(session, { generation, seenAt, rotatedAt });
      }
      return rotate(presented, visit, transaction);
    },
  })),
  'forgets what came with a rotation': brokenSessions(({ rotate }) => ({
    rotate: (presented, { graceSeconds }, transaction) =>
      rotate(presented, { graceSeconds }, transaction),
  })),
  'forgets what is known of a client that does not say who it is': brokenSessions(
    ({ rotate }, store) => ({
      rotate: async (presented, visit, transaction) => {
        const rotated = await rotate(presented, visit, transaction);
        const { userAgent = null, from = null } = visit;
        if (rotated && !transaction) {
          Object.assign(sessionOf(store, presented.sessionId), { userAgent, lastFrom: from });
        }
        return rotated;
      },
    }),
  ),
  'takes the last address for that of the login': afterRotation((session) => {
    session.startedFrom = session.lastFrom;
  }),
  'rotates for a token of any generation': brokenSessions(({ rotate }, store) => ({
    rotate: (presented, visit, transaction) => {
      const { generation = 0 } = knownOf(store, presented.sessionId);
      return rotate(transaction ? presented : { ...presented, generation }, visit, transaction);
    },
  })),
  'rotates for any secret': brokenSessions(({ rotate }, store) => ({
    rotate: (presented, visit, transaction) => {
      const secretHash = Buffer.from(knownOf(store, presented.sessionId).secretHash ?? '', 'hex');
      return rotate({ ...presented, secretHash }, visit, transaction);
    },
  })),
  'rotates at each refresh': brokenSessions(({ rotate }) => ({
    rotate: (presented, visit, transaction) =>
      rotate(presented, { ...visit, graceSeconds: 0 }, transaction),
  })),
  'rotates once the grace has passed': brokenSessions(({ rotate }) => ({
    rotate: (presented, visit, transaction) =>
      rotate(presented, { ...visit, graceSeconds: visit.graceSeconds / 2 }, transaction),
  })),
  'rotates what was not seen': rotatingAs(({ seenAt, rotatedAt }) => ({
    seenAt: seenAt ?? rotatedAt,
  })),
  'rotates without a look at the user’s version': rotatingAs(({ subject }, store) => ({
    userVersion: row(store, subject).tokenVersion,
  })),
  'rotates without a look at the version of everyone': rotatingAs((_session, store) => ({
    everyoneVersion: rows(store).everyone.version,
  })),
  'rotates ended sessions': rotatingAs(() => ({ endedAt: null })),
  'rotates expired sessions': rotatingAs(() => ({ expiresAt: NEVER })),
  'rotates idle sessions': rotatingAs(() => ({ idleSeconds: null })),
  'takes the answer to a rotation for a sight': afterRotation((session) => {
    session.seenAt = session.rotatedAt;
  }),
  'raises the generation by two': afterRotation((session) => {
    session.generation += 1;
  }),
  'inserts a session at each rotation': afterRotation((session, _before, store) => {
    const id = crypto.randomUUID();
    rows(store).sessions.set(id, { ...session, id });
  }),
  'puts the absolute end off': afterRotation((session) => {
    session.expiresAt = new Date(Number(session.expiresAt) + 86_400_000 * 30);
  }),
  'takes a refresh for a login': afterRotation((session, _before, store) => {
    session.authTime = store.database.now();
  }),
  'does not count a refresh as use': afterRotation((session, { rotatedAt }) => {
    session.rotatedAt = rotatedAt;
  }),
  'counts the grace from the rotation': brokenSessions(({ look }) => ({
    look: async (...call) => {
      const looked = await look(...call);
      if (!looked) return looked;
      const { refreshed } = looked;
      const secondsSinceSeen = refreshed.secondsSinceRotated;
      return { ...looked, refreshed: { ...refreshed, secondsSinceSeen } };
    },
  })),
  'takes any secret for that of the session': brokenSessions(({ look }) => ({
    look: async (...call) => {
      const looked = await look(...call);
      return looked && { ...looked, refreshed: { ...looked.refreshed, secretMatches: true } };
    },
  })),
  'finds another user’s version in a look': brokenSessions(({ look }) => ({
    look: async (...call) => {
      const looked = await look(...call);
      if (!looked) return looked;
      const userVersion = looked.state.tokenVersion;
      return { ...looked, refreshed: { ...looked.refreshed, userVersion } };
    },
  })),
  'adopts any generation': brokenSessions(({ adopt }, store) => ({
    adopt: async (presented, transaction) => {
      const session = sessionOf(store, presented.sessionId);
      if (session.id === undefined || transaction) return adopt(presented, transaction);
      session.generation = presented.generation - 1;
      return adopt(presented);
    },
  })),
  'adopts for any secret': brokenSessions(({ adopt }, store) => ({
    adopt: (presented, transaction) => {
      const secretHash = Buffer.from(knownOf(store, presented.sessionId).secretHash ?? '', 'hex');
      return adopt({ ...presented, secretHash }, transaction);
    },
  })),
  'adopts what was ended': brokenSessions(({ adopt }, store) => ({
    adopt: (presented, transaction) => {
      const session = sessionOf(store, presented.sessionId);
      return whileAltered(session, { endedAt: null }, () => adopt(presented, transaction));
    },
  })),
};

/** A store whose sights are noted where they should not be. */
function seeingAs(alteration: (session: WritableSession) => Partial<WritableSession>): MakeStore {
  return brokenSessions(({ markSeen }, store) => ({
    markSeen: async (sights, transaction) => {
      if (transaction) return markSeen(sights, transaction);
      let seen = 0;
      for (const sight of sights) {
        const session = sessionOf(store, sight.sessionId);
        seen += await whileAltered(session, alteration(session), () => markSeen([sight]));
      }
      return seen;
    },
  }));
}

const SIGHTS: Record<string, MakeStore> = {
  'notes a sight at once': seeingAs(({ rotatedAt }) => ({
    rotatedAt: new Date(Number(rotatedAt) - 60_000),
  })),
  'notes a sight of any generation': brokenSessions(({ markSeen }, store) => ({
    markSeen: (sights, transaction) =>
      markSeen(
        sights.map(({ sessionId }) => ({
          sessionId,
          generation: sessionOf(store, sessionId).generation,
        })),
        transaction,
      ),
  })),
  'notes a sight again and again': seeingAs(() => ({ seenAt: null })),
  'notes the sight of an ended session': seeingAs(() => ({ endedAt: null })),
  'notes one sight of many': brokenSessions(({ markSeen }) => ({
    markSeen: (sights, transaction) => markSeen(sights.slice(0, 1), transaction),
  })),
  'notes no sight': brokenSessions(() => ({ markSeen: async () => 0 })),
};

const STARTS: Record<string, MakeStore> = {
  'starts a session under a version that has moved': brokenSessions(({ start }, store) => ({
    start: (login, transaction) => {
      const holder = rows(store).users.get(login.subject);
      return start({ ...login, userVersion: holder?.tokenVersion ?? 0 }, transaction);
    },
  })),
  'evicts one session beyond the cap': brokenSessions(({ start }, store) => ({
    start: async (login, transaction) => {
      const started = await start(login, transaction);
      if (typeof started === 'string' || transaction) return started;
      for (const id of started.evicted.slice(1)) {
        Object.assign(sessionOf(store, id), { endedAt: null, endedReason: null });
      }
      return { ...started, evicted: started.evicted.slice(0, 1) };
    },
  })),
  'evicts nothing': brokenSessions(({ start }) => ({
    start: (login, transaction) =>
      start({ ...login, limits: { ...login.limits, maxSessions: undefined } }, transaction),
  })),
  'refuses no login at the cap': brokenSessions(({ start }) => ({
    start: (login, transaction) =>
      start({ ...login, limits: { ...login.limits, atCap: 'evict' } }, transaction),
  })),
  'evicts for a login that it refuses': brokenSessions(({ start, endOthers }) => ({
    start: async (login, transaction) => {
      const started = await start(login, transaction);
      const { retentionSeconds } = login.limits;
      if (started === 'version_moved' || started === 'limit_reached') {
        await endOthers(login, { reason: 'evicted', retentionSeconds }, transaction);
      }
      return started;
    },
  })),
  'starts every session at the version 0 of everyone': brokenSessions(({ start }, store) => ({
    start: async (login, transaction) => {
      const started = await start(login, transaction);
      if (typeof started === 'string' || transaction) return started;
      sessionOf(store, started.id).everyoneVersion = 0;
      return { ...started, everyoneVersion: 0 };
    },
  })),
  'keeps the rows of a user that are over': brokenSessions(({ start }, store) => ({
    start: async (login, transaction) => {
      const before = [...rows(store).sessions];
      const started = await start(login, transaction);
      if (!transaction) for (const [id, each] of before) rows(store).sessions.set(id, each);
      return started;
    },
  })),
  'lists what is over': brokenSessions(({ list }, store) => ({
    list: async (subject, page) => {
      const { sessions } = rows(store);
      const before = [...sessions.values()].map((session) => [session, { ...session }] as const);
      const open = { endedAt: null, expiresAt: NEVER, idleSeconds: null };
      for (const [session] of before) Object.assign(session, open);
      const listed = await list(subject, page);
      for (const [session, was] of before) Object.assign(session, was);
      return listed;
    },
  })),
  'lists the hash of the secret': brokenSessions(({ list }, store) => ({
    list: async (...call) => {
      const listed = await list(...call);
      const hashes = listed.map(({ id }) => sessionOf(store, id).secretHash);
      return listed.map((each, index) => Object.assign(each, { secretHash: hashes[index] }));
    },
  })),
  'lists every page from the first': brokenSessions(({ list }) => ({
    list: (subject, { limit }) => list(subject, { limit }),
  })),
  'lists the sessions of everyone': brokenSessions(({ list }, store) => ({
    list: async (subject, page) => {
      const subjects = new Set([...rows(store).sessions.values()].map((each) => each.subject));
      const all = await Promise.all([...subjects, subject].map((each) => list(each, page)));
      return [...new Map(all.flat().map((listed) => [listed.id, listed])).values()];
    },
  })),
};

const ENDS: Record<string, MakeStore> = {
  'ends a session whoever asks': brokenSessions(({ end }, store) => ({
    end: ({ sessionId }, ending, transaction) => {
      const { subject = '' } = knownOf(store, sessionId);
      return end({ sessionId, of: { subject } }, ending, transaction);
    },
  })),
  'ends all sessions of the user': brokenSessions(({ end, endOthers }) => ({
    end: async (target, ending, transaction) => {
      const ended = await end(target, ending, transaction);
      if (ended.subject) await endOthers({ subject: ended.subject }, ending, transaction);
      return ended;
    },
  })),
  'ends a session again, for another reason': brokenSessions(({ end }, store) => ({
    end: (target, ending, transaction) => {
      if (!transaction) sessionOf(store, target.sessionId).endedAt = null;
      return end(target, ending, transaction);
    },
  })),
  'ends the one session that is to stay': brokenSessions(({ endOthers }) => ({
    endOthers: ({ subject }, ending, transaction) => endOthers({ subject }, ending, transaction),
  })),
  'ends the sessions of others too': brokenSessions(({ endOthers }, store) => ({
    endOthers: async (others, ending, transaction) => {
      const ended = await endOthers(others, ending, transaction);
      for (const { subject } of rows(store).sessions.values()) {
        if (subject !== others.subject && !transaction) await endOthers({ subject }, ending);
      }
      return ended;
    },
  })),
  'removes nothing': brokenSessions(() => ({ sweep: async () => 0 })),
  'removes an ended session at once': brokenSessions(({ sweep }, store) => ({
    sweep: async (transaction) => {
      const { sessions } = rows(store);
      for (const { id, endedAt } of sessions.values()) if (endedAt) sessions.delete(id);
      return sweep(transaction);
    },
  })),
  'removes live sessions': brokenSessions(({ sweep }, store) => ({
    sweep: async (transaction) => {
      rows(store).sessions.clear();
      return sweep(transaction);
    },
  })),
  'revokes no token': brokenSessions(() => ({ revokeToken: async () => ({}) })),
  'takes back what was revoked for longer': brokenSessions(({ revokeToken }, store) => ({
    revokeToken: async (token, transaction) => {
      if (!transaction) rows(store).revokedTokens.delete(token.tokenId);
      return revokeToken(token, transaction);
    },
  })),
  'keeps revoked tokens for ever': brokenSessions(({ revokeToken }) => ({
    revokeToken: (token, transaction) => revokeToken({ ...token, expiresAt: NEVER }, transaction),
  })),
};

const REPLACEMENTS: Record<string, MakeStore> = {
  'replaces a session whoever asks': brokenSessions(({ replace }, store) => ({
    replace: (target, ...rest) => {
      const { subject = target.of.subject } = knownOf(store, target.sessionId);
      return replace({ ...target, of: { subject } }, ...rest);
    },
  })),
  'logs everyone else out, whether there is a session to keep or not': brokenSessions(
    ({ replace }, store) => ({
      replace: async (target, replacement, transaction) => {
        const outcome = await replace(target, replacement, transaction);
        if (outcome === 'session_ended') await store.invalidate(target.of, 'logout', transaction);
        return outcome;
      },
    }),
  ),
  'leaves the replaced session live': brokenSessions(({ replace }, store) => ({
    replace: async (target, replacement, transaction) => {
      const outcome = await replace(target, replacement, transaction);
      if (typeof outcome !== 'string' && !transaction) {
        const open = { endedAt: null, endedReason: null };
        Object.assign(sessionOf(store, target.sessionId), open);
      }
      return outcome;
    },
  })),
  'keeps the secret of the replaced session': brokenSessions(({ replace }, store) => ({
    replace: (target, replacement, transaction) => {
      const kept = Buffer.from(knownOf(store, target.sessionId).secretHash ?? '', 'hex');
      const session = { ...replacement.session, secretHash: kept };
      return replace(target, { ...replacement, session }, transaction);
    },
  })),
  'takes every replacement for a login': brokenSessions(({ replace }) => ({
    replace: (target, replacement, transaction) =>
      replace(target, { ...replacement, credentialsEntered: true }, transaction),
  })),
  'forks a session that has moved on': brokenSessions(({ fork }, store) => ({
    fork: ({ from, ...more }, transaction) => {
      const { generation = from.generation } = knownOf(store, from.sessionId);
      return fork({ ...more, from: { ...from, generation } }, transaction);
    },
  })),
  'takes a fork for a login': brokenSessions(({ fork }, store) => ({
    fork: async (...call) => {
      const forked = await fork(...call);
      if (typeof forked === 'string') return forked;
      const authTime = store.database.now();
      sessionOf(store, forked.id).authTime = authTime;
      return { ...forked, authTime };
    },
  })),
};

/** Stores that write outside of the caller's transaction, each by one method. */
const OUTSIDE = Object.fromEntries(
  (['start', 'rotate', 'adopt', 'end', 'endOthers', 'replace'] as const).map((name) => [
    `writes outside of the caller's transaction (${name})`,
    brokenSessions((whole) => ({
      [name]: (first: never, second: never) =>
        (whole[name] as (...call: unknown[]) => unknown)(
          first,
          ...(name === 'adopt' || name === 'start' ? [] : [second]),
        ),
    })),
  ]),
);

/** A store whose rotations answer with another `committed`. */
function committingAs(
  change: (committed: RefreshRecord<unknown>['committed']) => RefreshRecord<unknown>['committed'],
): MakeStore {
  return brokenSessions(({ rotate }) => ({
    rotate: async (...call) => {
      const rotated = await rotate(...call);
      if (rotated === undefined) return undefined;
      const { committed, ...rest } = rotated;
      const changed = change(committed);
      return changed === undefined ? rest : { ...rest, committed: changed };
    },
  }));
}

const COMMITS: Record<string, MakeStore> = {
  'has no committed() (revokeToken)': brokenSessions(({ revokeToken }) => ({
    revokeToken: async (...call) => {
      await revokeToken(...call);
      return {};
    },
  })),
  'says that everything was committed (revokeToken)': brokenSessions(({ revokeToken }) => ({
    revokeToken: async (...call) => {
      const { committed } = await revokeToken(...call);
      return committed === undefined ? {} : { committed: async () => true };
    },
  })),
  'has no committed() (rotate)': committingAs(() => undefined),
  'says that everything was committed (rotate)': committingAs(
    (committed) => committed && (async () => true),
  ),
  'says that nothing was committed (rotate)': committingAs(
    (committed) => committed && (async () => false),
  ),
  'has a committed() without a transaction (rotate)': committingAs(
    (committed = async () => true) => committed,
  ),
};

export const SESSIONS: Record<string, MakeStore> = {
  ...SESSION_READS,
  ...ROTATIONS,
  ...SIGHTS,
  ...STARTS,
  ...ENDS,
  ...REPLACEMENTS,
  ...OUTSIDE,
  ...COMMITS,
};
