import { Client } from 'pg';
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
import { HAS_PGBOUNCER, type PgBouncer, startPgBouncer } from '../support/faults/pgbouncer.js';
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
      app = await createApp({ url: pooler.url, module: { readTimeout: 20 } });
    });
    afterAll(async () => {
      await app?.close();
      await pooler?.stop();
      await database?.drop();
    });

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
      const impatient = await createApp({
        url: pooler.url,
        module: { readTimeout: 1 },
        store: { writeTimeout: 1 },
      });
      onTestFinished(() => impatient.close());
      const user = await createUser(app.dataSource);
      const token = app.issuer.issue(user);
      const holder = new Client(database.url);
      await holder.connect();
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
      for (let round = 0; round < 2; round++) {
        const logout = impatient.invalidator.logoutEverywhere(user.id);
        await expect(logout).rejects.toMatchObject({ name: 'TokenStateUnavailableError' });
        expect(await impatient.ask(token)).toBe(UNAVAILABLE);
      }
      await until('nobody waits', async () => {
        return (await rowOf<{ count: number }>(database.url, WAITING)).count === 0;
      });
      await holder.end();
      await expectRecovery(impatient, token);
      expect(await versionOf(database.url, user.id)).toBe(0);
    });

    it('no setting of ours is left on a connection that others get', async () => {
      const sql = "SELECT current_setting('statement_timeout') AS is";
      for (let round = 0; round < 10; round++) {
        expect(await rowOf(pooler.url, sql)).toEqual({ is: '0' });
      }
    });
  },
);
