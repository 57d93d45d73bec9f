import { tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import type { Pool } from 'pg';

/** Brings sessions to a database that has users. */
export async function addSessions(database: Pool): Promise<void> {
  const { up } = tokenInvalidationSql({
    table: 'users',
    password: 'password_hash',
    from: { core: 2 },
    to: { core: 2, sessions: 1 },
  });
  await database.query(up);
}

/**
 * A trigger of the application's that takes its time before everyone's logout is committed: logins that are under way
 * meanwhile do not see it.
 */
export async function addSlowAudit(database: Pool): Promise<void> {
  await database.query(`
    CREATE FUNCTION audit_slowly() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_sleep(0.2 + 0.8 * random());
      RETURN NULL;
    END $$;
    CREATE TRIGGER zz_slow_audit AFTER UPDATE ON users_token_invalidation
      FOR EACH ROW EXECUTE FUNCTION audit_slowly()`);
}
