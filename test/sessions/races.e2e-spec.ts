import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenSessions } from 'nestjs-token-invalidation';
import { createSessionApp } from '../support/sessions/session-app.js';
import { claimsOf, deviceOf, type RefreshAnswer } from '../support/sessions/session-client.js';
import { SessionNodes } from '../support/sessions/session-nodes.js';

const LONG = { sessions: { absolute: '90 days', idle: '30 days' } };

let nodes: SessionNodes;

// Two processes start, which takes long on a busy machine.
beforeAll(async () => {
  nodes = await SessionNodes.start([LONG, LONG]);
}, 180_000);
afterAll(() => nodes?.stop());

/** The same refresh, on two nodes in turn. */
function refreshes(times: number, token: string): Promise<RefreshAnswer[]> {
  const { a, b } = nodes;
  const each = Array.from({ length: times }, (_, index) => (index % 2 ? a : b).refresh(token));
  return Promise.all(each);
}

const outcomesOf = (answers: readonly RefreshAnswer[]) => [
  ...new Set(answers.map(({ outcome }) => outcome)),
];

describe('T1 50 parallel refreshes of one token, two nodes', () => {
  it('are all answered with the same successor, and write once', async () => {
    const device = await nodes.device();
    let answers: RefreshAnswer[] = [];
    const updates = await nodes.updatesDuring(async () => {
      answers = await refreshes(50, device.refresh);
    });
    expect(outcomesOf(answers)).toEqual([200]);
    expect(new Set(answers.map(({ refresh }) => refresh)).size).toBe(1);
    expect(answers[0]!.refresh).not.toBe(device.refresh);
    expect([await nodes.generationOf(device), updates]).toEqual([1, 1]);
    for (const { access } of answers) expect(await nodes.b.check(access)).toBe(200);
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
    const rows = await nodes.rows();
    await nodes.age(device, seconds);
    const retried = await nodes.b.refresh(device.refresh);
    expect([retried.outcome, retried.refresh]).toEqual([200, lost]);
    expect([await nodes.generationOf(device), await nodes.rows()]).toEqual([1, rows]);
    expect(await nodes.a.check(retried.access)).toBe(200);
  });
});

describe('T3 the same, but an access token of generation 1 was used', () => {
  it('60 s or more after the rotation, and the sight was flushed: reuse after the grace', async () => {
    const device = await nodes.device();
    const rotated = await nodes.a.refresh(device.refresh);
    await nodes.age(device, 61);
    expect(await nodes.a.check(rotated.access)).toBe(200);
    await nodes.a.flush();
    expect((await nodes.database.row(device.sid))['seen_at']).not.toBeNull();

    const within = await nodes.b.refresh(device.refresh);
    expect([within.outcome, within.refresh]).toEqual([200, rotated.refresh]);
    await nodes.age(device, 31);
    expect((await nodes.b.refresh(device.refresh)).outcome).toBe('401 refresh_reused');
    for (const node of [nodes.a, nodes.b]) {
      expect(await node.check(rotated.access)).toBe('401 session_ended');
      expect(await node.check(device.access)).toBe('401 session_ended');
      expect((await node.refresh(rotated.refresh!)).outcome).toBe('401 session_ended');
    }
  });

  it('earlier only: the answer may still be lost', async () => {
    const device = await nodes.device();
    const rotated = await nodes.a.refresh(device.refresh);
    expect(await nodes.a.check(rotated.access)).toBe(200);
    await nodes.a.flush();
    expect((await nodes.database.row(device.sid))['seen_at']).toBeNull();
    await nodes.age(device, 3600);
    expect(await nodes.b.refresh(device.refresh)).toMatchObject({
      outcome: 200,
      refresh: rotated.refresh,
    });
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
    expect(current.headers.get('set-cookie')).toBeNull();
    expect((await nodes.b.refresh(first!.refresh!)).outcome).toBe(200);
  });
});

describe('T5 a client refreshes 10 000 times in 20 s', () => {
  it('and writes once, over one connection of each node', async () => {
    const device = await nodes.device();
    // Without HTTP, which is not what is counted here.
    const apps = await Promise.all(
      ['a', 'b'].map(() => createSessionApp({ ...LONG, url: nodes.database.url })),
    );
    const sessions = apps.map(({ app }) => app.get(TokenSessions, { strict: false }));
    const outcomes = new Set<boolean>();
    let token = device.refresh;
    let most = 0;
    const updates = await nodes.updatesDuring(async () => {
      for (let round = 0; round < 100; round += 1) {
        const asked = Array.from({ length: 100 }, (_, index) =>
          sessions[index % 2]!.refresh(token),
        );
        most = Math.max(most, await nodes.busyConnections());
        for (const answer of await Promise.all(asked)) {
          outcomes.add(answer.accepted);
          if (answer.accepted) token = answer.refreshToken ?? token;
        }
      }
    });
    await Promise.all(apps.map((app) => app.close()));
    expect([...outcomes]).toEqual([true]);
    expect(updates).toBe(1);
    expect(most).toBeLessThanOrEqual(2);
    // At most one rotation in twice the grace: nobody honest gets two generations behind.
    expect(await nodes.generationOf(device)).toBe(1);
  }, 120_000);
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
    expect(claimsOf(answer.access)).toMatchObject({ ver: 0, sid: device.sid });
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
    const rows = await nodes.rows();
    let refreshing: Promise<RefreshAnswer> | undefined;
    await nodes.holding(async (untilHeld) => {
      refreshing = nodes.a.refresh(device.refresh);
      await untilHeld();
      expect((await nodes.b.logout({ refresh: device.refresh })).status).toBe(204);
    });
    const answer = await refreshing!;
    expect((await nodes.b.refresh(answer.refresh!)).outcome).toBe('401 session_ended');
    expect(await nodes.b.check(answer.access)).toBe('401 session_ended');
    expect(await nodes.rows()).toBe(rows);
    expect((await nodes.a.logout({ refresh: device.refresh })).status).toBe(204);
  });

  it('with the logout first: the refresh is refused', async () => {
    const device = await nodes.device();
    expect((await nodes.a.logout({ access: device.access })).status).toBe(204);
    const refused = await nodes.b.refresh(device.refresh);
    expect(refused.outcome).toBe('401 session_ended');
    expect(refused.headers.get('set-cookie')).toBeNull();
    expect(await nodes.b.check(device.access)).toBe('401 session_ended');
    expect((await nodes.b.logout({ refresh: device.refresh })).status).toBe(204);
  });
});

describe('a fork', () => {
  it('gives a second process a session of its own, and the first keeps its token', async () => {
    const device = await nodes.device();
    const forked = await nodes.a.post('/device/fork', undefined, { refresh_token: device.refresh });
    const second = deviceOf(forked);
    expect(second.sid).not.toBe(device.sid);
    const [of, original] = [claimsOf(second.access), claimsOf(device.access)];
    expect(of['ver']).toBe(original['ver']);
    expect((await nodes.a.refresh(device.refresh)).outcome).toBe(200);
    expect((await nodes.b.refresh(second.refresh)).outcome).toBe(200);
    await nodes.a.logout({ refresh: device.refresh });
    expect(await nodes.b.check(second.access)).toBe(200);
  });
});
