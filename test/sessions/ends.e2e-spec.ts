import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestApp } from '../support/create-app.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import {
  claimsOf,
  type Device,
  deviceOf,
  outcomeOf,
  SessionClient,
} from '../support/sessions/session-client.js';
import { SessionNodes } from '../support/sessions/session-nodes.js';
import { PASSWORD } from '../support/users.js';

let nodes: SessionNodes;

// Two processes start, which takes long on a busy machine.
beforeAll(async () => {
  nodes = await SessionNodes.start();
}, 180_000);
afterAll(() => nodes?.stop());

/** What both nodes say of a device: of its access token, then of its refresh token. */
async function verdicts({ access, refresh }: Device): Promise<(200 | string)[]> {
  const { a, b } = nodes;
  return [
    await a.check(access),
    await b.check(access),
    (await a.refresh(refresh)).outcome,
    (await b.refresh(refresh)).outcome,
  ];
}

const all = (verdict: 200 | string) => Array(4).fill(verdict) as unknown;

describe('T7 password changed by psql between two refreshes', () => {
  it('says so, and is no reuse', async () => {
    const [device, other] = [await nodes.device(), await nodes.device()];
    await nodes.a.refresh(device.refresh);
    const sql = "UPDATE users SET password_hash = 'other' WHERE email = $1";
    await nodes.database.query(sql, device.email);
    // Two generations behind would be reuse, if it were judged first.
    await nodes.age(device, 3000);
    expect(await verdicts(device)).toEqual(all('401 password_changed'));
    expect((await nodes.database.row(device.sid))['ended_reason']).toBeNull();
    expect(await verdicts(other)).toEqual(all(200));
  });
});

describe('T10 everyone logged out', () => {
  const version = 'SELECT everyone_version::int AS n FROM users_token_invalidation';

  /** Logs everyone out, and goes on as soon as it has committed. */
  async function logoutEveryone(): Promise<Promise<unknown>> {
    const before = (await nodes.database.query(version))[0]!['n'] as number;
    const asked = nodes.a.post('/device/everyone');
    while (((await nodes.database.query(version))[0]!['n'] as number) === before);
    return asked;
  }

  it('then refresh within the same second: refused; a session started after it: at once', async () => {
    const device = await nodes.device();
    const answered = await logoutEveryone();
    const refused = await nodes.b.refresh(device.refresh);
    const fresh = await nodes.b.logIn(device.email);
    expect(await verdicts(fresh)).toEqual(all(200));
    await answered;
    expect(refused.outcome).toBe('401 everyone_logged_out');
    expect(await verdicts(device)).toEqual(all('401 everyone_logged_out'));
  });

  it('while a login is under way: its tokens are refused', async () => {
    const email = await nodes.createUser('held');
    let loggingIn: Promise<Device> | undefined;
    await nodes.holding(async (untilHeld) => {
      loggingIn = nodes.b.logIn(email);
      await untilHeld();
      await logoutEveryone();
    });
    expect(await verdicts(await loggingIn!)).toEqual(all('401 everyone_logged_out'));
  });

  it('from within a long transaction, or with a clock that was set back: a counter decides', async () => {
    const device = await nodes.device();
    await nodes.database.transaction(async (client) => {
      await client.query(
        "UPDATE users_token_invalidation SET everyone_version = everyone_version + 1, everyone_logged_out_at = clock_timestamp() - interval '10 minutes'",
      );
      expect((await nodes.a.refresh(device.refresh)).outcome).toBe(200);
    });
    expect(await verdicts(device)).toEqual(all('401 everyone_logged_out'));
  });
});

