import { array, assert, asyncProperty, boolean, constantFrom, option, record } from 'fast-check';
import type { TokenInvalidator } from 'nestjs-token-invalidation';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { TestApp } from '../support/create-app.js';
import { tries } from '../support/properties.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import {
  claimsOf,
  type Device,
  deviceOf,
  type RefreshAnswer,
} from '../support/sessions/session-client.js';
import { startSessions } from '../support/sessions/session-memory-app.js';
import { PASSWORD } from '../support/users.js';
import { all } from '../support/sessions/session-nodes.js';
import { useNodes } from '../support/sessions/use-nodes.js';

// What was reported of other libraries, and no other spec here is about.
describe('a refresh whose answer fails in code of the application', () => {
  it.each(['claims', 'isActive'] as const)(
    'in %s: may be repeated with the same token',
    async (hook) => {
      let fails = false;
      const ask = () => {
        if (fails) throw new Error('The application is at fault');
      };
      const app = await startSessions({
        module: {
          sessions: {
            absolute: '30 days',
            ...(hook === 'claims' && { claims: () => (ask(), {}) }),
          },
          ...(hook === 'isActive' && { isActive: () => (ask(), true) }),
        },
      });
      onTestFinished(() => app.app.close());
      const device = await app.device();
      app.advance(121);
      fails = true;
      for (const _ of [1, 2]) expect((await app.refresh(device.refresh)).status).toBe(500);
      fails = false;
      const answer = await app.refresh(device.refresh);
      expect([answer.outcome, answer.refresh]).toEqual([200, expect.stringMatching(/^nti1_/)]);
      expect((await app.refresh(answer.refresh!)).outcome).toBe(200);
    },
  );
});

describe('a refresh', () => {
  it('of a user who is disabled is refused, and answered once the user is enabled again', async () => {
    const disabled = new Set<string>();
    const isActive = ({ id }: { id: string }) => !disabled.has(id);
    const app = await startSessions({ module: { isActive } });
    onTestFinished(() => app.app.close());
    const [device, other] = [await app.device(), await app.device()];
    app.advance(121);
    disabled.add(device.id);
    for (const _ of [1, 2]) {
      expect((await app.refresh(device.refresh)).outcome).toBe('401 user_inactive');
    }
    expect(await app.me(device.access)).toBe('401 user_inactive');
    expect((await app.refresh(other.refresh)).outcome).toBe(200);
    expect(app.events.filter(({ sessionId }) => sessionId === device.sid)).toMatchObject([
      { kind: 'started' },
    ]);
    disabled.clear();
    const answer = await app.refresh(device.refresh);
    expect([answer.outcome, answer.refresh]).toEqual([200, expect.stringMatching(/^nti1_/)]);
    expect(await app.me(answer.access)).toBe(200);
  });

  it.each([
    ['that rotates', 121],
    ['that does not rotate', 0],
  ])(
    '%s gives a token of the version of its session, whatever is written meanwhile',
    async (_, seconds) => {
      let meanwhile: (() => Promise<unknown>) | undefined;
      const isActive = async () => {
        const write = meanwhile;
        meanwhile = undefined;
        await write?.();
        return true;
      };
      const app = await startSessions({ module: { isActive } });
      onTestFinished(() => app.app.close());
      const device = await app.device();
      app.advance(seconds);
      meanwhile = () => app.invalidator.logoutEverywhere(device.id);
      const { outcome, access, refresh } = await app.refresh(device.refresh);
      expect(outcome).toBe(200);
      const { ver, everyone_ver } = claimsOf(device.access);
      expect(claimsOf(access)).toMatchObject({ ver, everyone_ver });
      expect(await app.me(access)).toBe('401 logged_out_everywhere');
      const next = await app.refresh(refresh ?? device.refresh);
      expect(next.outcome).toBe('401 logged_out_everywhere');
    },
  );

  it('is answered wherever it comes from, and by whatever client, and reports both', async () => {
    const sessions = { absolute: '30 days', address: true };
    const app = await startSessions({ module: { sessions } });
    onTestFinished(() => app.app.close());
    const device = await app.device('anna');
    const visits = [
      { address: '192.0.2.1', userAgent: 'phone' },
      { address: '198.51.100.7', userAgent: 'car' },
      { address: '2001:db8::1', userAgent: 'train' },
    ];
    let token = device.refresh;
    for (const visit of visits) {
      app.advance(121);
      const answer = await app.sessions.refresh(token, visit);
      expect(answer).toMatchObject({ accepted: true });
      token = (answer as { refreshToken?: string }).refreshToken ?? token;
    }
    expect(app.events.filter(({ kind }) => kind === 'refreshed')).toMatchObject(visits);
    expect(app.events.map(({ kind }) => kind)).not.toContain('ended');
    const [listed] = await app.sessions.list('anna');
    expect(listed).toMatchObject({ lastFrom: '2001:db8::1', userAgent: 'train' });
  });

  it('takes from its client neither how long anything lives, nor that an end is skipped', async () => {
    const app = await startSessions();
    onTestFinished(() => app.app.close());
    const device = await app.device();
    const rowOf = () => app.app.store.database.rows.sessions.get(device.sid)!;
    const { expiresAt, idleSeconds, persistent } = rowOf();
    const wishes = { expires_in: 1e9, exp: 1e12, persistent: true, idle: 1e9, skip_timeout: '1' };
    const path = '/auth/refresh?persistent=true&skip_timeout_reset=1';
    app.advance(121);
    const json = { refresh_token: device.refresh, ...wishes };
    const { status, body } = await app.post(path, undefined, json);
    expect([status, body['expires_in']]).toEqual([200, 900]);
    expect(rowOf()).toMatchObject({ expiresAt, idleSeconds, persistent, generation: 1 });
    app.advance(10 * 86_400);
    const later = { refresh_token: body['refresh_token'], ...wishes };
    const refused = await app.post(path, undefined, later);
    expect(refused.body['errorCode']).toBe('session_idle');
  });
});

