import { tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createEmptyDatabase } from '../support/database.js';
import { catalogueOf, runSql } from '../support/storage/catalogue.js';
import type { PgTokenStateStore } from '../support/storage/pg-harness.js';
import { newSession } from '../support/sessions/new-session.js';
import {
  type HeldSession,
  LIMITS,
  SESSION_SQL,
  SessionDatabase,
} from '../support/sessions/session-database.js';

const SESSIONS = 'users_token_sessions';
const REVOKED = 'users_revoked_tokens';

let database: SessionDatabase;
let store: PgTokenStateStore;
let subject: string;
let session: HeldSession;

beforeAll(async () => {
  database = await SessionDatabase.open();
  store = database.node();
});
afterAll(() => database?.close());
beforeEach(async () => {
  subject = await database.createUser();
  session = await database.start(store, subject, { session: newSession({ from: '192.0.2.7' }) });
});

const set = (assignment: string) =>
  database.query(`UPDATE ${SESSIONS} SET ${assignment} WHERE id = $1`, session.id);

/** Inserts another session with the columns of this one, but for these. */
async function copy(columns: Record<string, unknown>): Promise<string> {
  const { id } = newSession();
  const changed = JSON.stringify({ ...columns, id });
  await database.query(
    `INSERT INTO ${SESSIONS} SELECT (s).* FROM (SELECT jsonb_populate_record(s, $1) AS s FROM ${SESSIONS} AS s WHERE id = $2) AS copied`,
    changed,
    session.id,
  );
  return id;
}

