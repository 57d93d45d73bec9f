import type { Pool } from 'pg';

/**
 * A trigger of the application's that undoes one in fifty invalidations and reports no error. It sees nothing else, as
 * the clients rely on their own writes.
 */
export async function addCarelessTrigger(database: Pool): Promise<void> {
  await database.query(`
    CREATE FUNCTION careless() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RETURN CASE WHEN random() < 0.02 THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER aa_careless BEFORE UPDATE ON users FOR EACH ROW
      WHEN (NEW.token_version > OLD.token_version AND NEW.password_hash = OLD.password_hash)
      EXECUTE FUNCTION careless()`);
}
