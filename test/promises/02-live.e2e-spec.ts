import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { OffsetClock } from '../support/offset-clock.js';
import { useApp } from '../support/use-app.js';
import { createUser, PASSWORD } from '../support/users.js';

describe('promise 2: a token from a record read after the invalidation is accepted at once', () => {
  const app = useApp({ platform: 'fastify' });

  it('log in, log out everywhere, 1,000 times with a clock that stands still: the old token is always refused, the new one always accepted', async () => {
    const user = await createUser(app().dataSource);
    const wrong: unknown[] = [];
    for (let round = 1; round <= 1000; round += 1) {
      const token = await app().login(user.email, PASSWORD);
      const whileIn = await app().ask(token);
      const { status } = await app().post('/auth/logout-everywhere', token);
      const whenOut = await app().ask(token);
      const asExpected =
        whileIn === 200 && status === 204 && whenOut === '401 logged_out_everywhere';
      if (!asExpected) wrong.push({ round, whileIn, status, whenOut });
    }
    expect(wrong).toEqual([]);
    expect(await app().users.findOneBy({ id: user.id })).toMatchObject({ tokenVersion: 1000 });
    // Seconds on an idle machine, minutes on a busy one.
  }, 600_000);

  it('a changed password invalidates the old token and lets the next login in, a hundred times within the same seconds', async () => {
    const user = await createUser(app().dataSource);
    let password = PASSWORD;
    for (let round = 1; round <= 100; round += 1) {
      const token = await app().login(user.email, password);
      const next = `${PASSWORD} ${round}`;
      const body = { current: password, next };
      expect(await app().post('/auth/password', token, body)).toMatchObject({ status: 204 });
      expect(await app().ask(token)).toBe('401 password_changed');
      password = next;
    }
    expect(await app().ask(await app().login(user.email, password))).toBe(200);
  });

  it('the device that asked to stay in is in at once, and stays in a hundred times', async () => {
    const user = await createUser(app().dataSource);
    let token = await app().login(user.email, PASSWORD);
    for (let round = 1; round <= 100; round += 1) {
      const { body } = await app().post('/auth/logout-everywhere', token, { keepThisDevice: true });
      expect(await app().ask(token)).toBe('401 logged_out_everywhere');
      token = body['access_token'] as string;
      expect(await app().ask(token)).toBe(200);
    }
  });
});

describe('promise 2: everyone is logged out', () => {
  const app = useApp({ clock: new OffsetClock(0) });

  it('and a login after the acknowledgement is accepted at once', async () => {
    const user = await createUser(app().dataSource);
    for (let round = 1; round <= 3; round += 1) {
      const before = await app().login(user.email, PASSWORD);
      await app().invalidator.invalidateEveryone();
      expect(await app().ask(before)).toBe('401 everyone_logged_out');
      expect(await app().ask(await app().login(user.email, PASSWORD))).toBe(200);
    }
  });
});

const SKEWS = [-300, -299, -60, -1, 0, 1, 60, 299, 300];

describe('promise 2: clocks up to five minutes apart', () => {
  let database: TestDatabase;
  const nodes = new Map<number, TestApp>();

  beforeAll(async () => {
    database = await createDatabase();
    for (const skew of SKEWS) {
      nodes.set(skew, await createApp({ url: database.url, clock: new OffsetClock(skew) }));
    }
  });

  afterAll(async () => {
    await Promise.all([...nodes.values()].map((node) => node.close()));
    await database?.drop();
  });

  it.each(SKEWS)(
    'a node %i s from the database lets in what it must and nothing else',
    async (skew) => {
      const node = nodes.get(skew)!;
      const user = await createUser(node.dataSource);
      for (const end of [
        'logoutEverywhere',
        'invalidateAfterPasswordChange',
        'invalidate',
      ] as const) {
        const before = await node.login(user.email, PASSWORD);
        expect(await node.ask(before)).toBe(200);
        await node.invalidator[end](user.id);
        expect(await node.ask(before)).toMatch(/^401 /);
        expect(await node.ask(await node.login(user.email, PASSWORD))).toBe(200);
      }
    },
  );

  const pairs = SKEWS.flatMap((one) => SKEWS.map((other) => [one, other] as const)).filter(
    ([one, other]) => Math.abs(one - other) <= 300,
  );

  it.each(pairs)(
    'a token made %i s from the database holds on a node %i s from it',
    async (one, other) => {
      const maker = nodes.get(one)!;
      const checker = nodes.get(other)!;
      const user = await createUser(maker.dataSource);
      await maker.invalidator.logoutEverywhere(user.id);
      const token = await maker.login(user.email, PASSWORD);
      expect(await checker.ask(token)).toBe(200);
      await checker.invalidator.logoutEverywhere(user.id);
      expect(await maker.ask(token)).toMatch(/^401 /);
    },
  );
});
