import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { judgeRefresh } from '../../src/rule/refresh-rule.js';
import type {
  EndedSessions,
  PresentedRefresh,
  StartedSession,
} from '../../src/state/session.store.js';
import { stateStatements } from '../../src/postgres/state-statements.js';
import type { PgTokenStateStore } from '../support/storage/pg-harness.js';
import { newSession } from '../support/sessions/new-session.js';
import {
  GRACE,
  type HeldSession,
  LIMITS,
  SessionDatabase,
} from '../support/sessions/session-database.js';
import { Session } from '../support/storage/users.js';

const VISIT = { graceSeconds: GRACE };
const LOGOUT = { reason: 'logged_out', retentionSeconds: 60 } as const;

let database: SessionDatabase;
let nodes: [PgTokenStateStore, PgTokenStateStore];
let subject: string;
let session: HeldSession;

beforeAll(async () => {
  database = await SessionDatabase.open();
  nodes = [database.node(), database.node()];
});
afterAll(() => database?.close());
beforeEach(async () => {
  subject = await database.createUser();
  session = await database.start(nodes[0], subject);
});

const token = (generation = 0): PresentedRefresh => ({
  sessionId: session.id,
  generation,
  secretHash: session.secretHash,
});

/** A refresh, as the module does it, without what it writes for a sight or an end. */
async function refresh({ sessions }: PgTokenStateStore, presented = token()): Promise<string> {
  const rotated = await sessions.rotate(presented, VISIT);
  if (rotated) return `holds ${rotated.refreshed.generation}`;
  const verdict = judgeRefresh(presented.generation, await sessions.look(presented), VISIT);
  return verdict.accepted ? `holds ${verdict.generation}` : verdict.reason;
}

/** Runs while a transaction holds the row of the session, or of its user, and commits what it wrote. */
async function behind(sql: string, works: (() => Promise<unknown>)[]): Promise<unknown[]> {
  const blocker = await Session.open(database.url);
  try {
    await blocker.query('BEGIN');
    await blocker.query(sql);
    const commit = async () => {
      await database.untilBlocked(works.length);
      await blocker.query('COMMIT');
    };
    const [, ...done] = await Promise.all([commit(), ...works.map((work) => work())]);
    return done;
  } finally {
    await blocker.close();
  }
}

/** Two nodes whose transactions are of this isolation, unless something else is asked for. */
async function nodesUnder(isolation: string): Promise<[PgTokenStateStore, PgTokenStateStore]> {
  const role = `ALTER ROLE CURRENT_USER IN DATABASE ${new URL(database.url).pathname.slice(1)}`;
  await database.query(`${role} SET default_transaction_isolation = '${isolation}'`);
  onTestFinished(async () => {
    await database.query(`${role} RESET default_transaction_isolation`);
  });
  return [database.node(), database.node()];
}

describe.each(['read committed', 'repeatable read', 'serializable'])(
  'T1: parallel refreshes of one token, two nodes, under %s',
  (isolation) => {
    it('rotate once, 50 of them', async () => {
      const others = await nodesUnder(isolation);
      await database.age(session.id, 100);
      const refreshes = () => Array.from({ length: 50 }, (_, index) => refresh(others[index % 2]!));
      const answers = await Promise.all(refreshes());
      // A statement for several waits for no lock: beside the rotation, a token may pass as the current one.
      expect(answers).toContain('holds 1');
      expect(answers.filter((answer) => answer !== 'holds 1' && answer !== 'holds 0')).toEqual([]);
      expect(await database.row(session.id)).toMatchObject({ generation: 1 });
      expect(new Set(await Promise.all(refreshes()))).toEqual(new Set(['holds 1']));
      expect(await database.row(session.id)).toMatchObject({ generation: 1 });
    });

    it('rotate once, when both have begun before either has written', async () => {
      const [one, other] = await nodesUnder(isolation);
      await database.age(session.id, 100);
      const lock = `SELECT FROM users_token_sessions WHERE id = '${session.id}' FOR NO KEY UPDATE`;
      const answers = await behind(lock, [() => refresh(one), () => refresh(other)]);
      expect(answers).toEqual(['holds 1', 'holds 1']);
      expect(await database.row(session.id)).toMatchObject({ generation: 1 });
    });
  },
);

