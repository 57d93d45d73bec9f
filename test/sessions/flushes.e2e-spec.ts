import { describe, expect, it } from 'vitest';
import type { SessionClient } from '../support/sessions/session-client.js';
import { useNodes } from '../support/sessions/use-nodes.js';

/** For how many seconds the nodes flush at the least: `FLUSH_SECONDS`. */
const SECONDS = Number(process.env['FLUSH_SECONDS'] ?? 0);
const ROUNDS = 30;
const SESSIONS = 1000;
const PATIENT = { timeout: 600_000 + 2000 * SECONDS };

describe('T19 two nodes that flush the same 1 000 sights, in opposite orders', PATIENT, () => {
  // As long as the grace lets it be: a busy machine is no outage.
  const nodes = useNodes({ writeTimeout: '14s' });
  const query = (sql: string) => nodes().database.query(sql);

  it(`run into no deadlock, and lose no sight, in ${ROUNDS} rounds and ${SECONDS} s`, async () => {
    const ids = await startSessions();
    const begun = performance.now();
    let [rounds, shared] = [0, 0];
    while (rounds < ROUNDS || performance.now() - begun < SECONDS * 1000) {
      rounds += 1;
      await flushAtOnce(ids, rounds);
      const [row] = await query(
        'SELECT count(seen_at)::int AS seen, count(DISTINCT xmin::text)::int AS writers FROM users_token_sessions',
      );
      expect(row!['seen']).toBe(SESSIONS);
      expect(await deadlocks()).toBe(0);
      if (row!['writers'] === 2) shared += 1;
    }
    if (SECONDS > 0) console.log(`${rounds} rounds, in ${shared} of which both nodes wrote`);
    // Neither waited for the other.
    expect(shared).toBeGreaterThan(0);
  });

  async function deadlocks(): Promise<unknown> {
    const [row] = await query(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    return row!['deadlocks'];
  }

  async function startSessions(): Promise<string[]> {
    const { sid } = await nodes().device();
    await nodes().database.query(
      `INSERT INTO users_token_sessions (id, user_id, user_version, everyone_version, secret_hash, started_at, auth_time, expires_at, persistent, rotated_at)
       SELECT gen_random_uuid(), user_id, user_version, everyone_version, secret_hash, started_at, auth_time, expires_at, persistent, rotated_at
       FROM users_token_sessions, generate_series(2, ${SESSIONS}) WHERE id = $1`,
      sid,
    );
    return (await query('SELECT id FROM users_token_sessions')).map(({ id }) => id as string);
  }

  /** Both flushes wait for the rows of a generation that is old enough to be seen, and begin when they are there. */
  async function flushAtOnce(ids: readonly string[], generation: number): Promise<void> {
    let flushes: Promise<unknown>[] = [];
    const flush = (node: SessionClient, ordered: readonly string[]) =>
      node.post('/device/flush', undefined, { ids: ordered, generation });
    await nodes().database.transaction(async (client) => {
      await client.query('ALTER TABLE users_token_sessions DISABLE TRIGGER USER');
      await client.query(
        "UPDATE users_token_sessions SET generation = $1, seen_at = NULL, rotated_at = clock_timestamp() - interval '2 minutes'",
        [generation],
      );
      await client.query(
        'ALTER TABLE users_token_sessions ENABLE ALWAYS TRIGGER zz_token_invalidation',
      );
      flushes = [flush(nodes().a, ids), flush(nodes().b, ids.toReversed())];
      await nodes().database.untilBlocked(2);
    });
    await Promise.all(flushes);
  }
});
