import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ControlledStore, type ControlledUser } from '../../test/support/controlled-store.js';
import { hmacKey } from '../../test/support/signed-tokens.js';
import { TokenEventEmitter } from '../events/token-event.emitter.js';
import type { SessionEvent } from '../events/session-event.js';
import type { InvalidationEvent, RevocationEvent } from '../events/token-event.listener.js';
import { KeySet } from '../keys/key-set.js';
import type { RefusalReason } from '../rule/refusal.js';
import type {
  EndedSessions,
  RefreshedSession,
  RefreshRecord,
  SessionStore,
  StartedSession,
} from '../state/session.store.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import type { ExtraClaims } from '../tokens/token-issuer.service.js';
import { TokenSigner } from '../tokens/token-signer.js';
import { Refresher } from './refresher.js';
import type { RefreshKey } from './refresh-keys.js';
import { refreshKeys } from './refresh-keys.js';
import { RefreshToken } from './refresh-token.js';
import { SessionReports } from './session-reports.js';
import type { StartOptions } from './session-calls.js';
import type { SessionSettings } from './session-settings.js';
import { SessionStarter } from './session-starter.js';
import { SessionTokenWriter } from './session-tokens.js';
import { SessionUpkeep } from './session-upkeep.js';
import { TokenSessions } from './token-sessions.service.js';

const NOW = 1_768_478_400_000;
const SECOND = NOW / 1000;
const SID = '0190b5a0-0000-7000-8000-00000000abcd';
const ANNA: ControlledUser = {
  id: 'anna',
  tokenVersion: 3,
  passwordChangedAt: null,
  logoutAllAt: null,
};
const [KEY] = refreshKeys(['a secret of at least thirty-two bytes, for tests'], []) as [RefreshKey];
const TOKEN = RefreshToken.create(SID);
const textOf = (generation: number) => TOKEN.textOf(generation, KEY);

const STARTED: StartedSession = {
  id: SID,
  subject: 'anna',
  userVersion: 3,
  everyoneVersion: 2,
  authTime: new Date(NOW - 60_000),
  startedAt: new Date(NOW - 60_000),
  expiresAt: new Date(NOW + 86_400_000),
  persistent: true,
  label: 'Phone',
  userAgent: 'Browser',
  evicted: [],
};

const REFRESHED: RefreshedSession = {
  ...STARTED,
  endedReason: null,
  isExpired: false,
  isIdle: false,
  generation: 4,
  secretMatches: true,
  secondsSinceRotated: 1000,
  secondsSinceSeen: 900,
  repeats: 0,
};

function recordOf(
  refreshed: Partial<RefreshedSession> = {},
  more: Partial<RefreshRecord<ControlledUser>> = {},
): RefreshRecord<ControlledUser> {
  const everyone = { version: 2, loggedOutAt: null };
  return {
    user: ANNA,
    state: ANNA,
    active: true,
    everyone,
    refreshed: { ...REFRESHED, ...refreshed },
    ...more,
  };
}

const NONE: EndedSessions = { ids: [], subject: undefined };

function controlledStore() {
  return {
    start: vi.fn<SessionStore['start']>(async () => STARTED),
    rotate: vi.fn<SessionStore<ControlledUser>['rotate']>(async () => undefined),
    look: vi.fn<SessionStore<ControlledUser>['look']>(async () => undefined),
    adopt: vi.fn<SessionStore['adopt']>(async () => true),
    repeat: vi.fn<SessionStore['repeat']>(async () => {}),
    markSeen: vi.fn<SessionStore['markSeen']>(async () => 1),
    end: vi.fn<SessionStore['end']>(async () => ({ ids: [SID], subject: 'anna' })),
    endOthers: vi.fn<SessionStore['endOthers']>(async () => NONE),
    replace: vi.fn<SessionStore['replace']>(async () => ({ started: STARTED })),
    fork: vi.fn<SessionStore['fork']>(async () => STARTED),
    list: vi.fn<SessionStore['list']>(async () => []),
    sweep: vi.fn<SessionStore['sweep']>(async () => 0),
    revokeToken: vi.fn<SessionStore['revokeToken']>(async () => ({})),
  };
}

interface Given {
  settings?: Partial<SessionSettings>;
  isActive?: (user: ControlledUser) => boolean | Promise<boolean>;
}

function setUp({ settings: given = {}, isActive = () => true }: Given = {}) {
  const store = controlledStore();
  const sessionStore = store as unknown as SessionStore<ControlledUser>;
  const events = new TokenEventEmitter();
  const happened: (SessionEvent | InvalidationEvent | RevocationEvent | RefusalReason)[] = [];
  const refusedSubjects: (string | undefined)[] = [];
  events.subscribe({
    session: (event) => void happened.push(event),
    refused: ({ reason, subject }) => {
      happened.push(reason);
      refusedSubjects.push(subject);
    },
    invalidated: (event) => void happened.push(event),
    revoked: (event) => void happened.push(event),
  });
  const settings: SessionSettings = {
    limits: { absoluteSeconds: 86_400, idleSeconds: 7200, atCap: 'evict', retentionSeconds: 60 },
    graceSeconds: 60,
    onReuse: 'end',
    address: false,
    claims: undefined,
    expiresInSeconds: 900,
    ...given,
  };
  const users = new ControlledStore();
  const clock = { now: () => NOW };
  const signer = new TokenSigner({ keys: new KeySet([hmacKey]), store: users, clock });
  const tokens = new SessionTokenWriter<ControlledUser>(signer, KEY, { ...settings, isActive });
  const reports = new SessionReports(events, settings.address);
  const shared = { store: sessionStore, tokens, reports, settings };
  const sessions = new TokenSessions<ControlledUser>(
    {
      store: sessionStore,
      refreshKeys: [KEY],
      reports,
      settings,
      refresher: new Refresher(shared),
      starter: new SessionStarter({ ...shared, users, clock }),
      upkeep: new SessionUpkeep(sessionStore),
    },
    { store: sessionStore, reports, clockToleranceSeconds: 300 },
  );
  return { sessions, store, happened, refusedSubjects };
}