describe('T8 and T9: a refresh that a logout overtakes', () => {
  it('finds the session ended when the logout came first, and inserts no row', async () => {
    await database.age(session.id, 100);
    const [answer] = await behind(
      `UPDATE users_token_sessions SET ended_at = clock_timestamp(), ended_reason = 'logged_out' WHERE id = '${session.id}'`,
      [() => refresh(nodes[0])],
    );
    expect(answer).toBe('session_ended');
    expect(
      await database.query('SELECT FROM users_token_sessions WHERE user_id = $1', subject),
    ).toHaveLength(1);
  });

  it('leaves the session ended when the refresh came first', async () => {
    await database.age(session.id, 100);
    await behind(
      `UPDATE users_token_sessions SET generation = 1, rotated_at = clock_timestamp(), seen_at = NULL WHERE id = '${session.id}'`,
      [() => nodes[1].sessions.end({ sessionId: session.id, of: { subject } }, LOGOUT)],
    );
    expect(await database.row(session.id)).toMatchObject({
      ended_reason: 'logged_out',
      generation: 1,
    });
    expect(await refresh(nodes[0], token(1))).toBe('session_ended');
  });

  it('gives a token of the former version when the user was logged out meanwhile', async () => {
    await database.age(session.id, 100);
    const blocker = await Session.open(database.url);
    await blocker.query('BEGIN');
    await blocker.query(
      `UPDATE users SET logout_all_at = clock_timestamp() WHERE id = '${subject}'`,
    );
    const rotated = await nodes[0].sessions.rotate(token(), VISIT);
    await blocker.query('COMMIT');
    await blocker.close();
    const { records } = await nodes[1].read([{ subject }], { timeoutMs: 5000 });
    const { state } = records[0] as { state: { tokenVersion: number } };
    expect(rotated!.refreshed.userVersion).toBe(session.userVersion);
    expect(rotated!.refreshed.userVersion).toBeLessThan(state.tokenVersion);
  });

  it('lets one of two replacements happen, and the other change nothing', async () => {
    const replace = (node: PgTokenStateStore) => () =>
      node.sessions.replace(
        { sessionId: session.id, of: { subject } },
        {
          session: newSession(),
          replacing: { because: 'logout' },
          credentialsEntered: false,
          limits: LIMITS,
        },
      );
    const outcomes = await behind(`SELECT FROM users WHERE id = '${subject}' FOR UPDATE`, [
      replace(nodes[0]),
      replace(nodes[1]),
    ]);
    expect(outcomes.filter((outcome) => typeof outcome === 'object')).toHaveLength(1);
    expect(outcomes).toContain('session_ended');
    expect(await nodes[0].sessions.list(subject, { limit: 10 })).toHaveLength(1);
  });
});

describe('a login that evicts others, beside a logout of them all', () => {
  it('waits for it, or the other way round, and neither for ever', async () => {
    const others = [newSession(), newSession(), newSession()].toSorted((a, b) =>
      a.id < b.id ? -1 : 1,
    );
    // In the table, and by their last use, they are in the order against that of their ids.
    for (const other of others.toReversed()) {
      await database.start(nodes[0], subject, { session: other });
    }
    for (const [index, { id }] of others.toReversed().entries()) await database.age(id, index);
    const limits = { ...LIMITS, maxSessions: 1 };
    const { userVersion } = session;
    const login = { session: newSession(), subject, userVersion, persistent: false, limits };
    // In transactions of the caller, where a deadlock would be no accident that is tried again.
    const [started, ended] = await behind(
      `SELECT FROM users_token_sessions WHERE id = '${others[1]!.id}' FOR UPDATE`,
      [
        () => database.transaction((client) => nodes[0].sessions.start(login, client)),
        () =>
          database.transaction((client) =>
            nodes[1].sessions.endOthers({ subject, except: session.id }, LOGOUT, client),
          ),
      ],
    );
    const { evicted } = started as StartedSession;
    const { ids } = ended as EndedSessions;
    const all = [session, ...others].map(({ id }) => id);
    expect([...evicted, ...ids].toSorted()).toEqual(all.toSorted());
    const listed = await nodes[0].sessions.list(subject, { limit: 10 });
    expect(listed.map(({ id }) => id)).toEqual([login.session.id]);
  });
});

