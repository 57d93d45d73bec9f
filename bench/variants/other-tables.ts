import type { Pool } from 'pg';

/** Apart from the tables of better-auth, one of which has the same name. */
export const SESSIONS_SCHEMA = 'sessions';

const FILL_SESSIONS = `
  INSERT INTO ${SESSIONS_SCHEMA}.session (sid, sess, expire)
    SELECT 'of-' || id, json_build_object('cookie', '{"originalMaxAge":null}'::json, 'userId', id), now() + interval '30 days'
    FROM users
    ON CONFLICT (sid) DO NOTHING`;

const FILL_BETTER_AUTH = `
  INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
    SELECT id, display_name, email, true, created_at, updated_at FROM users
    ON CONFLICT (id) DO NOTHING;
  INSERT INTO session (id, token, "userId", "expiresAt", "createdAt", "updatedAt")
    SELECT 'of-' || id, 'of-' || id, id, now() + interval '7 days', now(), now() FROM users
    ON CONFLICT (id) DO NOTHING`;

const CREATE_REFRESH_TOKENS = `
  CREATE TABLE IF NOT EXISTS refresh_tokens (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
  );
  CREATE INDEX IF NOT EXISTS refresh_tokens_of_user ON refresh_tokens (user_id)`;

const FILL_REFRESH_TOKENS = `
  INSERT INTO refresh_tokens (token_hash, user_id, expires_at)
    SELECT sha256(id::text::bytea), id, now() + interval '30 days' FROM users
    ON CONFLICT (token_hash) DO NOTHING`;

/** A table as one makes it for refresh tokens, with a token of each user. */
export function prepareRefreshTokens(pool: Pool): Promise<void> {
  return oneAtATime(pool, async () => {
    await pool.query(CREATE_REFRESH_TOKENS);
    await pool.query(FILL_REFRESH_TOKENS);
    await pool.query('VACUUM ANALYZE refresh_tokens');
  });
}

/** Lets `makeTable` make the table of connect-pg-simple, and puts a session of each user into it. */
export function prepareSessions(pool: Pool, makeTable: () => Promise<unknown>): Promise<void> {
  return oneAtATime(pool, async () => {
    await pool.query(`CREATE SCHEMA IF NOT EXISTS ${SESSIONS_SCHEMA}`);
    await makeTable();
    await pool.query(FILL_SESSIONS);
    // Now, so that autovacuum does not do it during the measurements.
    await pool.query(`VACUUM ANALYZE ${SESSIONS_SCHEMA}.session`);
  });
}

/** Lets `migrate` make the tables of better-auth: it gets the same users under the same ids, and a session of each. */
export function prepareBetterAuth(pool: Pool, migrate: () => Promise<void>): Promise<void> {
  return oneAtATime(pool, async () => {
    await migrate();
    await pool.query(FILL_BETTER_AUTH);
    await pool.query('VACUUM ANALYZE "user", session');
  });
}

/** Two variants, or one on two platforms, may start at once and share their tables. */
async function oneAtATime(pool: Pool, work: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('other tables'))`);
    await work();
    await client.query(`SELECT pg_advisory_unlock(hashtext('other tables'))`);
    client.release();
  } catch (error) {
    // With its connection the lock goes too.
    client.release(true);
    throw error;
  }
}