type Setup = ReturnType<typeof setUp>;

function claimsOf(answer: object): Record<string, unknown> {
  const { accessToken } = answer as { accessToken: string };
  return JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

describe('a login', () => {
  it('starts a session with the version of the record, and keeps the hash of a secret alone', async () => {
    const { sessions, store } = setUp();
    const label = 'x'.repeat(120);
    await sessions.start(ANNA, { label, userAgent: 'Browser', persistent: true, address: '::1' });
    const [start] = store.start.mock.calls[0]!;
    expect(start).toMatchObject({
      subject: 'anna',
      userVersion: 3,
      persistent: true,
      session: { label: label.slice(0, 100), userAgent: 'Browser', from: null },
      limits: { absoluteSeconds: 86_400, idleSeconds: 7200 },
    });
    expect(start.session.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    await sessions.start(ANNA);
    expect(store.start.mock.calls[1]![0]).toMatchObject({ persistent: false });
    expect(start.session.secretHash).toHaveLength(32);
  });

  it('takes no answer to persistent but true, and no label that is not text', async () => {
    const { sessions, store } = setUp();
    for (const [label, persistent] of [
      [5, 'no'],
      [{}, 1],
      [null, null],
    ]) {
      await sessions.start(ANNA, { label, persistent } as StartOptions<unknown>);
      const { session, persistent: kept } = store.start.mock.lastCall![0];
      expect([session.label, kept]).toEqual([null, false]);
    }
  });

  it('gives tokens that carry the session', async () => {
    const { sessions, store } = setUp();
    const tokens = await sessions.start(ANNA);
    const [{ session }] = store.start.mock.calls[0]!;
    const refreshToken = RefreshToken.read(tokens.refreshToken, [KEY])!;
    expect(refreshToken).toMatchObject({ sessionId: session.id, generation: 0 });
    expect(refreshToken.secretHash).toEqual(session.secretHash);
    expect(tokens).toMatchObject({ accepted: true, expiresInSeconds: 900, session: { id: SID } });
    expect(claimsOf(tokens)).toMatchObject({
      sub: 'anna',
      ver: 3,
      sid: SID,
      gen: 0,
      everyone_ver: 2,
      iat: SECOND,
      exp: SECOND + 900,
      auth_time: SECOND - 60,
      jti: expect.any(String),
    });
  });

  it('gives no access token that outlives the session', async () => {
    const { sessions, store } = setUp();
    store.start.mockResolvedValue({ ...STARTED, expiresAt: new Date(NOW + 100_900) });
    const tokens = await sessions.start(ANNA);
    expect([claimsOf(tokens)['exp'], tokens.expiresInSeconds]).toEqual([SECOND + 100, 100]);
  });

  it('gives no access token that looks older than the cutoffs of its user', async () => {
    const { sessions } = setUp();
    for (const cutoff of ['passwordChangedAt', 'logoutAllAt']) {
      const user = { ...ANNA, [cutoff]: new Date(NOW + 2000) };
      expect(claimsOf(await sessions.start(user))).toMatchObject({ iat: SECOND + 2 });
    }
  });

  it('asks the application for claims, with the user and the session', async () => {
    const claims = vi.fn<() => Promise<ExtraClaims>>(async () => ({ role: 'admin' }));
    const { sessions } = setUp({ settings: { claims } });
    expect(claimsOf(await sessions.start(ANNA))).toMatchObject({ role: 'admin', sid: SID });
    expect(claims).toHaveBeenCalledExactlyOnceWith(ANNA, expect.objectContaining({ id: SID }));
  });

  it('lets no claim of the application take the place of one of the session', async () => {
    const { sessions } = setUp({ settings: { claims: () => ({ sid: 'other' }) as never } });
    await expect(sessions.start(ANNA)).rejects.toThrow(/The claims sid are set by/);
  });

  it('is an event with what a mail needs, and one for each session that it evicts', async () => {
    const { sessions, store, happened } = setUp({ settings: { address: 'network' } });
    store.start.mockResolvedValue({ ...STARTED, evicted: ['old'] });
    await sessions.start(ANNA, { by: 'anna', address: '203.0.113.7' });
    const who = { subject: 'anna', by: 'anna', address: '203.0.113.0/24' };
    expect(happened).toEqual([
      {
        kind: 'started',
        because: 'login',
        sessionId: SID,
        ...who,
        label: 'Phone',
        userAgent: 'Browser',
        persistent: true,
        startedAt: STARTED.startedAt,
        expiresAt: STARTED.expiresAt,
      },
      { kind: 'ended', reason: 'evicted', sessionId: 'old', ...who },
    ]);
  });

  it('is an event once the transaction of the caller has committed', async () => {
    const { sessions, store, happened } = setUp();
    let commit!: (committed: boolean) => void;
    const committed = new Promise<boolean>((resolve) => (commit = resolve));
    store.start.mockResolvedValue({ ...STARTED, committed: () => committed });
    await sessions.start(ANNA, { transaction: 't' });
    expect(store.start.mock.calls[0]![1]).toBe('t');
    expect(happened).toEqual([]);
    commit(true);
    await vi.waitFor(() => expect(happened).toHaveLength(1));
  });

  it.each([
    ['user_unknown', 'UserUnknownError'],
    ['version_moved', 'VersionConflictError'],
    ['limit_reached', 'TooManySessionsError'],
  ] as const)('that the store refuses, %s, is a %s', async (failure, name) => {
    const { sessions, store, happened } = setUp();
    store.start.mockResolvedValue(failure);
    await expect(sessions.start(ANNA)).rejects.toMatchObject({ name, subject: 'anna' });
    expect(happened).toEqual([]);
  });

  it('of a user who has too many says what to do', async () => {
    const { sessions, store } = setUp();
    store.start.mockResolvedValue('limit_reached');
    await expect(sessions.start(ANNA)).rejects.toThrow('End one of them first.');
  });
});

describe('what is no refresh token', () => {
  it.each(['', 'nti1_', `${textOf(0)}=`, 'a.b.c'])(
    '%j is refused without a query',
    async (text) => {
      const { sessions, store, happened } = setUp();
      for (const answer of [sessions.refresh(text), sessions.fork(text), sessions.logout(text)]) {
        expect(await answer).toEqual({ accepted: false, reason: 'refresh_invalid' });
      }
      expect(Object.values(store).filter((method) => method.mock.calls.length > 0)).toEqual([]);
      expect(happened).toEqual(Array(3).fill('refresh_invalid'));
    },
  );
});

describe('a refresh that rotates', () => {
  let setup: Setup;
  beforeEach(() => {
    setup = setUp();
    setup.store.rotate.mockResolvedValue(recordOf({ generation: 5, userVersion: 3 }));
  });

  it('is one statement, and gives the successor', async () => {
    const { sessions, store } = setup;
    const answer = await sessions.refresh(textOf(4), { userAgent: 'Browser 2' });
    expect(answer).toMatchObject({ accepted: true, refreshToken: textOf(5) });
    expect(claimsOf(answer)).toMatchObject({ ver: 3, gen: 5, auth_time: SECOND - 60 });
    expect(store.rotate).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ sessionId: SID, generation: 4 }),
      { graceSeconds: 60, userAgent: 'Browser 2', from: undefined },
      undefined,
    );
    expect(store.look).not.toHaveBeenCalled();
  });

  it('carries the version of the session, and not the user’s', async () => {
    const { sessions, store } = setup;
    const state = { ...ANNA, tokenVersion: 9 };
    store.rotate.mockResolvedValue(recordOf({ generation: 5 }, { state }));
    expect(claimsOf(await sessions.refresh(textOf(4)))).toMatchObject({ ver: 3 });
  });

  it('is refused for a user who is not active, and answered once the user is', async () => {
    let active = false;
    const { sessions, store, happened } = setUp({ isActive: async () => active });
    store.rotate.mockResolvedValue(recordOf({ generation: 5 }));
    expect(await sessions.refresh(textOf(4))).toMatchObject({ reason: 'user_inactive' });
    active = true;
    store.rotate.mockResolvedValue(recordOf({ generation: 5 }, { active: false }));
    expect(await sessions.refresh(textOf(4))).toMatchObject({ reason: 'user_inactive' });
    expect(store.end).not.toHaveBeenCalled();
    expect(happened).toEqual(['user_inactive', 'user_inactive']);
    // The rotation of which nobody got the answer.
    store.rotate.mockResolvedValue(undefined);
    store.look.mockResolvedValue(recordOf({ generation: 5, secondsSinceSeen: null }));
    expect(await sessions.refresh(textOf(4))).toMatchObject({ refreshToken: textOf(5) });
  });

  it('is an event, with the device as it was named and as it calls itself', async () => {
    const { sessions, happened } = setup;
    const event = { kind: 'refreshed', rotated: true, generation: 5, sessionId: SID };
    await sessions.refresh(textOf(4), { by: 'anna', userAgent: `Browser ${'2'.repeat(300)}` });
    const userAgent = `Browser ${'2'.repeat(248)}`;
    const of = { ...event, subject: 'anna', label: 'Phone' };
    expect(happened).toEqual([{ ...of, by: 'anna', userAgent }]);
    await sessions.refresh(textOf(4));
    expect(happened[1]).toEqual(of);
  });

  it.each([true, false])(
    'is an event once the transaction of the caller has committed: %s',
    async (isCommitted) => {
      const { sessions, store, happened } = setup;
      let end!: (committed: boolean) => void;
      const ended = new Promise<boolean>((resolve) => (end = resolve));
      store.rotate.mockResolvedValue(recordOf({ generation: 5 }, { committed: () => ended }));
      await sessions.refresh(textOf(4), { transaction: 't' });
      expect(happened).toEqual([]);
      end(isCommitted);
      await ended;
      await new Promise((resolve) => setImmediate(resolve));
      expect(happened).toMatchObject(isCommitted ? [{ kind: 'refreshed', rotated: true }] : []);
    },
  );
});

