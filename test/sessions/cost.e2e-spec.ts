import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestApp } from '../support/create-app.js';
import type { PgTokenStateStore } from '../support/storage/pg-harness.js';
import { MadeUpClock } from '../support/sessions/made-up-clock.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import { SessionClient } from '../support/sessions/session-client.js';
import { GRACE, type HeldSession, SessionDatabase } from '../support/sessions/session-database.js';
import { until } from '../support/until.js';
import { createUser } from '../support/users.js';

/** Tens of thousands of statements, on a machine that may be busy. */
const PATIENT = { timeout: 1_800_000 };

let database: SessionDatabase;
let subject: string;
let app: TestApp | undefined;

beforeEach(async () => {
  database = await SessionDatabase.open();
  subject = await database.createUser();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await database?.close();
});

/** Where no transaction of another test keeps the rows that an update has left. */
async function openAlone(): Promise<void> {
  await database.close();
  database = await SessionDatabase.openAlone();
  subject = await database.createUser();
}

async function start(store: PgTokenStateStore, count: number): Promise<HeldSession[]> {
  const sessions: HeldSession[] = [];
  for (let started = 0; started < count; started += 1) {
    sessions.push(await database.start(store, subject, { limits: LONG }));
  }
  return sessions;
}

const LONG = {
  absoluteSeconds: 30 * 86_400,
  idleSeconds: null,
  atCap: 'evict',
  retentionSeconds: 60,
} as const;

/** How many rows of sessions were updated so far, and how many of them on their page. */
async function updates(): Promise<{ all: number; hot: number }> {
  const [row] = await database.query(
    "SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = 'users_token_sessions'",
  );
  return row as { all: number; hot: number };
}

/** Which transactions wrote the rows that a check reads besides sessions. */
function otherRows(): Promise<Record<string, unknown>[]> {
  return database.query(
    'SELECT xmin::text FROM users UNION ALL SELECT xmin::text FROM users_token_invalidation ORDER BY 1',
  );
}

describe('T19 cost', PATIENT, () => {
  it('100 sessions with 100 rotations each are 100 rows, whose updates stay on their page', async () => {
    await openAlone();
    const clock = await MadeUpClock.in(database);
    const store = database.node();
    await clock.set(0);
    const sessions = await start(store, 100);
    for (let generation = 0; generation < 100; generation += 1) {
      const now = 200 * (generation + 1);
      await clock.set(now);
      for (const { id: sessionId, secretHash } of sessions) {
        const token = { sessionId, secretHash, generation };
        const rotated = await store.sessions.rotate(token, { graceSeconds: GRACE });
        expect(rotated!.refreshed.generation).toBe(generation + 1);
      }
      await clock.set(now + 61);
      for (const { id: sessionId } of sessions) {
        const sight = { sessionId, generation: generation + 1 };
        expect(await store.sessions.markSeen([sight])).toBe(1);
      }
    }
    expect(await database.query('SELECT FROM users_token_sessions')).toHaveLength(100);
    // The statistics come a little later.
    await until('20 000 updates are counted', async () => (await updates()).all >= 20_000);
    const { all, hot } = await updates();
    expect(all).toBe(20_000);
    expect(hot / all).toBeGreaterThanOrEqual(0.95);
  });

  it('10 000 requests in steady state write nothing', async () => {
    const started = await createSessionApp({ url: database.url });
    app = started;
    const client = new SessionClient(started.url);
    const { email } = await createUser(started.dataSource);
    const device = await client.logIn(email);
    await database.age(device.sid, 61);
    const { access } = await client.refresh(device.refresh);
    await database.age(device.sid, 61);
    // The sight of this generation is the last write until the next rotation.
    expect(await client.check(access)).toBe(200);
    await client.flush();
    await database.countUpdates();
    const before = await otherRows();
    for (let round = 0; round < 100; round += 1) {
      const checks = Array.from({ length: 100 }, () => started.verifier.verify(access));
      expect((await Promise.all(checks)).every(({ accepted }) => accepted)).toBe(true);
    }
    await client.flush();
    expect(await database.updates()).toBe(0);
    expect(await otherRows()).toEqual(before);
  });
});
