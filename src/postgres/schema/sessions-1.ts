import { dollarQuote, quoteName, quoteText, TRIGGER } from '../sql.js';
import { trigger } from './core-2-sql.js';
import type { SchemaVersion, SqlNames } from './schema-version.js';
import { sessionNames } from './session-names.js';

/**
 * Sessions, version 1: a table of one row a login, and the trigger that holds for every writer. Needs the part core.
 *
 * A refresh writes no indexed column, so that its row stays on its page; the rest of the page is kept free for it.
 */
export const SESSIONS_1: SchemaVersion = {
  up: (names) => [...createTable(names), foreignKey(names), ...keepSessions(names)],
  down: (names) => {
    const { sessions, functions } = sessionNames(names);
    return [
      `DROP TABLE IF EXISTS ${sessions}`,
      `DROP FUNCTION IF EXISTS ${functions.session}() CASCADE`,
    ];
  },
};

/** What a session has besides the columns of its user. */
const COLUMNS = `
        ADD COLUMN id uuid PRIMARY KEY,
        ALTER COLUMN user_id SET NOT NULL,
        ALTER COLUMN user_version SET NOT NULL,
        ADD COLUMN everyone_version bigint NOT NULL,
        ADD COLUMN secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
        ADD COLUMN started_at timestamptz(3) NOT NULL,
        ADD COLUMN auth_time timestamptz(3) NOT NULL,
        ADD COLUMN expires_at timestamptz(3) NOT NULL,
        ADD COLUMN idle_seconds integer CHECK (idle_seconds > 0),
        ADD COLUMN persistent boolean NOT NULL,
        ADD COLUMN generation integer NOT NULL DEFAULT 0 CHECK (generation >= 0),
        ADD COLUMN seen_at timestamptz(3),
        ADD COLUMN rotated_at timestamptz(3) NOT NULL,
        ADD COLUMN repeats smallint NOT NULL DEFAULT 0 CHECK (repeats BETWEEN 0 AND 10),
        ADD COLUMN ended_at timestamptz(3),
        ADD COLUMN ended_reason text,
        ADD COLUMN label text CHECK (char_length(label) <= 100),
        ADD COLUMN user_agent text CHECK (char_length(user_agent) <= 256),
        ADD COLUMN started_from inet,
        ADD COLUMN last_from inet,
        ADD CHECK ((ended_at IS NULL) = (ended_reason IS NULL))`;

/** The types of the user's columns, with their collations, are taken from the users table. */
function createTable(names: SqlNames): string[] {
  const { users, sessions, id, version, indexes } = sessionNames(names);
  return [
    `DO ${dollarQuote(`
    BEGIN
      IF to_regclass($sessions$${sessions}$sessions$) IS NOT NULL THEN
        RETURN;
      END IF;
      CREATE TABLE ${sessions} WITH (fillfactor = 85) AS
        SELECT ${id} AS user_id, ${version} AS user_version FROM ${users} WITH NO DATA;
      ALTER TABLE ${sessions} ${COLUMNS};
    END `)}`,
    `CREATE INDEX IF NOT EXISTS ${indexes.user} ON ${sessions} (user_id)`,
    `CREATE INDEX IF NOT EXISTS ${indexes.end} ON ${sessions} (expires_at)`,
  ];
}

/**
 * A user who is deleted takes the sessions along. Where the id is not unique by itself, as in a partitioned table, there
 * can be no key: then the read finds no user, and the sweep takes the rows.
 */
function foreignKey(names: SqlNames): string {
  const { users, sessions } = sessionNames(names);
  return `DO ${dollarQuote(`
    BEGIN
      IF EXISTS (
        SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = $users$${users}$users$::regclass AND i.indisunique AND i.indimmediate AND i.indisvalid
          AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attname = ${quoteText(names.id)}
      ) AND NOT EXISTS (
        SELECT FROM pg_constraint WHERE conrelid = $sessions$${sessions}$sessions$::regclass AND contype = 'f'
      ) THEN
        ALTER TABLE ${sessions} ADD FOREIGN KEY (user_id) REFERENCES ${users} (${quoteName(names.id)}) ON DELETE CASCADE ON UPDATE CASCADE;
      END IF;
    END `)}`;
}

function keepSessions(names: SqlNames): string[] {
  const { sessions, functions } = sessionNames(names);
  return [
    sessionFunction(names),
    // The check at boot reads the version of this part from the argument.
    ...trigger(
      TRIGGER,
      sessions,
      `BEFORE INSERT OR UPDATE ON ${sessions}
      FOR EACH ROW EXECUTE FUNCTION ${functions.session}('sessions=1')`,
    ),
  ];
}

/** What a login writes, and nothing else. */
const FIXED = [
  'id',
  'user_version',
  'everyone_version',
  'secret_hash',
  'started_at',
  'auth_time',
  'idle_seconds',
  'persistent',
  'started_from',
];

/** It stays ended, no end moves on, and what is known of a generation goes with it alone. */
const NEVER_BACK = `
      IF OLD.ended_at IS NOT NULL THEN
        NEW.ended_at := OLD.ended_at;
        NEW.ended_reason := OLD.ended_reason;
      ELSIF NEW.ended_at IS NULL THEN
        NEW.ended_reason := NULL;
      ELSE
        NEW.ended_reason := coalesce(NEW.ended_reason, 'ended_by_admin');
      END IF;
      NEW.expires_at := least(OLD.expires_at, NEW.expires_at);
      NEW.generation := greatest(OLD.generation, NEW.generation);
      IF NEW.generation > OLD.generation THEN
        NEW.seen_at := NULL;
        NEW.repeats := 0;
      ELSIF OLD.seen_at IS NOT NULL OR NEW.repeats <= OLD.repeats THEN
        NEW.seen_at := coalesce(OLD.seen_at, NEW.seen_at);
        NEW.repeats := OLD.repeats;
        NEW.rotated_at := OLD.rotated_at;
      ELSE
        -- It was given out again.
        NEW.rotated_at := greatest(OLD.rotated_at, NEW.rotated_at);
      END IF;`;

/** Ahead of the clock, the one pair would keep a login recent, and the other hold off the idle end and the next rotation. */
const NOT_AHEAD = ['started_at', 'auth_time', 'rotated_at', 'seen_at']
  .map((column) => `IF NEW.${column} > instant THEN NEW.${column} := instant; END IF;`)
  .join('\n      ');

function sessionFunction(names: SqlNames): string {
  const { users, everyone, functions, id, version } = sessionNames(names);
  const fixed = FIXED.map((column) => `NEW.${column} := OLD.${column};`).join('\n      ');
  return `CREATE OR REPLACE FUNCTION ${functions.session}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS ${dollarQuote(`
    DECLARE
      instant CONSTANT timestamptz(3) := date_trunc('milliseconds', clock_timestamp());
    BEGIN
      IF TG_OP = 'INSERT' THEN
        -- A version that the user or everyone has not reached would outlive the next invalidation.
        NEW.user_version := least(NEW.user_version, (SELECT min(${version}) FROM ${users} WHERE ${id} = NEW.user_id));
        NEW.everyone_version := least(NEW.everyone_version, (SELECT everyone_version FROM ${everyone}));
      ELSE
      ${fixed}
      -- The user took another id, and the foreign key follows: the tokens name the former one.
      IF NEW.user_id IS DISTINCT FROM OLD.user_id THEN
        NEW.ended_at := coalesce(NEW.ended_at, instant);
      END IF;
${NEVER_BACK}
      END IF;
      ${NOT_AHEAD}
      RETURN NEW;
    END `)}`;
}