describe('a refresh that does not rotate', () => {
  it('gives an access token and no refresh token for the current one', async () => {
    const { sessions, store, happened } = setUp();
    store.look.mockResolvedValue(recordOf());
    const answer = await sessions.refresh(textOf(4));
    expect(answer).not.toHaveProperty('refreshToken');
    expect(claimsOf(answer)).toMatchObject({ gen: 4 });
    expect(happened).toMatchObject([{ kind: 'refreshed', rotated: false, generation: 4 }]);
    expect(store.markSeen).not.toHaveBeenCalled();
  });

  it('is refused for a user whom the application keeps out, by the claims of the token', async () => {
    const isActive = vi.fn<() => boolean>(() => false);
    const { sessions, store } = setUp({ isActive });
    store.look.mockResolvedValue(recordOf());
    expect(await sessions.refresh(textOf(4))).toMatchObject({ reason: 'user_inactive' });
    const claims = { sub: 'anna', ver: 3, sid: SID, gen: 4 };
    expect(isActive).toHaveBeenCalledExactlyOnceWith(ANNA, expect.objectContaining(claims));
  });

  it('notes that the client holds the current one', async () => {
    const { sessions, store } = setUp();
    store.look.mockResolvedValue(recordOf({ secondsSinceSeen: null }));
    expect(await sessions.refresh(textOf(4))).toMatchObject({ accepted: true });
    expect(store.markSeen.mock.calls[0]![0]).toMatchObject([{ sessionId: SID, generation: 4 }]);
    expect(store.adopt).not.toHaveBeenCalled();
  });

  it.each([
    ['within the grace', 10, ['refreshed']],
    ['later', 90_000, ['refresh_repeated', 'refreshed']],
  ])('repeats the successor whose answer was lost, %s', async (_, secondsSinceRotated, kinds) => {
    const { sessions, store, happened } = setUp();
    store.look.mockResolvedValue(recordOf({ secondsSinceSeen: null, secondsSinceRotated }));
    const answer = await sessions.refresh(textOf(3));
    expect(answer).toMatchObject({ refreshToken: textOf(4) });
    expect(claimsOf(answer)).toMatchObject({ gen: 4 });
    expect(happened.map((event) => (event as SessionEvent).kind)).toEqual(kinds);
    expect(store.markSeen).not.toHaveBeenCalled();
    expect(store.repeat).toHaveBeenCalledTimes(secondsSinceRotated < 20 ? 0 : 1);
  });

  it('follows a token that the database has lost', async () => {
    const { sessions, store } = setUp();
    store.look.mockResolvedValue(recordOf());
    const answer = await sessions.refresh(textOf(5));
    expect(claimsOf(answer)).toMatchObject({ gen: 5 });
    expect(answer).not.toHaveProperty('refreshToken');
    expect(store.adopt).toHaveBeenCalledOnce();
  });

  it('looks again when another request wrote the session first', async () => {
    const { sessions, store } = setUp();
    store.look.mockResolvedValueOnce(recordOf()).mockResolvedValue(recordOf({ generation: 5 }));
    store.adopt.mockResolvedValueOnce(false);
    expect(claimsOf(await sessions.refresh(textOf(5)))).toMatchObject({ gen: 5 });
    expect(store.look).toHaveBeenCalledTimes(2);
  });

  it('gives up, and knows nothing, when that happens at every look', async () => {
    const { sessions, store } = setUp();
    store.look.mockResolvedValue(recordOf());
    store.adopt.mockResolvedValue(false);
    await expect(sessions.refresh(textOf(5))).rejects.toMatchObject({
      name: 'TokenStateUnavailableError',
      cause: new Error('The session changed at every look at it.'),
    });
    expect(store.look).toHaveBeenCalledTimes(5);
  });

  it('is refused for what ends a session, and then never counts as reuse', async () => {
    const { sessions, store, happened } = setUp();
    store.look.mockResolvedValue(recordOf({ endedReason: 'logged_out' }));
    expect(await sessions.refresh(textOf(1))).toMatchObject({ reason: 'session_ended' });
    store.look.mockResolvedValue(recordOf({}, { state: { ...ANNA, tokenVersion: 4 } }));
    expect(await sessions.refresh(textOf(1))).toMatchObject({ reason: 'version_stale' });
    expect(happened).toEqual(['session_ended', 'version_stale']);
    expect(store.end).not.toHaveBeenCalled();
  });
});

