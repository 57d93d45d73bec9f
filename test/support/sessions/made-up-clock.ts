import type { SessionDatabase } from './session-database.js';

/**
 * A clock that stands where a test puts it, for every statement on a connection that is opened after it was made: an
 * unqualified clock_timestamp() is this one. Triggers name their functions, and keep to the real clock, which is ahead.
 */
export class MadeUpClock {
  private constructor(
    private readonly database: SessionDatabase,
    private readonly start: number,
  ) {}

  static async in(database: SessionDatabase): Promise<MadeUpClock> {
    const name = new URL(database.url).pathname.slice(1);
    await database.query('CREATE SCHEMA made_up');
    await database.query('CREATE SEQUENCE made_up.milliseconds');
    await database.query(
      clockWith('SELECT to_timestamp(last_value / 1000.0) FROM made_up.milliseconds'),
    );
    await database.query(`ALTER DATABASE ${name} SET search_path = made_up, pg_catalog, public`);
    // So far back that no schedule reaches the real time.
    return new MadeUpClock(database, Date.now() - 100 * 86_400_000);
  }

  /** @param seconds - since time began */
  async set(seconds: number): Promise<void> {
    const milliseconds = Math.round(this.start + seconds * 1000);
    await this.database.query("SELECT setval('made_up.milliseconds', $1)", milliseconds);
  }

  /** From now on, it is a millisecond later each time that it is read. */
  async tick(): Promise<void> {
    await this.database.query(
      clockWith("SELECT to_timestamp(nextval('made_up.milliseconds') / 1000.0)"),
    );
  }
}

function clockWith(body: string): string {
  return `CREATE OR REPLACE FUNCTION made_up.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$${body}$$`;
}