describe('a session, whoever writes it', () => {
  it.each([
    'user_version = 9',
    'everyone_version = 9',
    "secret_hash = sha256('\\x00')",
    "started_at = started_at - interval '1 day'",
    'auth_time = clock_timestamp()',
    'idle_seconds = NULL',
    'idle_seconds = 99999',
    'persistent = true',
    'started_from = NULL',
    'id = gen_random_uuid()',
    "expires_at = 'infinity'",
    "expires_at = expires_at + interval '1 ms'",
    'generation = -1',
    'rotated_at = clock_timestamp()',
    'repeats = 1, rotated_at = clock_timestamp()',
    'seen_at = NULL',
    "seen_at = clock_timestamp() + interval '1 hour'",
    "ended_reason = 'logged_out'",
  ])('is kept against %s', async (assignment) => {
    const before = await database.row(session.id);
    await set(assignment);
    expect(await database.row(session.id)).toEqual(before);
  });

  it('stays ended, with its first reason', async () => {
    await set("ended_at = clock_timestamp(), ended_reason = 'logged_out'");
    const before = await database.row(session.id);
    expect(before).toMatchObject({ ended_at: expect.any(Date), ended_reason: 'logged_out' });
    await set('ended_at = NULL, ended_reason = NULL');
    await set("ended_at = 'infinity', ended_reason = 'evicted'");
    expect(await database.row(session.id)).toEqual(before);
  });

  it('can be ended by hand, without a reason', async () => {
    await set('ended_at = now()');
    expect(await database.row(session.id)).toMatchObject({ ended_reason: 'ended_by_admin' });
  });

  it('can be given an earlier end', async () => {
    await set('expires_at = clock_timestamp()');
    const { records } = await store.read([{ subject, sessionId: session.id }], { timeoutMs: 5000 });
    expect(records[0]).toMatchObject({ session: { isExpired: true } });
  });

  it('forgets with each new generation when the one before was seen', async () => {
    await set('generation = 1');
    expect(await database.row(session.id)).toMatchObject({ generation: 1, seen_at: null });
    await set('generation = 0');
    expect(await database.row(session.id)).toMatchObject({ generation: 1, seen_at: null });
    await set("generation = 2, seen_at = 'infinity', rotated_at = 'infinity'");
    const clock = (await database.query('SELECT clock_timestamp() AS now'))[0]!['now'] as Date;
    const { rotated_at, seen_at } = await database.row(session.id);
    expect(Number(rotated_at)).toBeLessThanOrEqual(Number(clock));
    expect(Number(seen_at)).toBeLessThanOrEqual(Number(clock));
  });

  it('is as old as its last answer, while no use of it was seen', async () => {
    await set("generation = 1, rotated_at = clock_timestamp() - interval '1 hour'");
    const { rotated_at: rotated } = await database.row(session.id);
    await set("repeats = 1, rotated_at = 'infinity'");
    const repeated = await database.row(session.id);
    expect(repeated).toMatchObject({ repeats: 1 });
    expect(Number(repeated['rotated_at'])).toBeGreaterThan(Number(rotated));
    await set("repeats = 0, rotated_at = 'infinity'");
    expect(await database.row(session.id)).toEqual(repeated);
    await expect(set('repeats = 11')).rejects.toThrow(/check constraint/);
    await set('generation = 2');
    expect(await database.row(session.id)).toMatchObject({ repeats: 0 });
  });

  it('is of no version of everyone that is yet to come', async () => {
    const id = await copy({ everyone_version: 99 });
    expect((await database.row(id))['everyone_version']).toBe(String(session.everyoneVersion));
  });

  it('is of no version of its user that is yet to come', async () => {
    await store.invalidate({ subject }, 'logout');
    const id = await copy({ user_version: 2 });
    expect(await database.row(id)).toMatchObject({ user_version: 1 });
    await store.invalidate({ subject }, 'logout');
    const presented = { sessionId: id, generation: 0, secretHash: session.secretHash };
    await database.age(id, 100);
    expect(await store.sessions.rotate(presented, { graceSeconds: 30 })).toBeUndefined();
  });

  it.each(['started_at', 'auth_time', 'rotated_at', 'seen_at'])(
    'begins with no %s that is yet to come',
    async (column) => {
      const { [column]: instant } = await database.row(await copy({ [column]: 'infinity' }));
      const [clock] = await database.query('SELECT clock_timestamp() AS now');
      expect(Number(instant)).toBeLessThanOrEqual(Number(clock!['now']));
    },
  );

  it('that was inserted with an earlier version of its user is refused', async () => {
    await store.invalidate({ subject }, 'logout');
    const id = await copy({ user_version: 0 });
    const presented = { sessionId: id, generation: 0, secretHash: session.secretHash };
    await database.age(id, 100);
    expect(await store.sessions.rotate(presented, { graceSeconds: 30 })).toBeUndefined();
    const looked = await store.sessions.look(presented);
    expect(looked!.refreshed.userVersion).toBeLessThan(looked!.state.tokenVersion);
  });

  it('goes with its user, and is ended when the user takes another id', async () => {
    await database.query('UPDATE users SET id = gen_random_uuid() WHERE id = $1', subject);
    const row = await database.row(session.id);
    expect(row).toMatchObject({ ended_at: expect.any(Date), ended_reason: 'ended_by_admin' });
    await database.query('DELETE FROM users WHERE id = $1', row['user_id']);
    await expect(database.row(session.id)).rejects.toThrow('There is no session');
  });

  it.each(['replica', 'origin'])('is kept where session_replication_role is %s', async (role) => {
    const before = await database.row(session.id);
    await database.transaction(async (client) => {
      await client.query(`SET LOCAL session_replication_role = ${role}`);
      await client.query(`UPDATE ${SESSIONS} SET user_version = 9, generation = -1`);
    });
    expect(await database.row(session.id)).toEqual(before);
  });

  it('holds hashes of 32 bytes, and texts that were cut', async () => {
    for (const wrong of [
      { secretHash: new Uint8Array(31) },
      { label: 'l'.repeat(101) },
      { userAgent: 'u'.repeat(257) },
    ]) {
      await expect(
        database.start(store, subject, { session: newSession(wrong) }),
      ).rejects.toMatchObject({ code: '23514' });
    }
  });
});