describe('a refused refresh token', () => {
  it('is an event that says whose it was, where it was verified', async () => {
    const { sessions, store, refusedSubjects } = setUp();
    for (const record of [
      recordOf({ endedReason: 'logged_out' }),
      recordOf(),
      recordOf({ secretMatches: false }),
      undefined,
    ]) {
      store.look.mockResolvedValue(record);
      await sessions.refresh(textOf(1));
      await sessions.fork(textOf(1));
    }
    await sessions.refresh('nti1_x');
    const [anna, nobody] = ['anna', undefined];
    expect(refusedSubjects).toEqual([
      anna,
      anna,
      anna,
      anna,
      nobody,
      nobody,
      nobody,
      nobody,
      nobody,
    ]);
  });

  it('is one event that says whose it was when it was rotated, or forked, in vain', async () => {
    const { sessions, store, refusedSubjects, happened } = setUp({ isActive: () => false });
    store.rotate.mockResolvedValue(recordOf());
    await sessions.refresh(textOf(4));
    const forked = setUp();
    forked.store.look.mockResolvedValue(recordOf());
    forked.store.fork.mockResolvedValue('session_ended');
    await forked.sessions.fork(textOf(4));
    expect([happened, forked.happened]).toEqual([['user_inactive'], ['session_ended']]);
    expect([...refusedSubjects, ...forked.refusedSubjects]).toEqual(['anna', 'anna']);
  });
});

