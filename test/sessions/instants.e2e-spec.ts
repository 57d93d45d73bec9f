import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MadeUpClock } from '../support/sessions/made-up-clock.js';
import { newSession } from '../support/sessions/new-session.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import type { PgTokenStateStore } from '../support/storage/pg-harness.js';

const ABSOLUTE = 3600;
const LIMITS = {
  absoluteSeconds: ABSOLUTE,
  idleSeconds: null,
  atCap: 'evict',
  retentionSeconds: 60,
} as const;

let database: SessionDatabase;
let node: PgTokenStateStore;
let subject: string;

beforeEach(async () => {
  database = await SessionDatabase.open();
  subject = await database.createUser();
  const clock = await MadeUpClock.in(database);
  await clock.set(0);
  await clock.tick();
  node = database.node();
});
afterEach(() => database?.close());

const start = () => database.start(node, subject, { limits: LIMITS });

async function instantsOf(id: string): Promise<Record<string, number>> {
  const row = await database.row(id);
  const names = ['started_at', 'auth_time', 'rotated_at', 'seen_at', 'expires_at'];
  return Object.fromEntries(names.map((name) => [name, Number(row[name])]));
}

/** What a session has that starts at this instant, for a user who has just entered a password. */
const allAt = (started: number) => ({
  started_at: started,
  auth_time: started,
  rotated_at: started,
  seen_at: started,
  expires_at: started + ABSOLUTE * 1000,
});

describe('a session has the instants of one moment', () => {
  it('when it starts', async () => {
    const instants = await instantsOf((await start()).id);
    expect(instants).toEqual(allAt(instants['started_at']!));
  });

  it('when it is forked, but for those of the login', async () => {
    const former = await start();
    const forked = await node.sessions.fork({
      from: { sessionId: former.id, subject, generation: 0 },
      session: newSession(),
      limits: LIMITS,
    });
    const { auth_time, expires_at } = await instantsOf(former.id);
    const instants = await instantsOf((forked as { id: string }).id);
    expect(instants).toEqual({ ...allAt(instants['started_at']!), auth_time, expires_at });
  });

  it('when it replaces another', async () => {
    const former = await start();
    const outcome = await node.sessions.replace(
      { sessionId: former.id, of: { subject } },
      {
        session: newSession(),
        replacing: { because: 'logout' },
        credentialsEntered: true,
        limits: LIMITS,
      },
    );
    const { started } = outcome as { started: { id: string } };
    const instants = await instantsOf(started.id);
    expect(instants).toEqual(allAt(instants['started_at']!));
  });
});
