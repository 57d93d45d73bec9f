import { REHASH_SETTING, rehashPermit } from '../../../src/postgres/sql.js';
import type { Session } from '../storage/users.js';

/** The names of the table that the checks work on. */
export const CHECKED = {
  schema: '"public"',
  users: 'checked',
  everyone: 'checked_everyone',
  id: 'id',
  password: 'hash',
  tokenVersion: 'version',
  passwordChangedAt: 'changed_at',
  logoutAllAt: 'logout_at',
} as const;

export const CHECKED_TABLES = [
  `CREATE TABLE checked (id text PRIMARY KEY, hash text, note text, version integer NOT NULL DEFAULT 0,
     changed_at timestamptz(3), logout_at timestamptz(3))`,
  `CREATE TABLE checked_everyone (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
     everyone_logged_out_at timestamptz(3), everyone_version bigint NOT NULL DEFAULT 0, retired_version bigint NOT NULL DEFAULT 0)`,
  'INSERT INTO checked_everyone DEFAULT VALUES',
  'GRANT SELECT, INSERT, UPDATE, DELETE ON checked TO PUBLIC',
  // What a role without any right finds when a name is looked up along its own search_path.
  'CREATE SCHEMA evil',
  `CREATE FUNCTION evil.date_trunc(text, timestamptz) RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2000-01-01'::timestamptz $$`,
  'CREATE FUNCTION evil.nothing(integer, integer) RETURNS integer LANGUAGE sql AS $$ SELECT 0 $$',
  'CREATE OPERATOR evil.+ (FUNCTION = evil.nothing, LEFTARG = integer, RIGHTARG = integer)',
  'CREATE FUNCTION evil.nothing(bigint, integer) RETURNS bigint LANGUAGE sql AS $$ SELECT 0::bigint $$',
  'CREATE OPERATOR evil.+ (FUNCTION = evil.nothing, LEFTARG = bigint, RIGHTARG = integer)',
  'GRANT USAGE ON SCHEMA evil TO PUBLIC',
];

interface Row {
  id: string;
  hash: string;
  version: number;
  changed_at: Date | null;
  logout_at: Date | null;
}

const AN_HOUR_AGO = "date_trunc('milliseconds', clock_timestamp()) - interval '1 hour'";
const A_MINUTE_AGO = "date_trunc('milliseconds', clock_timestamp()) - interval '1 minute'";
const IN_AN_HOUR = "clock_timestamp() + interval '1 hour'";

/** What a check has in hand: a user 'u' at version 3, whose cutoffs are an hour old. */
class Checked {
  constructor(private readonly session: Session) {}

  async run(sql: string): Promise<void> {
    await this.session.query(sql);
  }

  async one<Value = Row>(sql: string): Promise<Value> {
    const [row] = await this.session.query<Value>(sql);
    return row!;
  }

  async user(id = 'u'): Promise<Row> {
    return this.one(`SELECT * FROM checked WHERE id = '${id}'`);
  }

  async set(assignment: string): Promise<Row> {
    await this.run(`UPDATE checked SET ${assignment} WHERE id = 'u'`);
    return this.user();
  }

  async clock(): Promise<Date> {
    const { now } = await this.one<{ now: Date }>(
      "SELECT date_trunc('milliseconds', clock_timestamp()) AS now",
    );
    return now;
  }