describe('a refresh token that was replaced long ago', () => {
  it('ends its session', async () => {
    const { sessions, store, happened } = setUp();
    store.look.mockResolvedValue(recordOf());
    const answer = await sessions.refresh(textOf(2), { transaction: 't' });
    expect(answer).toEqual({ accepted: false, reason: 'refresh_reused' });
    expect(store.end).toHaveBeenCalledExactlyOnceWith(
      { sessionId: SID, of: { secretHash: TOKEN.secretHash } },
      { reason: 'refresh_reused', retentionSeconds: 60 },
      't',
    );
    expect(happened).toEqual([
      expect.objectContaining({ kind: 'refresh_reused', presented: 2, generation: 4, ended: true }),
      expect.objectContaining({ kind: 'ended', reason: 'refresh_reused' }),
      'refresh_reused',
    ]);
  });

  it('is an event with what a mail needs: which device, and what came with its token', async () => {
    const { sessions, store, happened } = setUp({ settings: { address: 'network' } });
    store.look.mockResolvedValue(recordOf());
    await sessions.refresh(textOf(2), { userAgent: 'Thief', address: '203.0.113.7' });
    const who = { subject: 'anna', sessionId: SID, address: '203.0.113.0/24' };
    expect(happened.slice(0, 2)).toEqual([
      {
        kind: 'refresh_reused',
        presented: 2,
        generation: 4,
        ended: true,
        label: 'Phone',
        userAgent: 'Thief',
        ...who,
      },
      { kind: 'ended', reason: 'refresh_reused', ...who },
    ]);
  });

  it('is no event before its session is ended, and none of a transaction that is undone', async () => {
    const { sessions, store, happened } = setUp();
    store.look.mockResolvedValue(recordOf());
    store.end.mockRejectedValueOnce(new TokenStateUnavailableError(new Error('cut')));
    await expect(sessions.refresh(textOf(2))).rejects.toThrow(TokenStateUnavailableError);
    expect(happened).toEqual([]);
    const committed = vi.fn<() => Promise<boolean>>(async () => false);
    store.end.mockResolvedValueOnce({ ids: [SID], subject: 'anna', committed });
    await sessions.refresh(textOf(2), { transaction: 't' });
    expect(committed).toHaveBeenCalledTimes(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(happened).toEqual(['refresh_reused']);
  });

  it('ends nothing with onReuse refuse, and is an event', async () => {
    const { sessions, store, happened } = setUp({ settings: { onReuse: 'refuse' } });
    store.look.mockResolvedValue(recordOf());
    expect(await sessions.refresh(textOf(2))).toMatchObject({ reason: 'refresh_reused' });
    expect(store.end).not.toHaveBeenCalled();
    expect(happened[0]).toMatchObject({ kind: 'refresh_reused', ended: false });
  });

  it('ends its session when it is ahead of the database by more than one', async () => {
    const { sessions, store, happened } = setUp({ settings: { onReuse: 'refuse' } });
    store.look.mockResolvedValue(recordOf());
    expect(await sessions.refresh(textOf(6))).toMatchObject({ reason: 'session_ahead' });
    expect(store.end.mock.calls[0]![1]).toMatchObject({ reason: 'session_ahead' });
    expect(happened).toMatchObject([{ kind: 'ended', reason: 'session_ahead' }, 'session_ahead']);
  });
});

describe('refreshes at the same time', () => {
  it('of one token share what waits, and never work that has begun', async () => {
    const { sessions, store } = setUp();
    store.look.mockResolvedValue(recordOf());
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => sessions.refresh(textOf(4))),
    );
    expect(new Set(answers.map((answer) => claimsOf(answer)['jti'])).size).toBe(2);
    expect(store.look).toHaveBeenCalledTimes(2);
  });

  it('of an old token never get the answer of the valid one', async () => {
    const { sessions, store } = setUp();
    store.look.mockResolvedValue(recordOf());
    const [valid, old] = await Promise.all([
      sessions.refresh(textOf(4)),
      sessions.refresh(textOf(1)),
    ]);
    expect(valid).toMatchObject({ accepted: true });
    expect(old).toMatchObject({ reason: 'refresh_reused' });
  });

  it('in transactions share nothing', async () => {
    const { sessions, store } = setUp();
    store.look.mockResolvedValue(recordOf());
    await Promise.all(
      ['a', 'b', 'c'].map((transaction) => sessions.refresh(textOf(4), { transaction })),
    );
    expect(store.look).toHaveBeenCalledTimes(3);
  });
});

