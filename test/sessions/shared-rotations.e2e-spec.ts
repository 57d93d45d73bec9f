import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RefreshRecord } from '../../src/state/session.store.js';
import {
  GRACE,
  type HeldSession,
  LIMITS,
  SessionDatabase,
} from '../support/sessions/session-database.js';
import type { PgTokenStateStore } from '../support/storage/pg-harness.js';
import { Session } from '../support/storage/users.js';

const VISIT = { graceSeconds: GRACE };

let database: SessionDatabase;
let store: PgTokenStateStore;
let held: HeldSession[];

beforeAll(async () => {
  database = await SessionDatabase.open();
  store = database.node();
});
afterAll(() => database?.close());
beforeEach(async () => {
  held = [];
  for (let count = 0; count < 4; count += 1) {
    const session = await database.start(store, await database.createUser());
    await database.age(session.id, 100);
    held.push(session);
  }
});

type Rotated = RefreshRecord<unknown> | undefined;

/** In one turn of the event loop. */
function rotate(sessions: readonly Pick<HeldSession, 'id' | 'secretHash'>[]): Promise<Rotated>[] {
  return sessions.map(({ id: sessionId, secretHash }) =>
    store.sessions.rotate({ sessionId, generation: 0, secretHash }, VISIT),
  );
}

const generationsOf = (rotated: readonly Rotated[]) =>
  rotated.map((record) => record?.refreshed.generation);

async function rows(): Promise<Record<string, unknown>[]> {
  return database.query(
    'SELECT id::text, generation, xmin::text AS writer FROM users_token_sessions WHERE id = ANY($1) ORDER BY id',
    held.map(({ id }) => id),
  );
}

describe('refreshes of several sessions at once', () => {
  it('share a statement, and each gets its session and its user', async () => {
    const rotated = await Promise.all(rotate(held));
    expect(rotated.map((record) => record?.refreshed)).toMatchObject(
      held.map(({ id, subject }) => ({ id, subject, generation: 1, secretMatches: true })),
    );
    expect(rotated.map((record) => (record!.user as { id: string }).id)).toEqual(
      held.map(({ subject }) => subject),
    );
    const written = await rows();
    expect(written.map(({ generation }) => generation)).toEqual([1, 1, 1, 1]);
    expect(new Set(written.map(({ writer }) => writer)).size).toBe(1);
  });

  it('note for each what its own client says, and nothing where it says nothing', async () => {
    const visits = [
      { ...VISIT, userAgent: 'phone', from: '192.0.2.7' },
      VISIT,
      { ...VISIT, userAgent: 'desk', from: '2001:db8::/48' },
    ];
    await Promise.all(
      visits.map((visit, index) => {
        const { id: sessionId, secretHash } = held[index]!;
        return store.sessions.rotate({ sessionId, generation: 0, secretHash }, visit);
      }),
    );
    const written = (await rows()).filter(({ generation }) => generation === 1);
    expect(written).toHaveLength(3);
    expect(new Set(written.map(({ writer }) => writer)).size).toBe(1);
    const listed = await Promise.all(
      held.map(({ subject }) => store.sessions.list(subject, { limit: 1 })),
    );
    expect(listed.map(([session]) => [session!.userAgent, session!.lastFrom])).toEqual([
      ['phone', '192.0.2.7'],
      [null, null],
      ['desk', '2001:db8::/48'],
      [null, null],
    ]);
  });

  it('say nothing of those that are not due', async () => {
    const [first, other, ended, loggedOut] = held as [
      HeldSession,
      HeldSession,
      HeldSession,
      HeldSession,
    ];
    await store.sessions.end(
      { sessionId: ended.id, of: { subject: ended.subject } },
      { reason: 'logged_out', retentionSeconds: LIMITS.retentionSeconds },
    );
    await store.invalidate({ subject: loggedOut.subject }, 'logout');
    const wrong = { ...other, secretHash: first.secretHash };
    const rotated = await Promise.all(rotate([first, wrong, ended, loggedOut]));
    expect(generationsOf(rotated)).toEqual([1, undefined, undefined, undefined]);
    // The grace has begun again for the first one.
    expect(generationsOf(await Promise.all(rotate(held)))).toEqual([
      undefined,
      1,
      undefined,
      undefined,
    ]);
  });

  it('wait for no row that somebody has locked, and rotate it the next time', async () => {
    const [locked] = held as [HeldSession];
    const blocker = await Session.open(database.url);
    try {
      await blocker.query('BEGIN');
      await blocker.query(
        `UPDATE users_token_sessions SET label = 'locked' WHERE id = '${locked.id}'`,
      );
      expect(generationsOf(await Promise.all(rotate(held)))).toEqual([undefined, 1, 1, 1]);
      await blocker.query('COMMIT');
    } finally {
      await blocker.close();
    }
    const rotated = await Promise.all(rotate(held));
    expect(rotated.map((record) => record?.refreshed)).toEqual([
      expect.objectContaining({ generation: 1, label: 'locked' }),
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('fail alone', async () => {
    const [faulty, ...others] = held as [HeldSession, ...HeldSession[]];
    await database.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$`,
    );
    await database.query(
      `CREATE TRIGGER refuse BEFORE UPDATE ON users_token_sessions FOR EACH ROW WHEN (OLD.id = '${faulty.id}') EXECUTE FUNCTION refuse()`,
    );
    const [refused, ...rotated] = await Promise.allSettled(rotate([faulty, ...others]));
    await database.query('DROP TRIGGER refuse ON users_token_sessions');
    expect(refused).toMatchObject({ status: 'rejected', reason: { message: 'refused' } });
    expect(rotated.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    const generations = (await rows()).map(({ id, generation }) => [id === faulty.id, generation]);
    expect(generations).toEqual(
      expect.arrayContaining([
        [true, 0],
        [false, 1],
      ]),
    );
  });

  it('of one session rotate it once', async () => {
    const [one, other] = held as [HeldSession, HeldSession];
    const rotated = await Promise.all(rotate([one, one, other]));
    expect(generationsOf(rotated).filter((generation) => generation === 1)).toHaveLength(2);
    expect((await database.row(one.id))['generation']).toBe(1);
  });
});