  /** Past every trigger. */
  async force(table: string, sql: string): Promise<void> {
    await this.run(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    await this.run(sql);
    await this.run(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  }
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

type Check = (checked: Checked, before: Row) => Promise<boolean>;

const STATE: Record<string, Check> = {
  'another hash is one change, now': async (checked, before) => {
    const earliest = await checked.clock();
    const after = await checked.set("hash = 'new'");
    return (
      after.version === before.version + 1 &&
      after.changed_at! >= earliest &&
      same(after.logout_at, before.logout_at)
    );
  },
  'another hash with its own version': async (checked, before) => {
    const raised = await checked.set("hash = 'new', version = version + 1");
    const lowered = await checked.set("hash = 'newer', version = 0");
    return raised.version === before.version + 1 && lowered.version === before.version + 2;
  },
  'another hash moves no cutoff back': async (checked) => {
    await checked.force('checked', `UPDATE checked SET changed_at = ${IN_AN_HOUR}`);
    const before = await checked.user();
    const after = await checked.set("hash = 'new'");
    return same(after.changed_at, before.changed_at) && after.version === before.version + 1;
  },
  'the same hash and other columns are none': async (checked, before) => {
    const after = await checked.set("hash = 'old', note = 'x'");
    return same([after.version, after.changed_at], [before.version, before.changed_at]);
  },
  'a re-hash is none, and the next change is one': async (checked, before) => {
    const permit = rehashPermit("'old'::text", "'new'::text");
    await checked.run(`SELECT set_config('${REHASH_SETTING}', ${permit}, true)`);
    const rehashed = await checked.set("hash = 'new'");
    const changed = await checked.set("hash = 'newer'");
    return (
      same([rehashed.version, rehashed.changed_at], [before.version, before.changed_at]) &&
      changed.version === before.version + 1
    );
  },
  'version and cutoffs do not move back': async (checked, before) => {
    const after: Row[] = [];
    for (const assignment of ['version = 0', 'changed_at = NULL', 'logout_at = NULL']) {
      after.push(await checked.set(assignment));
    }
    for (const column of ['changed_at', 'logout_at']) {
      after.push(await checked.set(`${column} = ${column} - interval '1 ms'`));
    }
    return after.every((row) => same(row, before));
  },
  'a cutoff that moves moves the version, and stays what it is': async (checked, before) => {
    const expected = await checked.one<{ instant: Date }>(`SELECT ${A_MINUTE_AGO} AS instant`);
    const instant = `'${expected.instant.toISOString()}'`;
    const one = await checked.set(`changed_at = ${instant}`);
    const other = await checked.set(`logout_at = ${instant}`);
    const version = await checked.set('version = version + 1');
    return (
      same([one.changed_at, other.logout_at], [expected.instant, expected.instant]) &&
      same(
        [one, other, version].map((row) => row.version - before.version),
        [1, 2, 3],
      )
    );
  },
  'a raised version stays what it is when a cutoff moves too': async (checked, before) => {
    const { version } = await checked.set('version = version + 5, logout_at = clock_timestamp()');
    return version === before.version + 5;
  },
  'a cutoff ahead is brought back to the clock': async (checked) => {
    const earliest = await checked.clock();
    const { changed_at, logout_at } = await checked.set(
      `changed_at = ${IN_AN_HOUR}, logout_at = 'infinity'`,
    );
    const latest = await checked.clock();
    return [changed_at!, logout_at!].every((cutoff) => cutoff >= earliest && cutoff <= latest);
  },
  'a first cutoff is set': async (checked) => {
    await checked.run("INSERT INTO checked (id) VALUES ('first')");
    await checked.run(
      `UPDATE checked SET changed_at = ${AN_HOUR_AGO}, logout_at = ${AN_HOUR_AGO} WHERE id = 'first'`,
    );
    const { changed_at, logout_at } = await checked.user('first');
    return changed_at !== null && logout_at !== null;
  },
  'the trigger says which column it watches, and its version': async (checked) => {
    const { watched } = await checked.one<{ watched: string }>(
      `SELECT string_agg(encode(tgargs, 'escape'), '') AS watched FROM pg_trigger
       WHERE tgrelid = 'checked'::regclass`,
    );
    return watched === String.raw`hash\000core=2\000`;
  },
};

const IDS: Record<string, Check> = {
  'a new user starts at 0, or at the given version': async (checked) => {
    await checked.run("INSERT INTO checked (id) VALUES ('a')");
    await checked.run("INSERT INTO checked (id, version) VALUES ('b', 7)");
    return (await checked.user('a')).version === 0 && (await checked.user('b')).version === 7;
  },
  'an id given again starts above': async (checked, before) => {
    await checked.run("DELETE FROM checked WHERE id = 'u'");
    const gone = (await checked.user()) === undefined;
    await checked.run("INSERT INTO checked (id) VALUES ('u')");
    return gone && (await checked.user()).version === before.version + 1;
  },
  'the highest version counts': async (checked) => {
    await checked.run("INSERT INTO checked (id, version) VALUES ('low', 1), ('high', 8)");
    await checked.run("DELETE FROM checked WHERE id = 'high'");
    await checked.run("DELETE FROM checked WHERE id = 'low'");
    await checked.run("INSERT INTO checked (id) VALUES ('high')");
    return (await checked.user('high')).version === 9;
  },
  'each deletion counts': async (checked) => {
    await checked.run("DELETE FROM checked WHERE id = 'u'");
    await checked.run("INSERT INTO checked (id) VALUES ('u')");
    await checked.run("DELETE FROM checked WHERE id = 'u'");
    await checked.run("INSERT INTO checked (id) VALUES ('u')");
    return (await checked.user()).version === 5;
  },
  'an id left by a change starts above': async (checked, before) => {
    await checked.run("UPDATE checked SET id = 'v' WHERE id = 'u'");
    await checked.run("INSERT INTO checked (id) VALUES ('u')");
    return (await checked.user()).version > before.version;
  },
  'an id taken by a change starts above': async (checked) => {
    await checked.run("INSERT INTO checked (id, version) VALUES ('high', 8)");
    await checked.run("DELETE FROM checked WHERE id = 'high'");
    await checked.run("UPDATE checked SET id = 'high' WHERE id = 'u'");
    return (await checked.user('high')).version === 9;
  },
  'an id written again is not changed': async (checked, before) => {
    await checked.run("INSERT INTO checked (id, version) VALUES ('high', 8)");
    await checked.run("DELETE FROM checked WHERE id = 'high'");
    const retired = () => checked.one<object>('SELECT retired_version FROM checked_everyone');
    const earlier = await retired();
    return same(await checked.set("id = 'u'"), before) && same(await retired(), earlier);
  },
  'an id written again moves no cutoff back': async (checked) => {
    await checked.force('checked', `UPDATE checked SET logout_at = ${IN_AN_HOUR}`);
    const before = await checked.user();
    return same(await checked.set("id = 'u'"), before);
  },
  'an id given again after TRUNCATE starts above': async (checked, before) => {
    await checked.run("INSERT INTO checked (id) VALUES ('a')");
    await checked.run('TRUNCATE checked');
    await checked.run("INSERT INTO checked (id) VALUES ('u')");
    return (await checked.user()).version === before.version + 1;
  },
  'TRUNCATE of no users retires nothing': async (checked) => {
    await checked.run('TRUNCATE checked');
    await checked.run('TRUNCATE checked');
    await checked.run("INSERT INTO checked (id) VALUES ('u')");
    return (await checked.user()).version === 4;
  },
  'a new user has no cutoff ahead of the clock': async (checked) => {
    await checked.run(
      `INSERT INTO checked (id, changed_at, logout_at) VALUES ('a', 'infinity', ${IN_AN_HOUR})`,
    );
    const { changed_at, logout_at } = await checked.user('a');
    const latest = await checked.clock();
    return changed_at! <= latest && logout_at! <= latest;
  },
  'a new user keeps a cutoff that is not ahead': async (checked) => {
    const cutoff = await checked.clock();
    const instant = `'${cutoff.toISOString()}'`;
    await checked.run(
      `INSERT INTO checked (id, changed_at, logout_at) VALUES ('a', ${instant}, ${instant}), ('b', NULL, NULL)`,
    );
    const [a, b] = [await checked.user('a'), await checked.user('b')];
    return same(
      [a.changed_at, a.logout_at, b.changed_at, b.logout_at],
      [cutoff, cutoff, null, null],
    );
  },
  'a role that may write users needs no other right': async (checked) => {
    await checked.run('SET LOCAL ROLE pg_monitor');
    await checked.run("INSERT INTO checked (id) VALUES ('a')");
    await checked.run("UPDATE checked SET hash = 'new'");
    await checked.run("UPDATE checked SET id = 'b' WHERE id = 'a'");
    await checked.run("DELETE FROM checked WHERE id = 'b'");
    return true;
  },
};

const SURROUNDINGS: Record<string, Check> = {
  'no search_path leads astray': async (checked, before) => {
    await checked.run('SET LOCAL search_path = evil, pg_catalog, public');
    await checked.run(`UPDATE checked_everyone SET everyone_logged_out_at = ${IN_AN_HOUR}`);
    await checked.run("UPDATE checked SET hash = 'new' WHERE id = 'u'");
    await checked.run("DELETE FROM checked WHERE id = 'u'");
    await checked.run(
      "INSERT INTO checked (id, logout_at) VALUES ('u', clock_timestamp() - interval '1 minute')",
    );
    await checked.run(
      "UPDATE checked SET hash = 'new', changed_at = clock_timestamp() WHERE id = 'u'",
    );
    const { version, changed_at, logout_at } = await checked.user();
    const { year } = await checked.one<{ year: number }>(
      'SELECT extract(year FROM everyone_logged_out_at)::int AS year FROM checked_everyone',
    );
    const years = [year, changed_at!.getFullYear(), logout_at!.getFullYear()];
    return version === before.version + 3 && years.every((each) => each > 2000);
  },
};

interface EveryoneRow {
  everyone_logged_out_at: Date | null;
  everyone_version: string;
  retired_version: string;
}

const EVERYONE: Record<string, Check> = {
  'nothing about everyone moves back': async (checked) => {
    const read = () => checked.one<EveryoneRow>('SELECT * FROM checked_everyone');
    await checked.run(
      `UPDATE checked_everyone SET everyone_logged_out_at = ${AN_HOUR_AGO}, retired_version = 4, everyone_version = 7`,
    );
    const before = await read();
    for (const assignment of [
      'everyone_logged_out_at = NULL',
      "everyone_logged_out_at = everyone_logged_out_at - interval '1 ms'",
      'retired_version = 3',
      'everyone_version = 6',
    ]) {
      await checked.run(`UPDATE checked_everyone SET ${assignment}`);
    }
    return (
      same(await read(), before) &&
      before.everyone_logged_out_at !== null &&
      before.retired_version === '4' &&
      before.everyone_version === '7'
    );
  },
  'the cutoff of everyone ahead is brought back to the clock': async (checked) => {
    const earliest = await checked.clock();
    const { cutoff } = await checked.one<{ cutoff: Date }>(
      `UPDATE checked_everyone SET everyone_logged_out_at = ${IN_AN_HOUR} RETURNING everyone_logged_out_at AS cutoff`,
    );
    return cutoff >= earliest && cutoff <= (await checked.clock());
  },
  'a moved cutoff of everyone raises the version by one, and nothing else does': async (
    checked,
  ) => {
    const versions: string[] = [];
    for (const assignment of [
      `everyone_logged_out_at = ${AN_HOUR_AGO}`,
      `everyone_logged_out_at = ${A_MINUTE_AGO}`,
      'everyone_logged_out_at = everyone_logged_out_at',
      'retired_version = retired_version + 1',
      `everyone_logged_out_at = ${IN_AN_HOUR}, everyone_version = everyone_version + 1`,
      'everyone_version = everyone_version + 5',
    ]) {
      await checked.run(`UPDATE checked_everyone SET ${assignment}`);
      const { everyone_version } = await checked.one<EveryoneRow>('SELECT * FROM checked_everyone');
      versions.push(everyone_version);
    }
    return same(versions, ['1', '2', '2', '2', '3', '8']);
  },
  'the row of everyone stays': async (checked) => {
    await checked.run('SAVEPOINT before_deletion');
    const refused = await checked.run('DELETE FROM checked_everyone').then(
      () => false,
      (error: Error) => error.message.includes('cannot be deleted'),
    );
    await checked.run('ROLLBACK TO before_deletion');
    return refused;
  },
};

const CHECKS: Readonly<Record<string, Check>> = { ...STATE, ...IDS, ...EVERYONE, ...SURROUNDINGS };

/** The names of the checks that do not hold with these triggers on the tables, which are there without any. */
export async function failedChecks(session: Session, only?: number): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    await session.query('SAVEPOINT check_begins');
    const holds = await holdsIn(session, check);
    await session.query('ROLLBACK TO check_begins');
    if (!holds) failed.push(name);
    if (failed.length === only) break;
  }
  return failed;
}

async function holdsIn(session: Session, check: Check): Promise<boolean> {
  const checked = new Checked(session);
  try {
    await checked.run(
      `INSERT INTO checked (id, hash, version, changed_at, logout_at)
       VALUES ('u', 'old', 3, ${AN_HOUR_AGO}, ${AN_HOUR_AGO})`,
    );
    return await check(checked, await checked.user());
  } catch {
    return false;
  }
}