describe('sessions', () => {
  const nodes = useNodes({ inThisProcess: true });
  let admin: TestApp;

  beforeAll(async () => {
    admin = await createSessionApp({ url: nodes().database.url });
  });
  afterAll(() => admin?.close());

  const invalidator = (): TokenInvalidator => admin.invalidator;

  async function userOf(email: string): Promise<{ id: string; hash: string }> {
    const sql = 'SELECT id, password_hash AS hash FROM users WHERE email = $1';
    return (await nodes().database.query(sql, email))[0] as { id: string; hash: string };
  }

  async function refreshAfter({ refresh }: Device, move: () => unknown): Promise<RefreshAnswer> {
    await move();
    return nodes().a.refresh(refresh);
  }

  /** The answer is held after all that it reads of the database. */
  async function refreshHeld({ refresh }: Device, move: () => unknown): Promise<RefreshAnswer> {
    let refreshing: Promise<RefreshAnswer> | undefined;
    await nodes().holding(async (untilHeld) => {
      refreshing = nodes().a.refresh(refresh);
      await untilHeld();
      await move();
    });
    return refreshing!;
  }

  it('get another id and another secret with each login, whatever the client brings along', async () => {
    const { a } = nodes();
    const email = await nodes().createUser();
    const first = await a.logIn(email);
    const json = { email, password: PASSWORD, refresh_token: first.refresh, sid: first.sid };
    const headers = { cookie: `__Secure-refresh_token=${first.refresh}` };
    const brought = { token: first.access, json, headers };
    const second = deviceOf(await a.send('POST', '/device/login', brought));
    const third = deviceOf(await a.post('/device/reauthenticate', second.access, json));
    const keep = { keepThisDevice: true };
    const fourth = deviceOf(await a.post('/auth/logout-everywhere', third.access, keep));
    const next = { current: PASSWORD, next: 'another password' };
    const fifth = deviceOf(await a.post('/device/password', fourth.access, next));
    const devices = [first, second, third, fourth, fifth];
    expect(new Set(devices.map(({ sid }) => sid)).size).toBe(5);
    expect(new Set(devices.map(({ refresh }) => secretIn(refresh))).size).toBe(5);
  });

  it('that start while all others are ended are either ended or listed, and never half', async () => {
    const email = await nodes().createUser();
    const [first, ...before] = await Promise.all(
      Array.from({ length: 6 }, () => nodes().a.logIn(email)),
    );
    const logins = Array.from({ length: 20 }, (_, login) =>
      (login % 2 ? nodes().a : nodes().b).logIn(email),
    );
    expect((await nodes().b.post('/auth/logout-others', first!.access)).status).toBe(204);
    // Whoever had logged in by then is out, also while the others still log in.
    for (const device of before) {
      expect(await nodes().verdicts(device)).toEqual(all('401 session_ended'));
    }
    const devices = await Promise.all(logins);
    const { body } = await nodes().a.get('/auth/sessions', first!.access);
    const listed = new Set((body['sessions'] as { id: string }[]).map(({ id }) => id));
    for (const { sid, access, refresh } of devices) {
      const expected = listed.has(sid) ? 200 : '401 session_ended';
      expect(await nodes().a.check(access)).toBe(expected);
      expect((await nodes().b.refresh(refresh)).outcome).toBe(expected);
    }
    await nodes().a.post('/auth/logout-others', first!.access);
    const after = await Promise.all(devices.map(({ access }) => nodes().b.check(access)));
    expect(new Set(after)).toEqual(new Set(['401 session_ended']));
    expect(await nodes().a.check(first!.access)).toBe(200);
  });

  it.each<[string, (email: string, access: string) => Promise<unknown>, string]>([
    [
      'the password was changed on another device',
      (_, access) => nodes().a.post('/device/password', access, { current: PASSWORD, next: 'new' }),
      '401 password_changed',
    ],
    [
      'the password was changed by SQL',
      (email) => nodes().rows.changePassword(email),
      '401 password_changed',
    ],
    [
      'the password was reset, by nobody who has a session',
      async (email) => {
        const { id, hash } = await userOf(email);
        await invalidator().changePassword(id, { currentHash: hash, newHash: 'reset' });
      },
      '401 password_changed',
    ],
    [
      'the password was changed in a directory',
      async (email) => invalidator().invalidateAfterPasswordChange((await userOf(email)).id),
      '401 password_changed',
    ],
    [
      'an administrator invalidated the tokens of the user',
      async (email) => invalidator().invalidate((await userOf(email)).id, { by: 'support' }),
      '401 logged_out_everywhere',
    ],
    [
      'the user logged out everywhere',
      (_, access) => nodes().a.post('/auth/logout-everywhere', access),
      '401 logged_out_everywhere',
    ],
    [
      'an administrator raised the version by SQL',
      (email) =>
        nodes().database.query(
          'UPDATE users SET token_version = token_version + 1 WHERE email = $1',
          email,
        ),
      '401 version_stale',
    ],
  ])('refresh no more when %s: on time, early, late, or forked', async (_, change, refusal) => {
    const { a, b } = nodes();
    const email = await nodes().createUser();
    const logIn = () => a.logIn(email);
    const [onTime, early, late, other] = [
      await logIn(),
      await logIn(),
      await logIn(),
      await logIn(),
    ];
    for (const device of [onTime, late]) await nodes().age(device, 61);
    const { refresh, access } = await a.refresh(late.refresh);
    const forked = deviceOf(
      await b.post('/device/fork', undefined, { refresh_token: early.refresh }),
    );
    await change(email, other.access);
    const successor = { ...late, refresh: refresh!, access };
    for (const device of [onTime, early, late, successor, forked]) {
      for (const node of [a, b]) {
        const answer = await node.refresh(device.refresh);
        expect(answer).toMatchObject({ outcome: refusal, access: undefined, refresh: undefined });
        expect(await node.check(device.access)).toMatch(/^401 /);
      }
      const fork = await b.post('/device/fork', undefined, { refresh_token: device.refresh });
      expect(fork.status).toBe(401);
      expect(await nodes().eventsOf(device)).toEqual([]);
    }
  });

  it('of a user who is disabled are not ended, and live on once the user is enabled again', async () => {
    const [device, other] = [await nodes().device(), await nodes().device()];
    const forkOf = ({ refresh: refresh_token }: Device) =>
      nodes().b.post('/device/fork', undefined, { refresh_token });
    const enable = (active: boolean) =>
      nodes().database.query('UPDATE users SET active = $1 WHERE email = $2', active, device.email);
    await enable(false);
    // Of two refreshes the first finds a rotation due, and the second an answer that was not given.
    for (const _ of [1, 2]) {
      expect(await nodes().verdicts(device)).toEqual(all('401 user_inactive'));
    }
    expect((await forkOf(device)).status).toBe(401);
    expect(await nodes().verdicts(other)).toEqual(all(200));
    expect((await nodes().rowOf(device)).endedReason).toBeNull();
    expect(await nodes().eventsOf(device)).toEqual([]);
    await enable(true);
    expect(await nodes().verdicts(device)).toEqual(all(200));
    expect((await forkOf(device)).status).toBe(200);
    expect(await nodes().generationOf(device)).toBe(1);
  });

  it('give no token of another version than theirs, whenever that of the user or of everyone moves', async () => {
    const moves = {
      user: (email: string) =>
        nodes().database.query(
          'UPDATE users SET token_version = token_version + 2 WHERE email = $1',
          email,
        ),
      everyone: () =>
        nodes().database.query(
          'UPDATE users_token_invalidation SET everyone_version = everyone_version + 1',
        ),
    };
    const step = record({
      seconds: constantFrom(0, 61, 200),
      moves: option(constantFrom('user', 'everyone'), { nil: undefined }),
      isHeld: boolean(),
    });
    const schedules = asyncProperty(array(step, { minLength: 2, maxLength: 4 }), play);

    async function play(steps: Step[]) {
      const email = await nodes().createUser('held');
      let device = await nodes().a.logIn(email);
      for (const { seconds, moves: moved, isHeld } of steps) {
        await nodes().age(device, seconds);
        const move = () => (moved === undefined ? undefined : moves[moved](email));
        const refreshed = await (isHeld ? refreshHeld(device, move) : refreshAfter(device, move));
        // A refused device has what it had.
        const { access } = refreshed.outcome === 200 ? refreshed : device;
        expect(refreshed.outcome === 200).toBe(moved === undefined || isHeld);
        const { user_version: ver, everyone_version } = await nodes().database.row(device.sid);
        expect(claimsOf(access)).toMatchObject({ ver, everyone_ver: Number(everyone_version) });
        expect((await nodes().b.check(access)) === 200).toBe(moved === undefined);
        const kept = { access, refresh: refreshed.refresh ?? device.refresh, sid: device.sid };
        device = moved === undefined ? kept : await nodes().a.logIn(email);
      }
    }

    await assert(schedules, tries(12));
  });
});

/** A refresh, so long after the one before, and what moves before it or while its answer is held. */
interface Step {
  readonly seconds: number;
  readonly moves: 'user' | 'everyone' | undefined;
  readonly isHeld: boolean;
}

/** The secret of a session, as its refresh tokens carry it. */
function secretIn(refresh: string): string {
  return Buffer.from(refresh.slice('nti1_'.length), 'base64url').toString('hex', 25, 41);
}