describe('a revoked token, whoever writes it', () => {
  beforeEach(async () => {
    const expiresAt = new Date(Date.now() + 3_600_000);
    await store.sessions.revokeToken({ tokenId: subject, expiresAt });
  });
  const row = async () =>
    (await database.query(`SELECT * FROM ${REVOKED} WHERE jti = $1`, subject))[0];

  it.each(["jti = 'other'", "expires_at = expires_at - interval '1 ms'", 'expires_at = now()'])(
    'is kept against %s',
    async (assignment) => {
      const before = await row();
      await database.query(`UPDATE ${REVOKED} SET ${assignment} WHERE jti = $1`, subject);
      expect(await row()).toEqual(before);
    },
  );

  it.each([`DELETE FROM ${REVOKED}`, `TRUNCATE ${REVOKED}`])(
    'stays until it expires, against %s',
    async (sql) => {
      await expect(database.query(sql)).rejects.toThrow('stay until they expire');
      expect(await row()).toBeDefined();
    },
  );
});

/** Has a trigger of the application's run after ours, until the test is over. */
async function undo(table: string, body: string): Promise<void> {
  await database.query(
    `CREATE OR REPLACE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`,
  );
  await database.query(
    `CREATE TRIGGER zzz_undo BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION undo()`,
  );
  onTestFinished(async () => void (await database.query('DROP FUNCTION undo() CASCADE')));
}

describe("a write that a trigger of the application's undoes", () => {
  const NOTHING = { name: 'TokenStateUnchangedError' };

  it('is no revoked token: alone, and in a transaction', async () => {
    await undo(REVOKED, 'RETURN NULL;');
    const revoked = { tokenId: subject, expiresAt: new Date(Date.now() + 3_600_000) };
    await expect(store.sessions.revokeToken(revoked)).rejects.toMatchObject(NOTHING);
    const inTransaction = database.transaction((client) =>
      store.sessions.revokeToken(revoked, client),
    );
    await expect(inTransaction).rejects.toMatchObject(NOTHING);
    expect(await database.query(`SELECT FROM ${REVOKED} WHERE jti = $1`, subject)).toEqual([]);
  });

  it('is no logout everywhere else', async () => {
    await undo('users', 'RETURN OLD;');
    const target = { sessionId: session.id, of: { subject } };
    const replacing = { because: 'logout' } as const;
    const replacement = { session: newSession(), replacing, credentialsEntered: false };
    const logout = store.sessions.replace(target, { ...replacement, limits: LIMITS });
    await expect(logout).rejects.toMatchObject(NOTHING);
  });
});

describe("an end that a trigger of the application's undoes", () => {
  const ENDING = { reason: 'logged_out', retentionSeconds: 60 } as const;
  const UNDONE = { name: 'TokenStateUnchangedError' };

  it.each(['RETURN NULL;', 'RETURN OLD;'])('is none: %s', async (body) => {
    const { id: sessionId } = session;
    await undo(SESSIONS, `IF TG_OP = 'INSERT' THEN RETURN NEW; END IF; ${body}`);
    const of = { subject };
    const ending = store.sessions.end({ sessionId, of }, ENDING);
    await expect(ending).rejects.toMatchObject(UNDONE);
    const inTransaction = database.transaction((client) =>
      store.sessions.end({ sessionId, of }, ENDING, client),
    );
    await expect(inTransaction).rejects.toMatchObject(UNDONE);
    await expect(store.sessions.endOthers({ subject }, ENDING)).rejects.toMatchObject(UNDONE);
  });

  it('for one of several is a part of the change', async () => {
    await database.start(store, subject);
    await undo(SESSIONS, `IF NEW.id = '${session.id}' THEN RETURN OLD; END IF; RETURN NEW;`);
    await expect(store.sessions.endOthers({ subject }, ENDING)).rejects.toMatchObject({
      ...UNDONE,
      message: expect.stringContaining('only a part of the change'),
    });
  });
});

