import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAYERS_AND_MEMORY } from '../support/layers/layers.js';
import {
  claimsOf,
  type Device,
  type RefreshAnswer,
  type SessionClient,
} from '../support/sessions/session-client.js';
import { SessionNodes } from '../support/sessions/session-nodes.js';

const LONG = { absolute: '90 days', idle: '30 days' };

/** What an access token lives, in seconds, and one more. */
const LIFE = 901;

const outcomesOf = (answers: readonly RefreshAnswer[]) => [
  ...new Set(answers.map(({ outcome }) => outcome)),
];

// Two processes for each layer. They take long to start on a busy machine.
describe.each(LAYERS_AND_MEMORY)('over $name', { timeout: 300_000 }, ({ name: layer }) => {
  let nodes: SessionNodes;

  beforeAll(async () => {
    nodes = await SessionNodes.start({ layer, sessions: LONG });
  }, 180_000);
  afterAll(() => nodes?.stop());

  /** The same refresh, on two nodes in turn. */
  function refreshes(times: number, token: string): Promise<RefreshAnswer[]> {
    const { a, b } = nodes;
    const each = Array.from({ length: times }, (_, index) => (index % 2 ? a : b).refresh(token));
    return Promise.all(each);
  }

  async function expectRefused(device: Device, reason: string): Promise<void> {
    for (const node of [nodes.a, nodes.b]) {
      expect(await node.check(device.access)).toBe(reason);
      expect((await node.refresh(device.refresh)).outcome).toBe(reason);
    }
  }

  describe('T1 50 parallel refreshes of one token, two nodes', () => {
    it('are all answered with the same successor, and write once', async () => {
      const device = await nodes.device();
      const rows = await nodes.rows.count();
      let answers: RefreshAnswer[] = [];
      const updates = await nodes.rows.updatesDuring(async () => {
        // Each node has begun its rotation before either has made one.
        answers = await nodes.rows.colliding(device.sid, 2, () => refreshes(50, device.refresh));
      });
      expect(outcomesOf(answers)).toEqual([200]);
      expect(new Set(answers.map(({ refresh }) => refresh)).size).toBe(1);
      expect(answers[0]!.refresh).not.toBe(device.refresh);
      expect([await nodes.generationOf(device), updates]).toEqual([1, 1]);
      expect(await nodes.rows.count()).toBe(rows);
      for (const { access } of answers) expect(await nodes.b.check(access)).toBe(200);
    });

    it('refuse nobody in a hundred rounds, and not when the access token has expired', async () => {
      const device = await nodes.device();
      let token = device.refresh;
      for (let round = 0; round < 100; round += 1) {
        const answers = await refreshes(2, token);
        expect(outcomesOf(answers)).toEqual([200]);
        token = answers.find(({ refresh }) => refresh !== undefined)?.refresh ?? token;
        // Past the life of an access token, and once in a while only past what a tab sleeps.
        await nodes.age(device, round % 3 === 0 ? 901 : 61);
      }
      expect(await nodes.generationOf(device)).toBeGreaterThan(40);
    });
  });

  describe('what a client writes that comes back again and again', () => {
    it('one row for a rotation, one for its sight, and nothing until the next is due', async () => {
      const device = await nodes.device();
      let token = device.refresh;
      /** How many rows 64 refreshes of the token write, that come at once. */
      const writes = () =>
        nodes.rows.updatesDuring(async () => {
          const answers = await refreshes(64, token);
          expect(outcomesOf(answers)).toEqual([200]);
          token = answers[0]!.refresh ?? token;
        });
      expect([await writes(), await writes()]).toEqual([1, 0]);
      await nodes.age(device, 61);
      // The sight: the client has kept the token. The next rotation is twice the grace away.
      const sight = await nodes.rows.updatesDuring(() => nodes.a.refresh(token));
      expect([sight, await writes(), await writes()]).toEqual([1, 0, 0]);
      await nodes.age(device, 61);
      expect([await writes(), await writes()]).toEqual([1, 0]);
      expect(await nodes.generationOf(device)).toBe(2);
    });
  });

  describe('T2 the answer is lost', () => {
    it.each([
      ['1 s', 1],
      ['31 s', 31],
      ['1 h', 3600],
      ['25 h', 90_000],
    ])('retried after %s: the same successor, and no row more', async (_, seconds) => {
      const device = await nodes.device();
      const { refresh: lost } = await nodes.a.refresh(device.refresh);
      const rows = await nodes.rows.count();
      await nodes.age(device, seconds);
      const retried = await nodes.b.refresh(device.refresh);
      expect([retried.outcome, retried.refresh]).toEqual([200, lost]);
      expect([await nodes.generationOf(device), await nodes.rows.count()]).toEqual([1, rows]);
      expect(await nodes.a.check(retried.access)).toBe(200);
      // A thief who went first looks the same: the application can ask its user.
      expect(await nodes.eventsOf(device)).toEqual(seconds > 30 ? ['refresh_repeated'] : []);
    });

    it('retried again and again: neither does a retry rotate, nor start the grace', async () => {
      const device = await nodes.device();
      const { refresh: lost } = await nodes.a.refresh(device.refresh);
      for (const seconds of [0, 20, 20, 20, 20]) {
        await nodes.age(device, seconds);
        const retried = await nodes.b.refresh(device.refresh);
        expect([retried.outcome, retried.refresh]).toEqual([200, lost]);
      }
      expect(await nodes.rowOf(device)).toMatchObject({ generation: 1, seenAt: null });
    });
  });

  describe('T3 the same, but an access token of generation 1 was used', () => {
    it('60 s or more after the rotation, and the sight was flushed: reuse after the grace', async () => {
      const device = await nodes.device();
      const other = await nodes.b.logIn(device.email);
      const rotated = await nodes.a.refresh(device.refresh);
      await nodes.age(device, 61);
      expect(await nodes.a.check(rotated.access)).toBe(200);
      await nodes.a.flush();
      expect((await nodes.rowOf(device)).seenAt).not.toBeNull();

      const within = await nodes.b.refresh(device.refresh);
      expect([within.outcome, within.refresh]).toEqual([200, rotated.refresh]);
      await nodes.age(device, 31);
      expect((await nodes.b.refresh(device.refresh)).outcome).toBe('401 refresh_reused');
      for (const access of [rotated.access, device.access, within.access]) {
        await expectRefused({ ...device, access }, '401 session_ended');
      }
      await expectRefused({ ...device, refresh: rotated.refresh! }, '401 session_ended');
      expect(await nodes.eventsOf(device)).toEqual(['refresh_reused', 'ended']);
      // Nobody else's, and not the user's other devices.
      expect((await nodes.a.refresh(other.refresh)).outcome).toBe(200);
      expect(await nodes.b.check(other.access)).toBe(200);
    });

    it('earlier only: the answer may still be lost', async () => {
      const device = await nodes.device();
      const rotated = await nodes.a.refresh(device.refresh);
      expect(await nodes.a.check(rotated.access)).toBe(200);
      await nodes.a.flush();
      expect((await nodes.rowOf(device)).seenAt).toBeNull();
      await nodes.age(device, 3600);
      expect(await nodes.b.refresh(device.refresh)).toMatchObject({
        outcome: 200,
        refresh: rotated.refresh,
      });
    });
  });

  describe('once the access tokens have expired', () => {
    /** A node by whose clock they have. */
    let later: SessionClient;

    beforeAll(async () => {
      later = await nodes.startHere({ clockOffsetSeconds: LIFE });
    }, 180_000);

    it('both who were in a race go on, and of the tokens that they ever had one lives', async () => {
      const device = await nodes.device();
      const race = await refreshes(2, device.refresh);
      let held: string[] = [];
      for (const { outcome, access, refresh } of race) {
        expect([outcome, await later.check(access)]).toEqual([200, '401 token_expired']);
        held.push(refresh!);
      }
      // The next life of an access token ends with the sight of the first generation, and the one after it with a rotation.
      for (const generation of [1, 2]) {
        await nodes.age(device, LIFE);
        const answers = await Promise.all(held.map((token) => later.refresh(token)));
        expect(outcomesOf(answers)).toEqual([200]);
        for (const { access } of answers) expect(await later.check(access)).toBe(200);
        held = answers.map(({ refresh }, tab) => refresh ?? held[tab]!);
        expect(new Set(held).size).toBe(1);
        expect(await nodes.generationOf(device)).toBe(generation);
      }
      expect(held).not.toContain(race[0]!.refresh);
      expect((await nodes.b.refresh(device.refresh)).outcome).toBe('401 refresh_reused');
    });

    it('a refresh uses its token up like any other, also with the expired one at its side', async () => {
      const device = await nodes.device();
      expect(await later.check(device.access)).toBe('401 token_expired');
      await nodes.age(device, LIFE);
      const headers = { authorization: `Bearer ${device.access}` };
      const { outcome, access, refresh } = await later.refresh(device.refresh, headers);
      expect([outcome, refresh]).toEqual([200, expect.stringMatching(/^nti1_/)]);
      expect(refresh).not.toBe(device.refresh);
      await nodes.age(device, 61);
      expect(await later.check(access)).toBe(200);
      await later.flush();
      await nodes.age(device, 31);
      const replayed = await later.refresh(device.refresh, headers);
      expect(replayed.outcome).toBe('401 refresh_reused');
      expect(replayed).toMatchObject({ access: undefined, refresh: undefined });
      await expectRefused({ ...device, refresh: refresh! }, '401 session_ended');
    });
  });

  describe('T4 answers arrive in the wrong order', () => {
    it('and no late one can put an old token over a newer one', async () => {
      const device = await nodes.device();
      const [first, second] = await refreshes(2, device.refresh);
      expect(first!.refresh).toBe(second!.refresh);
      const current = await nodes.a.refresh(first!.refresh!);
      expect(current.outcome).toBe(200);
      expect(current.body).toMatchObject({ refresh_token_unchanged: true });
      expect(current.body).not.toHaveProperty('refresh_token');
      expect((await nodes.b.refresh(first!.refresh!)).outcome).toBe(200);
    });
  });

  describe('T5 a client refreshes 10 000 times in 20 s', () => {
    it('and writes once, over one connection of each node', async () => {
      const device = await nodes.device();
      const outcomes = new Set<unknown>();
      const busy: number[] = [];
      let [refresh_token, sent] = [device.refresh, 0];
      const watch = new Watch(async () => busy.push(...(await nodes.busyConnections())));
      const ask = async (node: typeof nodes.a) => {
        while (sent < 10_000) {
          sent += 100;
          const asked = { refresh_token, times: 100 };
          const { status, body } = await node.post('/device/refresh-often', undefined, asked);
          const answered = body as { outcomes: unknown[]; tokens: string[] };
          for (const outcome of [status, ...answered.outcomes]) outcomes.add(outcome);
          refresh_token = answered.tokens[0] ?? refresh_token;
        }
      };
      const started = performance.now();
      const updates = await nodes.rows.updatesDuring(async () => {
        const asked = Promise.all([nodes.a, nodes.b, nodes.a, nodes.b].map(ask));
        await Promise.all([watch.during(asked), asked]);
      });
      const minutes = Math.floor((performance.now() - started) / 60_000);
      expect([...outcomes]).toEqual([200]);
      // A machine that is so busy that it takes a minute has a sight to write.
      expect(updates).toBeGreaterThanOrEqual(1);
      expect(updates).toBeLessThanOrEqual(1 + minutes);
      expect(Math.max(0, ...busy)).toBeLessThanOrEqual(1);
      // At most one rotation in twice the grace: nobody honest gets two generations behind.
      expect(await nodes.generationOf(device)).toBeLessThanOrEqual(1 + minutes);
    });
  });

  /** A device that kept its first token, while the session went on to the third. */
  async function behind() {
    const device = await nodes.device();
    const { refresh: second } = await nodes.a.refresh(device.refresh);
    await nodes.age(device, 61);
    // The client holds the second one.
    expect((await nodes.a.refresh(second!)).outcome).toBe(200);
    await nodes.age(device, 61);
    const third = await nodes.a.refresh(second!);
    expect(await nodes.generationOf(device)).toBe(2);
    return { device, third: third.refresh! };
  }

  describe('T6 two generations behind', () => {
    it('is reuse, and ends the session', async () => {
      const { device, third } = await behind();
      expect((await nodes.b.refresh(device.refresh)).outcome).toBe('401 refresh_reused');
      expect((await nodes.a.refresh(third)).outcome).toBe('401 session_ended');
      expect(await nodes.b.check(device.access)).toBe('401 session_ended');
    });

    it('also in the same turn as fifty valid ones', async () => {
      const { device, third } = await behind();
      const [reused, ...valid] = await Promise.all([
        nodes.a.refresh(device.refresh),
        ...Array.from({ length: 50 }, () => nodes.a.refresh(third)),
      ]);
      expect(reused.outcome).toBe('401 refresh_reused');
      expect([200, '401 session_ended']).toEqual(expect.arrayContaining(outcomesOf(valid)));
      expect((await nodes.b.refresh(third)).outcome).toBe('401 session_ended');
    });
  });

  describe('T8 refresh held at a barrier, logout everywhere commits, refresh released', () => {
    it('gives a token of the session’s version, which is refused', async () => {
      const email = await nodes.createUser('held');
      const device = await nodes.a.logIn(email);
      await nodes.age(device, 61);
      let refreshing: Promise<RefreshAnswer> | undefined;
      await nodes.holding(async (untilHeld) => {
        refreshing = nodes.a.refresh(device.refresh);
        await untilHeld();
        expect((await nodes.b.post('/auth/logout-everywhere', device.access)).status).toBe(204);
      });
      const answer = await refreshing!;
      expect(answer.outcome).toBe(200);
      const { ver, sid } = claimsOf(answer.access);
      expect([ver, sid]).toEqual([claimsOf(device.access)['ver'], device.sid]);
      for (const node of [nodes.a, nodes.b]) {
        // Which of the two depends on whether the token is of the second of the logout.
        expect(await node.check(answer.access)).toMatch(
          /^401 (logged_out_everywhere|version_stale)$/,
        );
      }
      expect((await nodes.b.refresh(answer.refresh!)).outcome).toBe('401 logged_out_everywhere');
    });
  });

  describe('T9 refresh and logout of this device', () => {
    it('with the refresh held: nothing is left, and no row more', async () => {
      const email = await nodes.createUser('held');
      const device = await nodes.a.logIn(email);
      await nodes.age(device, 61);
      const rows = await nodes.rows.count();
      let refreshing: Promise<RefreshAnswer> | undefined;
      await nodes.holding(async (untilHeld) => {
        refreshing = nodes.a.refresh(device.refresh);
        await untilHeld();
        expect((await nodes.b.logout({ refresh: device.refresh })).status).toBe(204);
      });
      const answer = await refreshing!;
      await expectRefused(
        { ...device, access: answer.access, refresh: answer.refresh! },
        '401 session_ended',
      );
      expect(await nodes.rows.count()).toBe(rows);
      expect((await nodes.a.logout({ refresh: device.refresh })).status).toBe(204);
    });

    it('with the logout first: the refresh is refused', async () => {
      const device = await nodes.device();
      const rows = await nodes.rows.count();
      expect((await nodes.a.logout({ access: device.access })).status).toBe(204);
      expect((await nodes.b.refresh(device.refresh)).outcome).toBe('401 session_ended');
      await expectRefused(device, '401 session_ended');
      expect(await nodes.rows.count()).toBe(rows);
      expect((await nodes.b.logout({ refresh: device.refresh })).status).toBe(204);
    });
  });
});

/** Looks at something again and again, until it is over. */
class Watch {
  private isOver = false;

  constructor(private readonly look: () => Promise<unknown>) {}

  /** However it ends. */
  async during(work: Promise<unknown>): Promise<void> {
    const end = () => {
      this.isOver = true;
    };
    work.then(end, end);
    while (!this.isOver) await this.look();
  }
}
