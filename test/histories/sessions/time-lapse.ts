import { FrozenClock } from 'nestjs-token-invalidation/testing';
import type { Pool } from 'pg';

/** So many seconds of a play pass in one of the machine's. */
const LAPSE = 40;

/** How long so many seconds of a play take, in ms. */
export function msOf(seconds: number): number {
  return (seconds * 1000) / LAPSE;
}

/**
 * Time that runs faster, for the database and for all nodes alike: the rule counts in minutes, and a history has seconds.
 * Both clocks are made of the machine's, so they agree, and a request that is under way grows old as fast as a session.
 */
export class TimeLapse {
  /** @param start - when it begins, in ms since the epoch */
  constructor(readonly start: number) {}

  /** In ms since the epoch. */
  now(): number {
    return this.start + (Date.now() - this.start) * LAPSE;
  }

  /**
   * Gives the database a clock before that of PostgreSQL, which every statement and trigger finds first. For connections
   * that are opened later.
   */
  async hasten(database: Pool): Promise<void> {
    const start = `to_timestamp(${this.start / 1000})`;
    await database.query(`
      CREATE SCHEMA lapse;
      CREATE FUNCTION lapse.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$
        SELECT ${start} + (pg_catalog.clock_timestamp() - ${start}) * ${LAPSE}
      $$;
      DO $$
      DECLARE
        each regprocedure;
      BEGIN
        FOR each IN SELECT oid FROM pg_proc WHERE prosrc LIKE '%clock_timestamp()%' AND proconfig IS NOT NULL LOOP
          EXECUTE format('ALTER FUNCTION %s SET search_path = lapse, pg_catalog, pg_temp', each);
        END LOOP;
        EXECUTE format('ALTER DATABASE %I SET search_path = lapse, pg_catalog, public', current_database());
      END $$`);
  }
}

/** The clock of a node in such a time, at a distance from the database's. */
export class LapsingClock extends FrozenClock {
  private readonly lapse: TimeLapse;

  constructor(
    start: number,
    private readonly offsetSeconds: number,
  ) {
    super();
    this.lapse = new TimeLapse(start);
  }

  override now(): number {
    return this.lapse.now() + this.offsetSeconds * 1000;
  }
}