describe('T10: everyone logged out', () => {
  it('refuses a session whose login was under way, in a long transaction', async () => {
    const login = newSession();
    await database.transaction(async (client) => {
      await nodes[0].sessions.start(
        {
          session: login,
          subject,
          userVersion: session.userVersion,
          persistent: false,
          limits: LIMITS,
        },
        client,
      );
      await nodes[1].invalidateEveryone();
    });
    const presented = { sessionId: login.id, generation: 0, secretHash: login.secretHash };
    expect(await refresh(nodes[0], presented)).toBe('everyone_logged_out');
    const next = await database.start(nodes[0], subject);
    const nextToken = { sessionId: next.id, generation: 0, secretHash: next.secretHash };
    expect(await refresh(nodes[0], nextToken)).toBe('holds 0');
  });
});

describe('T19: what it costs', () => {
  it('finds the session by its primary key, in the same statement', async () => {
    await database.query(
      `INSERT INTO users_token_sessions (id, user_id, user_version, everyone_version, secret_hash, started_at, auth_time, expires_at, persistent, rotated_at)
       SELECT gen_random_uuid(), user_id, user_version, everyone_version, secret_hash, started_at, auth_time, expires_at, persistent, rotated_at
       FROM users_token_sessions, generate_series(1, 3000) WHERE id = $1`,
      session.id,
    );
    await database.query('ANALYZE users_token_sessions');
    const { text } = statements().readMany.session;
    const client = await database.pool.connect();
    await client.query('SET plan_cache_mode = force_generic_plan');
    await client.query(`PREPARE checked AS ${text}`);
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN EXECUTE checked ('{${subject}}', '{${session.id}}')`,
    );
    await client.query('DEALLOCATE checked');
    await client.query('RESET plan_cache_mode');
    client.release();
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Index Scan using users_token_sessions_pkey');
    expect(plan).not.toContain('users_token_sessions_user');
  });

  it('runs the same statement as without sessions for a batch that asks for none', () => {
    const { readOne, readMany } = statements();
    for (const texts of [readOne, readMany]) {
      expect(texts.nothing.text).not.toMatch(/session|revoked/);
      expect(texts.session.text).not.toContain('revoked_tokens');
      expect(texts.token.text).not.toContain('token_sessions');
    }
  });
});

const COLUMNS = {
  table: 'users',
  id: 'id',
  idType: 'uuid',
  tokenVersion: 'token_version',
  passwordChangedAt: 'password_changed_at',
  logoutAllAt: 'logout_all_at',
};

function statements() {
  return stateStatements({
    columns: COLUMNS,
    everyoneTable: '"users_token_invalidation"',
    loaded: ['id'],
  });
}

describe('T16: one device ends another', () => {
  it('on both nodes, at once, and nothing of what is stored is a credential', async () => {
    const other = await database.start(nodes[0], subject);
    await nodes[0].sessions.end({ sessionId: other.id, of: { subject } }, LOGOUT);
    for (const node of nodes) {
      const { records } = await node.read([{ subject, sessionId: other.id }], { timeoutMs: 5000 });
      expect(records[0]).toMatchObject({ session: { endedReason: 'logged_out' } });
      expect(
        await refresh(node, { ...token(), sessionId: other.id, secretHash: other.secretHash }),
      ).toBe('session_ended');
    }
    expect(await refresh(nodes[1])).toBe('holds 0');
    const [listed, ...none] = await nodes[0].sessions.list(subject, { limit: 10 });
    expect(none).toEqual([]);
    expect(JSON.stringify(listed)).not.toContain(Buffer.from(session.secretHash).toString('hex'));
  });
});