describe('a fork', () => {
  it('starts a session at the generation that was judged', async () => {
    const { sessions, store, happened } = setUp();
    store.look.mockResolvedValue(recordOf());
    const answer = await sessions.fork(textOf(4), { label: 'Widget' });
    expect(store.fork.mock.calls[0]![0]).toMatchObject({
      from: { sessionId: SID, subject: 'anna', generation: 4 },
      session: { label: 'Widget' },
    });
    expect(answer).toMatchObject({ accepted: true, refreshToken: expect.stringMatching(/^nti1_/) });
    expect(happened).toMatchObject([{ kind: 'started', because: 'fork', origin: SID }]);
  });

  it('of each caller is another one', async () => {
    const { sessions, store } = setUp();
    store.look.mockResolvedValue(recordOf());
    await Promise.all([sessions.fork(textOf(4)), sessions.fork(textOf(4))]);
    const ids = store.fork.mock.calls.map(([{ session }]) => session.id);
    expect(new Set(ids).size).toBe(2);
  });

  it('is refused as a refresh is', async () => {
    const { sessions, store, happened } = setUp();
    store.look.mockResolvedValue(recordOf());
    expect(await sessions.fork(textOf(2))).toMatchObject({ reason: 'refresh_reused' });
    expect(store.end).toHaveBeenCalledOnce();
    store.fork.mockResolvedValue('session_ended');
    expect(await sessions.fork(textOf(4))).toMatchObject({ reason: 'session_ended' });
    expect(happened.at(-1)).toBe('session_ended');
  });
});

describe('a device that stays logged in', () => {
  const at = new Date(NOW + 400);
  const change = { version: 4, effectiveAt: at };
  const replaced = { started: { ...STARTED, id: 'new', userVersion: 4 }, change };
  const hashes = { currentHash: 'old', newHash: 'new' };

  it('after a new login has a new session', async () => {
    const { sessions, store, happened } = setUp();
    store.replace.mockResolvedValue({ started: { ...STARTED, id: 'new' } });
    const answer = await sessions.reauthenticate(SID, ANNA, { by: 'anna' });
    expect(store.replace.mock.calls[0]).toMatchObject([
      { sessionId: SID, of: { subject: 'anna' } },
      { replacing: { because: 'login', userVersion: 3 }, credentialsEntered: true },
      undefined,
    ]);
    const { session } = store.replace.mock.calls[0]![1];
    const { refreshToken } = answer as { refreshToken: string };
    const { sessionId: id, secretHash } = RefreshToken.read(refreshToken, [KEY])!;
    expect(session).toEqual({ id, secretHash });
    expect(claimsOf(answer)).toMatchObject({ sid: 'new', gen: 0 });
    expect(happened).toMatchObject([
      { kind: 'started', because: 'kept', origin: SID, sessionId: 'new', by: 'anna' },
      { kind: 'ended', reason: 'replaced', sessionId: SID },
    ]);
  });

  it('after a logout everywhere carries the version that the logout made', async () => {
    const { sessions, store, happened } = setUp({ settings: { address: true } });
    store.replace.mockResolvedValue(replaced);
    const call = { by: 'support', address: '203.0.113.7' };
    const answer = await sessions.logoutEverywhereElse(SID, ANNA, call);
    expect(store.replace.mock.calls[0]![1]).toMatchObject({
      replacing: { because: 'logout' },
      credentialsEntered: false,
    });
    expect(claimsOf(answer)).toMatchObject({ ver: 4, sid: 'new' });
    const event = { reason: 'logged_out_everywhere', subject: 'anna', version: 4, effectiveAt: at };
    expect(happened.at(-1)).toEqual({ ...event, ...call });
    expect(happened.slice(0, 2)).toMatchObject([call, call]);
  });

  it('has a token that looks no older than the logout', async () => {
    const { sessions, store } = setUp();
    const later = { version: 4, effectiveAt: new Date(NOW + 3000) };
    store.replace.mockResolvedValue({ ...replaced, change: later });
    const answer = await sessions.logoutEverywhereElse(SID, ANNA);
    expect(claimsOf(answer)).toMatchObject({ iat: SECOND + 3 });
  });

  it('after a changed password too', async () => {
    const { sessions, store, happened } = setUp();
    store.replace.mockResolvedValue(replaced);
    await sessions.changePassword(SID, ANNA, { ...hashes, transaction: 't' });
    expect(store.replace.mock.calls[0]).toMatchObject([
      {},
      { replacing: { because: 'password', password: hashes }, credentialsEntered: true },
      't',
    ]);
    const event = { reason: 'password_changed', subject: 'anna', version: 4, effectiveAt: at };
    expect(happened.at(-1)).toEqual(event);
    await sessions.changePassword(SID, ANNA, { currentHash: null, newHash: 'new' });
    expect(store.replace.mock.calls[1]![1]).toMatchObject({ credentialsEntered: false });
  });

  it('is not kept without a live session: nothing has changed', async () => {
    const { sessions, store, happened } = setUp();
    store.replace.mockResolvedValue('session_ended');
    expect(await sessions.reauthenticate(SID, ANNA)).toMatchObject({ reason: 'session_ended' });
    expect(await sessions.logoutEverywhereElse('none', ANNA)).toMatchObject({
      reason: 'session_ended',
    });
    expect(store.replace).toHaveBeenCalledOnce();
    expect(happened).toEqual([]);
  });

  it('is an error when the user is not as the caller knew it', async () => {
    const { sessions, store } = setUp();
    store.replace.mockResolvedValue('conflict');
    await expect(sessions.reauthenticate(SID, ANNA)).rejects.toThrow('invalidated in the meantime');
    await expect(sessions.changePassword(SID, ANNA, hashes)).rejects.toThrow(
      'password was changed',
    );
    store.replace.mockResolvedValue('user_unknown');
    await expect(sessions.logoutEverywhereElse(SID, ANNA)).rejects.toThrow('There is no user');
  });
});

