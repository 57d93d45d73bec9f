import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApp, type TestApp } from '../support/create-app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  expectNothingUnhandled,
  expectRecovery,
  rowOf,
  UNAVAILABLE,
  versionOf,
} from '../support/faults/outages.js';
import { openHolder } from '../support/faults/holder.js';
import { HAS_PGBOUNCER, type PgBouncer, startPgBouncer } from '../support/faults/pgbouncer.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { until } from '../support/until.js';
import { createUser } from '../support/users.js';

const WAITING = `SELECT count(*)::int AS count FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'`;

expectNothingUnhandled();

// Where it is missing, CI fails.
describe
  .skipIf(!HAS_PGBOUNCER && process.env['CI'] === undefined)
  .each(['session', 'transaction'] as const)(
  'behind a PgBouncer that gives out connections by the %s',
  (mode) => {
    let database: TestDatabase;
    let pooler: PgBouncer;
    let app: TestApp;

    beforeAll(async () => {
      database = await createDatabase();
      pooler = await startPgBouncer(database.url, mode);
      app = await createApp({
        url: pooler.url,
        module: { readTimeout: 20 },
        store: { writeTimeout: 20 },
      });
    });
    afterAll(async () => {
      await app?.close();
      await pooler?.stop();
      await database?.drop();
    });

    const waiting = async () => (await rowOf<{ count: number }>(database.url, WAITING)).count;
    /** Whether all that was given up ends at the server, in however long. */
    const allEnd = () =>
      until('nobody waits', async () => (await waiting()) === 0).then(
        () => true,
        () => false,
      );

    /** A node with these time limits, and a user's token. A busy machine boots within them. */
    async function impatient(url: string, seconds: number) {
      const node = await createApp({
        url,
        module: { readTimeout: seconds },
        store: { writeTimeout: seconds },
      });
      onTestFinished(() => node.close());
      const user = await createUser(app.dataSource);
      return { node, user, token: app.issuer.issue(user) };
    }

    it('checks and logouts work, many at once', async () => {
      const users = await Promise.all(Array.from({ length: 20 }, () => createUser(app.dataSource)));
      const tokens = users.map((user) => app.issuer.issue(user));
      const asked = () => Promise.all(tokens.map((token) => app.ask(token)));
      for (let round = 0; round < 5; round++)
        expect(new Set(await asked())).toEqual(new Set([200]));
      await Promise.all(users.map(({ id }) => app.invalidator.logoutEverywhere(id)));
      expect(new Set(await asked())).toEqual(new Set(['401 logged_out_everywhere']));
    });

    it('statements that were given up end at the server', async () => {
      const { node, user, token } = await impatient(pooler.url, 1);
      const holder = await openHolder(database.url);
      await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
      for (let round = 0; round < 2; round++) {
        const logout = node.invalidator.logoutEverywhere(user.id);
        await expect(logout).rejects.toMatchObject({ name: 'TokenStateUnavailableError' });
        expect(await node.ask(token)).toBe(UNAVAILABLE);
      }
      expect(await allEnd()).toBe(true);
      await holder.end();
      await expectRecovery(node, token);
      expect(await versionOf(database.url, user.id)).toBe(0);
    });

    it('they end also when the pooler was too busy to pass the request on', async () => {
      const { node, token } = await impatient(pooler.url, 4);
      const holder = await openHolder(database.url);
      await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
      const asking = node.ask(token);
      await until('the check waits', async () => (await waiting()) > 0);
      pooler.freeze();
      expect(await asking).toBe(UNAVAILABLE);
      // When its time is over, nobody waits any more for what became of the first one.
      expect(await node.ask(token)).toBe(UNAVAILABLE);
      pooler.goOn();
      expect(await allEnd()).toBe(true);
      await holder.end();
      await expectRecovery(node, token);
    });

    it('a server that is slow to end them ends no pooler', async () => {
      const proxy = await TcpProxy.open(database.url);
      onTestFinished(() => proxy.close());
      const between = await startPgBouncer(proxy.url, mode);
      onTestFinished(() => between.stop());
      const { node, token } = await impatient(between.url, 4);
      const holder = await openHolder(database.url);
      await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
      const asking = node.ask(token);
      await until('the check waits', async () => (await waiting()) > 0);
      proxy.holdNew();
      expect(await asking).toBe(UNAVAILABLE);
      expect(await node.ask(token)).toBe(UNAVAILABLE);
      await proxy.heal();
      expect(await allEnd()).toBe(true);
      await holder.end();
      await expectRecovery(node, token);
    });

    it('no setting of ours is left on a connection that others get', async () => {
      const sql = "SELECT current_setting('statement_timeout') AS is";
      for (let round = 0; round < 10; round++) {
        expect(await rowOf(pooler.url, sql)).toEqual({ is: '0' });
      }
    });
  },
);