describe('T12 idle and absolute', () => {
  it('hold by the clock of the database, at every check and at refresh', async () => {
    const [young, old] = [await nodes.device(), await nodes.device()];
    await nodes.age(young, 3520);
    expect(await nodes.a.check(young.access)).toBe(200);
    expect((await nodes.b.refresh(young.refresh)).outcome).toBe(200);
    await nodes.age(old, 3600);
    expect(await verdicts(old)).toEqual(all('401 session_idle'));
  });

  it('let nothing prolong the absolute end', async () => {
    const email = await nodes.createUser();
    const device = await nodes.a.logIn(email);
    let refreshToken = device.refresh;
    let outcome: 200 | string = 200;
    let times = 0;
    let last = device.access;
    while (outcome === 200 && times < 200) {
      times += 1;
      await nodes.age(device, 600);
      const answer = await nodes.b.refresh(refreshToken);
      outcome = answer.outcome;
      if (outcome !== 200) break;
      last = answer.access;
      refreshToken = answer.refresh ?? refreshToken;
    }
    expect(outcome).toBe('401 session_expired');
    expect(times).toBe(144);
    // All but the last of its ten minutes lies in what was aged.
    const { expires_at: end } = await nodes.database.row(device.sid);
    expect(claimsOf(last)['exp']).toBe(Math.floor(Number(end) / 1000) + 600);
    expect(await nodes.a.check(last)).toBe('401 session_expired');
  }, 180_000);

  describe.each([300, -300])('on a node whose clock is %d s ahead', (clockOffsetSeconds) => {
    let app: TestApp;
    let client: SessionClient;
    beforeAll(async () => {
      app = await createSessionApp({ url: nodes.database.url, clockOffsetSeconds });
      client = new SessionClient(app.url);
    });
    afterAll(() => app?.close());

    it('are the same, and never reuse', async () => {
      const device = await client.logIn(await nodes.createUser());
      await nodes.age(device, 3590);
      const answer = await client.refresh(device.refresh);
      expect(answer.outcome).toBe(200);
      expect(await client.check(answer.access)).toBe(200);
      await nodes.age(device, 3600);
      expect((await client.refresh(device.refresh)).outcome).toBe('401 session_idle');
      expect(await client.check(answer.access)).toBe('401 session_idle');
    });
  });
});