describe('the end of sessions', () => {
  it('of one is asked for with its owner', async () => {
    const { sessions, store, happened } = setUp();
    expect(
      await sessions.end(SID.toUpperCase(), { of: 7, by: 'admin', reason: 'ended_by_admin' }),
    ).toBe(true);
    expect(store.end.mock.calls[0]).toEqual([
      { sessionId: SID, of: { subject: '7' } },
      { reason: 'ended_by_admin', retentionSeconds: 60 },
      undefined,
    ]);
    expect(happened).toMatchObject([{ kind: 'ended', reason: 'ended_by_admin', by: 'admin' }]);
  });

  it('of none is no event, and no query for what is no id', async () => {
    const { sessions, store, happened } = setUp();
    store.end.mockResolvedValue(NONE);
    expect(await sessions.end(SID, { of: 'bert' })).toBe(false);
    for (const id of ["'; --", `x${SID}`, `${SID}0`]) {
      expect(await sessions.end(id, { of: 'anna' })).toBe(false);
    }
    expect(store.end).toHaveBeenCalledOnce();
    expect(happened).toEqual([]);
  });

  it('by a refresh token needs nothing else, and twice is no error', async () => {
    const { sessions, store, happened } = setUp();
    expect(await sessions.logout(textOf(2))).toEqual({ accepted: true });
    const secretHash = createHash('sha256')
      .update(secretOf(textOf(2)))
      .digest();
    expect(store.end.mock.calls[0]![0]).toEqual({ sessionId: SID, of: { secretHash } });
    expect(store.end.mock.calls[0]![1]).toMatchObject({ reason: 'logged_out' });
    store.end.mockResolvedValue(NONE);
    expect(await sessions.logout(textOf(2))).toEqual({ accepted: true });
    expect(happened).toMatchObject([{ kind: 'ended', reason: 'logged_out' }]);
  });

  it('is the doing of its user where nothing else is said', async () => {
    const { sessions, store, happened } = setUp();
    store.endOthers.mockResolvedValue({ ids: ['a'], subject: 'anna' });
    await sessions.end(SID, { of: 'anna' });
    await sessions.endAll('anna');
    const reasons = [store.end.mock.calls[0]![1], store.endOthers.mock.calls[0]![1]];
    expect(reasons).toMatchObject([{ reason: 'ended_by_user' }, { reason: 'ended_by_user' }]);
    expect(happened).toStrictEqual([
      { kind: 'ended', reason: 'ended_by_user', subject: 'anna', sessionId: SID },
      { kind: 'ended', reason: 'ended_by_user', subject: 'anna', sessionId: 'a' },
    ]);
  });

  it('is an event of the transaction of the caller that was committed, and of no other', async () => {
    const { sessions, store, happened } = setUp();
    for (const committed of [false, true]) {
      const ended = { ids: [SID], subject: 'anna', committed: async () => committed };
      store.end.mockResolvedValueOnce(ended);
      expect(await sessions.end(SID, { of: 'anna', transaction: 't' })).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
      expect(happened).toHaveLength(committed ? 1 : 0);
    }
  });

  it('of all others, or of all, says how many', async () => {
    const { sessions, store } = setUp();
    store.endOthers.mockResolvedValue({ ids: ['a', 'b'], subject: 'anna' });
    expect(await sessions.endOthers({ of: 'anna', except: SID })).toBe(2);
    expect(await sessions.endAll('anna', { reason: 'ended_by_admin' })).toBe(2);
    expect(store.endOthers.mock.calls).toMatchObject([
      [{ subject: 'anna', except: SID }, { reason: 'ended_by_user' }, undefined],
      [{ subject: 'anna' }, { reason: 'ended_by_admin' }, undefined],
    ]);
  });
});

describe('the id of the user', () => {
  it.each([undefined, null, {}, Symbol('id')])('has to be one: %s', async (lost) => {
    const { sessions, store } = setUp();
    const id = lost as never;
    const calls = [
      () => sessions.end(SID, { of: id }),
      () => sessions.end('no id', { of: id }),
      () => sessions.endOthers({ of: id, except: SID }),
      () => sessions.endAll(id),
      () => sessions.list(id),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toThrow(/^The id of the user is \w+: give it as text/);
    }
    for (const called of [store.end, store.endOthers, store.list]) {
      expect(called).not.toHaveBeenCalled();
    }
  });
});

describe('the reason of an end', () => {
  it('is one of those that an application has', async () => {
    const { sessions, store } = setUp();
    const reason = 'refresh_reused' as never;
    const calls = [
      () => sessions.end(SID, { of: 'anna', reason }),
      () => sessions.endOthers({ of: 'anna', except: SID, reason }),
      () => sessions.endAll('anna', { reason }),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toThrow(
        'reason is refresh_reused: give one of logged_out, ended_by_user, ended_by_admin.',
      );
    }
    for (const called of [store.end, store.endOthers]) expect(called).not.toHaveBeenCalled();
  });
});

