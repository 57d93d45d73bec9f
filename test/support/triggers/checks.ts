import { REHASH_SETTING, rehashPermit } from '../../../src/postgres/sql.js';
import type { Session } from '../storage/users.js';
import { enableTriggers } from '../enable-triggers.js';

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
    await this.run(enableTriggers(table));
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
  'a cutoff ahead stays until the version is raised, and then returns to the clock': async (
    checked,
    before,
  ) => {
    const after: Row[] = [];
    for (const raise of ["hash = 'new'", 'version = version + 1']) {
      const ahead = `changed_at = ${IN_AN_HOUR}, logout_at = ${IN_AN_HOUR}`;
      await checked.force('checked', `UPDATE checked SET ${ahead}`);
      const forced = await checked.user();
      if (!same(await checked.set('logout_at = clock_timestamp()'), forced)) return false;
      after.push(await checked.set(raise));
    }
    const latest = await checked.clock();
    return after.every(
      ({ version, changed_at, logout_at }, index) =>
        version === before.version + 1 + index && changed_at! <= latest && logout_at! <= latest,
    );
  },
  'a version is set no higher than half of what fits, and then rises by one': async (checked) => {
    const versions: number[] = [];
    for (const version of [2 ** 30 - 1, 2 ** 30, 2 ** 31 - 1, 2 ** 31 - 1]) {
      versions.push((await checked.set(`version = ${version}`)).version);
    }
    return same(versions, [2 ** 30 - 1, 2 ** 30, 2 ** 30 + 1, 2 ** 30 + 2]);
  },
  'changes within one millisecond count each': async (checked, before) => {
    await checked.run(
      `DO $$ BEGIN FOR change IN 1..300 LOOP UPDATE checked SET hash = change::text WHERE id = 'u'; END LOOP; END $$`,
    );
    return (await checked.user()).version === before.version + 300;
  },
  'a version of NULL changes nothing': async (checked, before) =>
    same(await checked.set('version = NULL'), before),
  'what another server did invalidates, and keeps what came with it': async (checked, before) => {
    const { instant } = await checked.one<{ instant: Date }>(`SELECT ${A_MINUTE_AGO} AS instant`);
    const cutoff = (ms: number) => `'${new Date(instant.getTime() + ms).toISOString()}'`;
    await checked.run('SET LOCAL session_replication_role = replica');
    const whole = await checked.set(`hash = 'a', version = version + 1, changed_at = ${cutoff(0)}`);
    await checked.run('SET LOCAL session_replication_role = origin');
    const own = await checked.set(`hash = 'b', version = version + 1, changed_at = ${cutoff(1)}`);
    await checked.run('SET LOCAL session_replication_role = replica');
    const after = [whole, own];
    for (const assignment of ['', ', version = version + 1', `, changed_at = ${cutoff(2)}`]) {
      after.push(await checked.set(`hash = hash || 'c' ${assignment}`));
    }
    return (
      same(
        after.map((row) => row.version - before.version),
        [1, 2, 3, 4, 5],
      ) &&
      same(whole.changed_at, instant) &&
      after.slice(1).every((row) => row.changed_at!.getTime() > instant.getTime() + 2)
    );
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
  'a new user starts no higher than half of what fits, and no lower than 0': async (checked) => {
    await checked.run(
      `INSERT INTO checked (id, version) VALUES ('a', ${2 ** 31 - 1}), ('b', -5), ('c', ${2 ** 30 - 1})`,
    );
    const versions = [await checked.user('a'), await checked.user('b'), await checked.user('c')];
    return same(
      versions.map((row) => row.version),
      [2 ** 30, 0, 2 ** 30 - 1],
    );
  },
  'an upsert of a user who is there changes nothing': async (checked, before) => {
    await checked.run("INSERT INTO checked (id, version) VALUES ('high', 8)");
    await checked.run("DELETE FROM checked WHERE id = 'high'");
    await checked.run(
      `INSERT INTO checked (id, version) VALUES ('u', 900) ON CONFLICT (id) DO UPDATE
       SET version = EXCLUDED.version, changed_at = EXCLUDED.changed_at, logout_at = EXCLUDED.logout_at`,
    );
    await checked.run(
      `INSERT INTO checked (id, changed_at, logout_at) VALUES ('u', clock_timestamp(), clock_timestamp())
       ON CONFLICT (id) DO UPDATE SET changed_at = EXCLUDED.changed_at, logout_at = EXCLUDED.logout_at`,
    );
    return same(await checked.user(), before);
  },
  'an upsert locks the user whose state it takes': async (checked) => {
    const locker = () =>
      checked.one<{ xmax: string }>("SELECT xmax::text FROM checked WHERE id = 'u'");
    const before = await locker();
    await checked.run("INSERT INTO checked (id) VALUES ('u') ON CONFLICT DO NOTHING");
    return !same(await locker(), before);
  },
  'what another server did leaves no id at an old version': async (checked, before) => {
    await checked.run('SET LOCAL session_replication_role = replica');
    await checked.run("DELETE FROM checked WHERE id = 'u'");
    await checked.run("INSERT INTO checked (id) VALUES ('u')");
    const deleted = await checked.user();
    await checked.run('TRUNCATE checked');
    await checked.run("INSERT INTO checked (id) VALUES ('u')");
    const truncated = await checked.user();
    return deleted.version > before.version && truncated.version > deleted.version;
  },
  'TRUNCATE fails where a policy would hide the versions': async (checked) => {
    await checked.run('CREATE ROLE checked_owner');
    await checked.run('ALTER TABLE checked OWNER TO checked_owner');
    await checked.run('ALTER TABLE checked_everyone OWNER TO checked_owner');
    await checked.run('ALTER FUNCTION checked_token_invalidation_leave_id OWNER TO checked_owner');
    await checked.run('ALTER TABLE checked ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY');
    await checked.run('SAVEPOINT before_truncate');
    const refused = await checked.run('TRUNCATE checked').then(
      () => false,
      (error: Error) => error.message.includes('row-level security'),
    );
    await checked.run('ROLLBACK TO before_truncate');
    return refused;
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
    const { year, risen } = await checked.one<{ year: number; risen: boolean }>(
      'SELECT extract(year FROM everyone_logged_out_at)::int AS year, everyone_version = 1 AS risen FROM checked_everyone',
    );
    const years = [year, changed_at!.getFullYear(), logout_at!.getFullYear()];
    return risen && version === before.version + 3 && years.every((each) => each > 2000);
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
  'the cutoff of everyone ahead returns to the clock when the version is raised': async (
    checked,
  ) => {
    const read = () => checked.one<EveryoneRow>('SELECT * FROM checked_everyone');
    await checked.force(
      'checked_everyone',
      `UPDATE checked_everyone SET everyone_logged_out_at = ${IN_AN_HOUR}`,
    );
    const before = await read();
    await checked.run('UPDATE checked_everyone SET everyone_logged_out_at = clock_timestamp()');
    const kept = await read();
    await checked.run('UPDATE checked_everyone SET everyone_version = everyone_version + 1');
    const raised = await read();
    return (
      same(kept, before) &&
      raised.everyone_logged_out_at! <= (await checked.clock()) &&
      Number(raised.everyone_version) === Number(before.everyone_version) + 1
    );
  },
  'no version of everyone is set out of reach': async (checked) => {
    const read = () => checked.one<EveryoneRow>('SELECT * FROM checked_everyone');
    const highest = '9223372036854775807';
    const found: EveryoneRow[] = [];
    for (let times = 0; times < 2; times += 1) {
      await checked.run(
        `UPDATE checked_everyone SET everyone_version = ${highest}, retired_version = ${highest}`,
      );
      found.push(await read());
    }
    await checked.force('checked_everyone', 'DELETE FROM checked_everyone');
    await checked.run(
      `INSERT INTO checked_everyone VALUES (true, ${IN_AN_HOUR}, ${highest}, ${highest})`,
    );
    const inserted = await read();
    return (
      same(
        [...found, inserted].map((row) => [
          Number(row.everyone_version) - 2 ** 52,
          Number(row.retired_version) - 2 ** 30,
        ]),
        [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
      ) && inserted.everyone_logged_out_at! <= (await checked.clock())
    );
  },
  'a row that is inserted is merged by maximum': async (checked) => {
    const read = () => checked.one<EveryoneRow>('SELECT * FROM checked_everyone');
    await checked.run('SET LOCAL session_replication_role = replica');
    const { instant } = await checked.one<{ instant: Date }>(`SELECT ${A_MINUTE_AGO} AS instant`);
    await checked.run(`UPDATE checked_everyone SET everyone_logged_out_at = ${AN_HOUR_AGO}`);
    await checked.run(
      `INSERT INTO checked_everyone VALUES (true, '${instant.toISOString()}', 4, 5)`,
    );
    const merged = await read();
    await checked.run(`INSERT INTO checked_everyone VALUES (true, ${AN_HOUR_AGO}, 1, 1)`);
    await checked.run('INSERT INTO checked_everyone DEFAULT VALUES');
    const { rows } = await checked.one<{ rows: number }>(
      'SELECT count(*)::int AS rows FROM checked_everyone',
    );
    return (
      same(
        [merged.everyone_logged_out_at, merged.everyone_version, merged.retired_version],
        [instant, '4', '5'],
      ) &&
      same(await read(), merged) &&
      rows === 1
    );
  },
  'the row of everyone stays': async (checked) => {
    await checked.run('SET LOCAL session_replication_role = replica');
    let stays = true;
    for (const removal of ['DELETE FROM checked_everyone', 'TRUNCATE checked_everyone']) {
      await checked.run('SAVEPOINT before_removal');
      stays &&= await checked.run(removal).then(
        () => false,
        (error: Error) => error.message.includes('cannot be deleted'),
      );
      await checked.run('ROLLBACK TO before_removal');
    }
    return stays;
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