describe('T14 auth_time', () => {
  it('survives every refresh, and only a login makes a new one', async () => {
    let device: Device = await nodes.device();
    const first = (await nodes.a.refresh(device.refresh)).access;
    const login = claimsOf(device.access)['auth_time'] as number;
    // Ageing moves the login into the past as well.
    let aged = 61;
    for (let times = 0; times < 100; times += 1) {
      const { outcome, access, refresh } = await nodes.b.refresh(device.refresh);
      expect(outcome).toBe(200);
      expect(claimsOf(access)['auth_time']).toBe(login - aged);
      device = { access, refresh: refresh ?? device.refresh, sid: device.sid };
      await nodes.age(device, 61);
      aged += 61;
    }
    expect(claimsOf(first)['sid']).toBe(device.sid);
    expect(await nodes.a.ask(device.access, '/device/sensitive')).toBe(
      '401 reauthentication_required',
    );
    const json = { password: PASSWORD };
    const fresh = deviceOf(await nodes.a.post('/device/reauthenticate', device.access, json));
    expect(fresh.sid).not.toBe(device.sid);
    expect(await nodes.b.ask(fresh.access, '/device/sensitive')).toBe(200);
    expect(await verdicts(device)).toEqual(all('401 session_ended'));
  }, 180_000);

  it('of one login on a device counts once: a double click ends the first of two', async () => {
    const device = await nodes.device();
    const json = { password: PASSWORD };
    const answers = await Promise.all(
      [nodes.a, nodes.b].map((node) => node.post('/device/reauthenticate', device.access, json)),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
    const kept = deviceOf(answers.find(({ status }) => status === 200)!);
    expect(await verdicts(kept)).toEqual(all(200));
  });
});

describe('T15 keep this device after a password change', () => {
  it('with new tokens, and nobody else', async () => {
    const email = await nodes.createUser();
    const device = await nodes.a.logIn(email, { label: 'Phone' });
    const other = await nodes.a.logIn(email);
    const json = { current: PASSWORD, next: 'another password' };
    const kept = deviceOf(await nodes.a.post('/device/password', device.access, json));
    expect(await verdicts(kept)).toEqual(all(200));
    expect(await verdicts(device)).toEqual(all('401 password_changed'));
    expect(await verdicts(other)).toEqual(all('401 password_changed'));
    expect((await nodes.database.row(kept.sid))['label']).toBe('Phone');
  });

  it('and after logging out everywhere else', async () => {
    const email = await nodes.createUser();
    const [device, other] = [await nodes.a.logIn(email), await nodes.b.logIn(email)];
    const path = '/auth/logout-everywhere';
    const kept = deviceOf(await nodes.a.post(path, device.access, { keepThisDevice: true }));
    expect(claimsOf(kept.access)['auth_time']).toBe(claimsOf(device.access)['auth_time']);
    expect(await verdicts(kept)).toEqual(all(200));
    expect(await verdicts(device)).toEqual(all('401 logged_out_everywhere'));
    expect(await verdicts(other)).toEqual(all('401 logged_out_everywhere'));
  });
});

describe('T16 device A ends device B', () => {
  it('at the next request on both nodes, and nobody else’s', async () => {
    const email = await nodes.createUser();
    const [a, b] = [await nodes.a.logIn(email), await nodes.b.logIn(email)];
    const stranger = await nodes.device();
    expect((await nodes.a.end(a.access, stranger.sid)).status).toBe(204);
    expect(await verdicts(stranger)).toEqual(all(200));
    expect((await nodes.a.end(a.access, 'no-id')).status).toBe(204);
    expect((await nodes.a.end(a.access, b.sid.toUpperCase())).status).toBe(204);
    expect(await verdicts(b)).toEqual(all('401 session_ended'));
    expect(await verdicts(a)).toEqual(all(200));
  });

  it('finds it in the list, which holds no credential', async () => {
    const email = await nodes.createUser();
    const a = await nodes.a.logIn(email, { label: 'Phone', persistent: true });
    const b = await nodes.a.logIn(email, { label: 'Desk' });
    const { body } = await nodes.b.get('/auth/sessions', a.access);
    expect(body).toEqual({
      sessions: [
        expect.objectContaining({ id: b.sid, label: 'Desk', current: false, persistent: false }),
        expect.objectContaining({ id: a.sid, label: 'Phone', current: true, startedFrom: null }),
      ],
    });
    const [page] = [await nodes.b.get('/auth/sessions?limit=1', a.access)];
    expect(page.body['next']).toBe(b.sid);
    const next = await nodes.b.get(`/auth/sessions?limit=1&after=${b.sid}`, a.access);
    expect(next.body['sessions']).toMatchObject([{ id: a.sid }]);
    for (const query of ['limit=0', 'limit=x', 'limit=201', 'after=1&after=2']) {
      expect((await nodes.b.get(`/auth/sessions?${query}`, a.access)).status).toBe(400);
    }
  });

  it('or all others at once', async () => {
    const email = await nodes.createUser();
    const devices = [
      await nodes.a.logIn(email),
      await nodes.b.logIn(email),
      await nodes.a.logIn(email),
    ];
    expect((await nodes.b.post('/auth/logout-others', devices[0]!.access)).status).toBe(204);
    expect(await verdicts(devices[0]!)).toEqual(all(200));
    expect(await verdicts(devices[1]!)).toEqual(all('401 session_ended'));
    expect(await verdicts(devices[2]!)).toEqual(all('401 session_ended'));
  });
});

describe('one access token', () => {
  it('is revoked alone, on both nodes', async () => {
    const device = await nodes.device();
    const { access } = await nodes.a.refresh(device.refresh);
    expect((await nodes.a.post('/device/revoke-this-token', access)).status).toBe(204);
    expect(await nodes.b.check(access)).toBe('401 token_revoked');
    expect(await nodes.b.check(device.access)).toBe(200);
    const again = await nodes.a.post('/device/revoke-this-token', access);
    expect(outcomeOf(again)).toBe('401 token_revoked');
  });
});