/** Of a user who may have more sessions than there are. */
const room = (atCap: 'evict' | 'refuse') => ({ ...LIMITS, maxSessions: 9, atCap });

describe("a session that a trigger of the application's does not let start", () => {
  const UNDONE = { name: 'TokenStateUnchangedError' };
  const NO_INSERT = "IF TG_OP = 'INSERT' THEN RETURN NULL; END IF; RETURN NEW;";

  it.each([LIMITS, room('evict'), room('refuse')])(
    'is no login, and no login too many: %j',
    async (limits) => {
      await undo(SESSIONS, NO_INSERT);
      const login = database.start(store, subject, { limits });
      await expect(login).rejects.toMatchObject(UNDONE);
    },
  );

  it('is no fork', async () => {
    await undo(SESSIONS, NO_INSERT);
    const from = { sessionId: session.id, subject, generation: 0 };
    const fork = store.sessions.fork({ from, session: newSession(), limits: room('refuse') });
    await expect(fork).rejects.toMatchObject(UNDONE);
  });

  it('is still one login too many where there are too many', async () => {
    await undo(SESSIONS, NO_INSERT);
    const limits = { ...room('refuse'), maxSessions: 1 };
    await expect(database.start(store, subject, { limits })).rejects.toThrow('limit_reached');
  });
});

describe("an eviction that a trigger of the application's undoes", () => {
  const limits = { ...room('evict'), maxSessions: 1 };

  it.each(['RETURN NULL;', 'RETURN OLD;'])('is a part of the login: %s', async (body) => {
    await undo(SESSIONS, `IF TG_OP = 'INSERT' THEN RETURN NEW; END IF; ${body}`);
    await expect(database.start(store, subject, { limits })).rejects.toMatchObject({
      name: 'TokenStateUnchangedError',
      message: expect.stringContaining('only a part of the change'),
    });
  });

  it('of one of several is, too', async () => {
    await database.start(store, subject);
    await undo(SESSIONS, `IF NEW.id = '${session.id}' THEN RETURN OLD; END IF; RETURN NEW;`);
    await expect(database.start(store, subject, { limits })).rejects.toMatchObject({
      name: 'TokenStateUnchangedError',
    });
  });

  it('is none where nobody has to go', async () => {
    await undo(SESSIONS, "IF TG_OP = 'INSERT' THEN RETURN NEW; END IF; RETURN NULL;");
    const more = await database.start(store, subject, { limits: room('evict') });
    expect(more.evicted).toEqual([]);
  });
});

const replace = (because: 'login' | 'logout') =>
  store.sessions.replace(
    { sessionId: session.id, of: { subject } },
    {
      session: newSession(),
      replacing: because === 'login' ? { because, userVersion: session.userVersion } : { because },
      credentialsEntered: because === 'login',
      limits: LIMITS,
    },
  );

describe("a session that a trigger of the application's does not let replace another", () => {
  const PART = {
    name: 'TokenStateUnchangedError',
    message: expect.stringContaining('only a part of the change'),
  };

  it.each(['login', 'logout'] as const)('is a part of the change: %s', async (because) => {
    await undo(SESSIONS, "IF TG_OP = 'INSERT' THEN RETURN NULL; END IF; RETURN NEW;");
    await expect(replace(because)).rejects.toMatchObject(PART);
  });

  it.each(['RETURN NULL;', 'RETURN OLD;'])(
    'because that one stays: is a part of the change: %s',
    async (body) => {
      await undo(SESSIONS, `IF TG_OP = 'INSERT' THEN RETURN NEW; END IF; ${body}`);
      await expect(replace('login')).rejects.toMatchObject(PART);
      expect((await database.row(session.id))['ended_at']).toBeNull();
    },
  );

  it('because the user stays as it was is a part of the change', async () => {
    await undo('users', 'RETURN NULL;');
    await expect(replace('logout')).rejects.toMatchObject(PART);
  });
});

