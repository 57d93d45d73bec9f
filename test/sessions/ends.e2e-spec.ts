import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAYERS_AND_MEMORY } from '../support/layers/layers.js';
import { claimsOf, type Device } from '../support/sessions/session-client.js';
import { all, SessionNodes } from '../support/sessions/session-nodes.js';
import { until } from '../support/until.js';

// Two processes for each layer. They take long to start on a busy machine.
describe.each(LAYERS_AND_MEMORY)('over $name', { timeout: 300_000 }, ({ name: layer }) => {
  let nodes: SessionNodes;

  beforeAll(async () => {
    nodes = await SessionNodes.start({ layer });
  }, 180_000);
  afterAll(() => nodes?.stop());

  /** Logs everyone out, and goes on as soon as it has committed. */
  async function logoutEveryone(): Promise<{ readonly answered: Promise<unknown> }> {
    const before = await nodes.rows.everyoneVersion();
    const answered = nodes.a.post('/device/everyone');
    await until('everyone is logged out', async () => {
      return (await nodes.rows.everyoneVersion()) > before;
    });
    return { answered };
  }

  /** The refresh tokens of a session by their generations, up to that of the row. */
  async function tokensOf(device: Device, latest: number): Promise<string[]> {
    const tokens = [device.refresh];
    for (let generation = 1; generation <= latest; generation += 1) {
      const { refresh } = await nodes.a.refresh(tokens.at(-1)!);
      tokens.push(refresh!);
      await nodes.age(device, 61);
      // The client holds it: the next one is due after twice the grace.
      expect((await nodes.b.refresh(refresh!)).refresh).toBeUndefined();
      await nodes.age(device, 61);
    }
    return tokens;
  }

  describe('T7 password changed by psql between two refreshes', () => {
    it('says so, and is no reuse', async () => {
      const [device, other] = [await nodes.device(), await nodes.device()];
      await nodes.a.refresh(device.refresh);
      await nodes.rows.changePassword(device.email);
      // Two generations behind would be reuse, if it were judged first.
      await nodes.age(device, 3000);
      expect(await nodes.verdicts(device)).toEqual(all('401 password_changed'));
      expect((await nodes.rowOf(device)).endedReason).toBeNull();
      expect(await nodes.eventsOf(device)).toEqual([]);
      expect(await nodes.verdicts(other)).toEqual(all(200));
    });
  });

  describe('T10 everyone logged out', () => {
    it('then refresh within the same second: refused; a session started after it: at once', async () => {
      const device = await nodes.device();
      const { answered } = await logoutEveryone();
      const refused = await nodes.b.refresh(device.refresh);
      const fresh = await nodes.b.logIn(device.email);
      expect(await nodes.verdicts(fresh)).toEqual(all(200));
      await answered;
      expect(refused.outcome).toBe('401 everyone_logged_out');
      expect(await nodes.verdicts(device)).toEqual(all('401 everyone_logged_out'));
    });

    it('while a login is under way: its tokens are refused', async () => {
      const email = await nodes.createUser('held');
      let loggingIn: Promise<Device> | undefined;
      let answered: Promise<unknown> | undefined;
      await nodes.holding(async (untilHeld) => {
        loggingIn = nodes.b.logIn(email);
        await untilHeld();
        ({ answered } = await logoutEveryone());
      });
      await answered;
      expect(await nodes.verdicts(await loggingIn!)).toEqual(all('401 everyone_logged_out'));
    });

    it('from within a long transaction, by a clock that was set back: a counter decides', async () => {
      const [device, early] = [await nodes.device(), await nodes.device()];
      let meanwhile: Device | undefined;
      await nodes.rows.logOutEveryoneAround(async () => {
        expect((await nodes.a.refresh(device.refresh)).outcome).toBe(200);
        meanwhile = await nodes.b.logIn(early.email);
        expect(await nodes.a.check(meanwhile.access)).toBe(200);
      });
      const fresh = await nodes.a.logIn(device.email);
      for (const each of [device, early, meanwhile!]) {
        expect(await nodes.verdicts(each)).toEqual(all('401 everyone_logged_out'));
      }
      expect(await nodes.verdicts(fresh)).toEqual(all(200));
    });
  });

  describe('T11 database restored: row at 30, token at 31, 40 or 30', () => {
    let device: Device;
    let tokens: readonly string[];

    beforeAll(async () => {
      device = await nodes.device();
      tokens = await tokensOf(device, 40);
    });

    it('31: the last commit was lost, and the row follows the token', async () => {
      await nodes.rows.restore(device.sid, 30);
      const adopted = await nodes.a.refresh(tokens[31]!);
      expect([adopted.outcome, adopted.refresh]).toEqual([200, undefined]);
      expect(await nodes.generationOf(device)).toBe(31);
      expect(await nodes.b.check(adopted.access)).toBe(200);
      expect((await nodes.b.refresh(tokens[31]!)).outcome).toBe(200);
      expect(await nodes.eventsOf(device)).toEqual([]);
    });

    it('30: is taken until the real one shows up, which is documented', async () => {
      await nodes.rows.restore(device.sid, 30);
      const stale = await nodes.b.refresh(tokens[30]!);
      expect([stale.outcome, stale.refresh]).toEqual([200, tokens[31]]);
      expect((await nodes.a.refresh(tokens[31]!)).outcome).toBe(200);
    });

    it('40: is ahead, and ends the session', async () => {
      await nodes.rows.restore(device.sid, 30);
      expect((await nodes.a.refresh(tokens[40]!)).outcome).toBe('401 session_ahead');
      expect((await nodes.rowOf(device)).endedReason).toBe('session_ahead');
      expect((await nodes.b.refresh(tokens[31]!)).outcome).toBe('401 session_ended');
      expect(await nodes.a.check(device.access)).toBe('401 session_ended');
    });

    it('and all are refused once everyone was logged out', async () => {
      await nodes.rows.restore(device.sid, 30);
      await nodes.a.post('/device/everyone');
      for (const generation of [29, 30, 31, 40]) {
        const refused = await nodes.b.refresh(tokens[generation]!);
        expect(refused.outcome).toBe('401 everyone_logged_out');
      }
      expect((await nodes.rowOf(device)).endedReason).toBeNull();
    });
  });

  describe('T12 idle and absolute', () => {
    it('hold by the clock of the database, at every check and at refresh', async () => {
      const [young, old] = [await nodes.device(), await nodes.device()];
      // A little is for the time that the test itself takes.
      await nodes.age(young, 3520);
      expect(await nodes.a.check(young.access)).toBe(200);
      expect((await nodes.b.refresh(young.refresh)).outcome).toBe(200);
      await nodes.age(old, 3600);
      expect(await nodes.verdicts(old)).toEqual(all('401 session_idle'));
    });

    it('let nothing prolong the absolute end', async () => {
      const device = await nodes.a.logIn(await nodes.createUser());
      let [refreshToken, last, times] = [device.refresh, device.access, 0];
      let outcome: 200 | string = 200;
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
      const { expiresAt } = await nodes.rowOf(device);
      expect(claimsOf(last)['exp']).toBe(Math.floor(Number(expiresAt) / 1000) + 600);
      expect(await nodes.a.check(last)).toBe('401 session_expired');
      expect(await nodes.eventsOf(device)).toEqual([]);
    });

    it.each([300, -300])(
      'on a node whose clock is %d s ahead are the same, and never reuse',
      async (clockOffsetSeconds) => {
        const client = await nodes.startHere({ clockOffsetSeconds });
        const device = await client.logIn(await nodes.createUser());
        await nodes.age(device, 3520);
        const answer = await client.refresh(device.refresh);
        expect(answer.outcome).toBe(200);
        await nodes.age(device, 61);
        // The newer token is seen: the former one would be reuse, if that was judged first.
        expect(await client.check(answer.access)).toBe(200);
        await client.flush();
        for (const [seconds, reason] of [
          [3600, '401 session_idle'],
          [86_400, '401 session_expired'],
        ] as const) {
          await nodes.age(device, seconds);
          for (const refresh of [device.refresh, answer.refresh!]) {
            expect((await client.refresh(refresh)).outcome).toBe(reason);
          }
          expect(await client.check(answer.access)).toBe(reason);
        }
        expect(await nodes.rowOf(device)).toMatchObject({ endedReason: null, generation: 1 });
        expect(await client.reportedOf(device.sid)).not.toContainEqual(
          expect.objectContaining({ kind: 'refresh_reused' }),
        );
      },
    );
  });

  describe('T16 device A ends device B', () => {
    it('at the next request on both nodes, and nobody else’s', async () => {
      const email = await nodes.createUser();
      const [a, b] = [await nodes.a.logIn(email), await nodes.b.logIn(email)];
      const stranger = await nodes.device();
      expect((await nodes.a.end(a.access, stranger.sid)).status).toBe(204);
      expect(await nodes.verdicts(stranger)).toEqual(all(200));
      expect((await nodes.a.end(a.access, 'no-id')).status).toBe(204);
      expect((await nodes.a.end(a.access, b.sid.toUpperCase())).status).toBe(204);
      expect(await nodes.verdicts(b)).toEqual(all('401 session_ended'));
      expect(await nodes.verdicts(a)).toEqual(all(200));
      expect(await nodes.eventsOf(stranger)).toEqual([]);
      // Nothing is attacked when an ended device comes back.
      expect(await nodes.eventsOf(b)).toEqual(['ended']);
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

      const listed = (body['sessions'] as object[]).flatMap((each) => Object.values(each));
      for (const value of [...listed, ...(await nodes.rows.valuesOf(email))].flatMap(spellings)) {
        expect(await nodes.a.check(value)).toMatch(/^401 /);
        expect((await nodes.b.refresh(value)).outcome).toBe('401 refresh_invalid');
      }
      expect(await nodes.verdicts(a)).toEqual(all(200));
    });

    it('or all others at once', async () => {
      const email = await nodes.createUser();
      const devices = [
        await nodes.a.logIn(email),
        await nodes.b.logIn(email),
        await nodes.a.logIn(email),
      ];
      expect((await nodes.b.post('/auth/logout-others', devices[0]!.access)).status).toBe(204);
      expect(await nodes.verdicts(devices[0]!)).toEqual(all(200));
      expect(await nodes.verdicts(devices[1]!)).toEqual(all('401 session_ended'));
      expect(await nodes.verdicts(devices[2]!)).toEqual(all('401 session_ended'));
    });
  });
});

/** A stored value in every spelling in which it could be sent. */
function spellings(value: unknown): string[] {
  if (value === null || value === '') return [];
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(textOf(value));
  const plain = Buffer.isBuffer(value) ? [] : [textOf(value)];
  return [
    ...plain,
    ...(['hex', 'base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding)),
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