describe('the id of a session', () => {
  it('is taken in either case, wherever one is given', async () => {
    const { sessions, store, happened } = setUp();
    const id = SID.toUpperCase();
    await sessions.endOthers({ of: 'anna', except: id });
    await sessions.reauthenticate(id, ANNA);
    await sessions.list('anna', { after: id });
    expect(store.endOthers.mock.calls[0]![0]).toEqual({ subject: 'anna', except: SID });
    expect(store.replace.mock.calls[0]![0]).toMatchObject({ sessionId: SID });
    expect(store.list.mock.calls[0]![1]).toMatchObject({ after: SID });
    expect(happened).toMatchObject([{ origin: SID }, { kind: 'ended', sessionId: SID }]);
  });

  it.each(['', 'phone', `${SID}0`, undefined as unknown as string])(
    'that is to stay has to be one, or all would end: %j',
    async (except) => {
      const { sessions, store } = setUp();
      const others = sessions.endOthers({ of: 'anna', except });
      await expect(others).rejects.toThrow(/^except is not the id of a session: .* endAll\(\)/);
      expect(store.endOthers).not.toHaveBeenCalled();
    },
  );
});

describe('the list', () => {
  it('comes in pages', async () => {
    const { sessions, store } = setUp();
    await sessions.list(7);
    await sessions.list(7, { limit: 2, after: SID.toUpperCase() });
    expect(store.list.mock.calls).toEqual([
      ['7', { limit: 50, after: undefined }],
      ['7', { limit: 2, after: SID }],
    ]);
    expect(await sessions.list(7, { after: 'no id' })).toEqual([]);
    expect(store.list).toHaveBeenCalledTimes(2);
    for (const limit of [1, 200]) expect(await sessions.list(7, { limit })).toEqual([]);
    for (const limit of [0, 201, 1.5, Number.NaN]) {
      await expect(sessions.list(7, { limit })).rejects.toThrow('from 1 to 200');
    }
  });
});

describe('the sweep', () => {
  it('says how many rows it removed, in how many statements it ever did', async () => {
    const { sessions, store } = setUp();
    store.sweep.mockResolvedValueOnce(500).mockResolvedValueOnce(7);
    expect(await sessions.sweep({ transaction: 't' })).toBe(507);
    expect(store.sweep.mock.calls).toEqual([['t'], ['t'], ['t']]);
  });
});

describe('with the options', () => {
  it('both are known to be on', () => {
    const { sessions } = setUp();
    expect([sessions.areOn, sessions.revokesTokens]).toEqual([true, true]);
  });
});

describe('one access token', () => {
  it('is refused by its jti until it expires, with the clock tolerance', async () => {
    const { sessions, store, happened } = setUp();
    await sessions.revokeToken({ sub: 'anna', jti: 't', exp: SECOND });
    expect(store.revokeToken.mock.calls[0]).toEqual([
      { tokenId: 't', expiresAt: new Date(NOW + 300_000) },
      undefined,
    ]);
    expect(happened).toEqual([{ subject: 'anna', jti: 't', expiresAt: new Date(NOW + 300_000) }]);
    await expect(sessions.revokeToken({ sub: 'anna', exp: SECOND })).rejects.toThrow('has no jti');
    for (const exp of [undefined, Number.NaN, 'soon']) {
      const revoked = sessions.revokeToken({ sub: 'anna', jti: 't', exp: exp as never });
      await expect(revoked).rejects.toThrow('has no exp');
    }
    expect(store.revokeToken).toHaveBeenCalledOnce();
  });

  it('is an event with its session, who revoked it and from where, once it is committed', async () => {
    const { sessions, store, happened } = setUp({ settings: { address: 'network' } });
    const claims = { sub: 'anna', sid: SID, jti: 't', exp: SECOND };
    const call = { by: 'support', address: '203.0.113.7', transaction: 't' };
    let commit!: () => void;
    const open = new Promise<void>((resolve) => (commit = resolve));
    for (const committed of [false, true]) {
      store.revokeToken.mockResolvedValueOnce({ committed: () => open.then(() => committed) });
      await sessions.revokeToken(claims, call);
    }
    expect(happened).toEqual([]);
    commit();
    await new Promise((resolve) => setImmediate(resolve));
    const of = { subject: 'anna', sessionId: SID, jti: 't', expiresAt: new Date(NOW + 300_000) };
    expect(happened).toEqual([{ ...of, by: 'support', address: '203.0.113.0/24' }]);
  });
});

describe('without the options', () => {
  const off = new TokenSessions(undefined, undefined);

  it('every method says which one is missing', async () => {
    expect([off.areOn, off.revokesTokens]).toEqual([false, false]);
    await expect(off.start({})).rejects.toThrow('needs the option sessions');
    await expect(off.refresh('')).rejects.toThrow('needs the option sessions');
    await expect(off.list(1)).rejects.toThrow('needs the option sessions');
    await expect(off.revokeToken({ sub: 'anna', jti: 't', exp: 1 })).rejects.toThrow(
      'the option revokedTokens',
    );
  });
});

function secretOf(text: string): Buffer {
  return Buffer.from(text.slice(5), 'base64url').subarray(25, 41);
}