describe('the set-up check', () => {
  const NEEDS = { sessions: true, revokedTokens: true };

  it('finds nothing wrong with what the migration made', async () => {
    expect(await store.checkSetup(NEEDS)).toEqual([]);
  });

  it('says which part lacks, and how to get it', async () => {
    const plain = await SessionDatabase.open();
    const node = plain.node();
    await runSql(plain.url, SESSION_SQL.down);
    expect(await node.checkSetup()).toEqual([]);
    expect(await node.checkSetup(NEEDS)).toEqual([
      'database: the schema has version 0 of the part "sessions", and this release needs version 1: run a migration made with tokenInvalidationSql({ …, from: { core: 2 }, to: { sessions: 1 } }) or npx nestjs-token-invalidation generate sql --has-core --sessions.',
      'database: the schema has version 0 of the part "revoked_tokens", and this release needs version 1: run a migration made with tokenInvalidationSql({ …, from: { core: 2 }, to: { revoked_tokens: 1 } }) or npx nestjs-token-invalidation generate sql --has-core --revoked-tokens.',
    ]);
    expect(await node.checkSetup({ sessions: false })).toEqual([]);
    await plain.close();
  });

  it.each([
    [
      `ALTER TABLE ${SESSIONS} DISABLE TRIGGER zz_token_invalidation`,
      `database: the trigger "zz_token_invalidation" of "${SESSIONS}" is missing or disabled: run the migration made with npx nestjs-token-invalidation generate sql again.`,
    ],
    [
      `DROP TRIGGER zz_token_invalidation_truncate ON ${REVOKED}`,
      `database: the trigger "zz_token_invalidation_truncate" of "${REVOKED}" is missing or disabled: run the migration made with npx nestjs-token-invalidation generate sql again.`,
    ],
  ])('finds what %s did, and the migration mends it', async (damage, problem) => {
    const damaged = await SessionDatabase.open();
    await runSql(damaged.url, damage);
    const node = damaged.node();
    expect(await node.checkSetup(NEEDS)).toEqual([problem]);
    await runSql(damaged.url, SESSION_SQL.up);
    expect(await node.checkSetup(NEEDS)).toEqual([]);
    await damaged.close();
  });
});

describe('the migration', () => {
  it('can be run again, and taken back, and leaves nothing behind', async () => {
    const other = await SessionDatabase.open();
    const withParts = await catalogueOf(other.url);
    await runSql(other.url, SESSION_SQL.up);
    expect(await catalogueOf(other.url)).toEqual(withParts);
    await runSql(other.url, SESSION_SQL.down);
    await runSql(other.url, SESSION_SQL.down);
    const without = await catalogueOf(other.url);
    expect(
      without.filter((line) =>
        /token_sessions|revoked_tokens|invalidation_(session|revoked)/.test(line),
      ),
    ).toEqual([]);
    await runSql(other.url, SESSION_SQL.up);
    expect(await catalogueOf(other.url)).toEqual(withParts);
    await other.close();
  });

  it('has no foreign key where the id is not unique by itself, and works', async () => {
    const other = await createEmptyDatabase();
    const options = { table: 'users', password: null, to: { core: 2, sessions: 1 } } as const;
    await runSql(
      other.url,
      'CREATE TABLE users (id text COLLATE "C", region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region); CREATE TABLE users_eu PARTITION OF users FOR VALUES IN (\'eu\')',
    );
    await runSql(other.url, tokenInvalidationSql(options).up);
    const lines = await catalogueOf(other.url);
    expect(lines.filter((line) => line.includes('FOREIGN KEY'))).toEqual([]);
    expect(lines).toContain('column users_token_sessions.user_id text NOT NULL ');
    await other.drop();
  });
});
