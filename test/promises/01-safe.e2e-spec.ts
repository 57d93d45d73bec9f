import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type NodeProcess, startNode } from '../support/node-process.js';
import { until } from '../support/until.js';
import { createUser, PASSWORD } from '../support/users.js';

/** Whatever a token must not survive, as it reaches the database. */
const INVALIDATIONS: [string, (app: TestApp, userId: string) => Promise<unknown>][] = [
  ['logoutEverywhere', (app, id) => app.invalidator.logoutEverywhere(id)],
  ['invalidateAfterPasswordChange', (app, id) => app.invalidator.invalidateAfterPasswordChange(id)],
  ['invalidate', (app, id) => app.invalidator.invalidate(id)],
  [
    'a password changed by SQL',
    (app, id) =>
      app.dataSource.query(`UPDATE users SET password_hash = 'other' WHERE id = $1`, [id]),
  ],
];

describe('promise 1: once acknowledged, an invalidation holds for every later request on every node', () => {
  let database: TestDatabase;
  let app: TestApp;
  let nodes: NodeProcess[] = [];

  beforeAll(async () => {
    database = await createDatabase();
    app = await createApp({ url: database.url });
    nodes = await Promise.all([startNode({ url: database.url }), startNode({ url: database.url })]);
  });

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await app?.close();
    await database?.drop();
  });

  it.each(INVALIDATIONS)(
    '%s is known to the nodes that took no part in it',
    async (_, invalidate) => {
      const user = await createUser(app.dataSource);
      const [one, other] = nodes as [NodeProcess, NodeProcess];
      const token = await one.login(user.email, PASSWORD);
      expect([await one.ask(token), await other.ask(token)]).toEqual([200, 200]);

      await invalidate(app, user.id);

      expect(await one.ask(token)).toMatch(/^401 /);
      expect(await other.ask(token)).toMatch(/^401 /);
    },
  );

  it('a node under load accepts no request that began after the acknowledgement', async () => {
    const user = await createUser(app.dataSource);
    const [one, other] = nodes as [NodeProcess, NodeProcess];
    const token = await one.login(user.email, PASSWORD);
    let acknowledged = false;
    const failed = new AbortController();
    let tooLate = 0;
    let accepted = 0;
    const hammer = async (): Promise<void> => {
      for (let refused = 0; refused < 5 && !failed.signal.aborted;) {
        const beganAfter = acknowledged;
        const answer = await other.ask(token);
        if (answer !== 200) refused += 1;
        else if (beganAfter) tooLate += 1;
        else accepted += 1;
      }
    };
    const logout = async (): Promise<void> => {
      await until('the other node has accepted a request', async () => {
        expect(await one.ask(token)).toBe(200);
        return accepted > 0;
      });
      await one.post('/auth/logout-everywhere', token);
      acknowledged = true;
    };
    const loggingOut = logout().catch((error: unknown) => {
      // Nobody would be refused any more.
      failed.abort();
      throw error;
    });
    await Promise.all([loggingOut, ...Array.from({ length: 16 }, hammer)]);

    expect(tooLate).toBe(0);
  });

  it('everyone logged out is everyone, on every node', async () => {
    const users = await Promise.all([createUser(app.dataSource), createUser(app.dataSource)]);
    const [one, other] = nodes as [NodeProcess, NodeProcess];
    const tokens = await Promise.all(users.map((user) => one.login(user.email, PASSWORD)));

    await app.invalidator.invalidateEveryone();

    for (const token of tokens) expect(await other.ask(token)).toBe('401 everyone_logged_out');
  });
});
