import { tokenInvalidationSql } from 'nestjs-token-invalidation/pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorageDatabase, TypeOrmStore } from '../support/storage/database.js';
import { useUsers } from '../support/storage/use-users.js';
import { insertUser, type Session, userRow } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';
import { enableTriggers } from '../support/enable-triggers.js';

const EVERYONE = 'users_token_invalidation';
/** Roles belong to the whole server: this one may outlive no run, nor meet another run's. */
const OWNER = `tti_owner_${process.pid}_${Date.now()}`;

let database: StorageDatabase;
let store: TypeOrmStore<User>;
let session: Session;

useUsers((users) => ({ database, store, session } = users));

beforeAll(async () => {
  await session.query(`CREATE ROLE ${OWNER}`);
  await session.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${OWNER}`);
});
afterAll(async () => {
  await session?.query(`DROP OWNED BY ${OWNER}`);
  await session?.query(`DROP ROLE ${OWNER}`);
});

interface Everyone {
  everyone_logged_out_at: Date;
  everyone_version: string;
  retired_version: string;
}
const everyone = async () => (await database.query<Everyone>(`SELECT * FROM ${EVERYONE}`))[0]!;

/** What pg_restore --data-only sends; test/migration/backup runs it. */
const restore = (at: string, version: number, retired: number) =>
  session.query(
    `COPY ${EVERYONE} (singleton, everyone_logged_out_at, everyone_version, retired_version)
       FROM PROGRAM 'echo "t,${at},${version},${retired}"' (FORMAT csv)`,
  );

const asReplica = async (sql: string, values: unknown[]) => {
  await session.query('SET session_replication_role = replica');
  try {
    await session.query(sql, values);
  } finally {
    await session.query('RESET session_replication_role');
  }
};

const partVersion = async (id: number) => {
  const [row] = await database.query<{ token_version: number }>(
    'SELECT token_version FROM parts WHERE id = $1',
    [id],
  );
  return row!.token_version;
};

describe('the data of a backup, restored into a migrated database', () => {
  it('brings the cutoff of everyone, its version and the retired version', async () => {
    await restore('2026-01-01T00:00:00Z', 40, 50);
    expect(await everyone()).toMatchObject({
      everyone_logged_out_at: new Date('2026-01-01T00:00:00Z'),
      everyone_version: '40',
      retired_version: '50',
    });
  });

  it('takes back nothing that was newer', async () => {
    const { version, effectiveAt } = await store.invalidateEveryone();
    await restore('2020-01-01T00:00:00Z', 1, 1);
    expect(await everyone()).toMatchObject({
      everyone_logged_out_at: effectiveAt,
      everyone_version: String(version),
      retired_version: '50',
    });
    await session.query(`INSERT INTO ${EVERYONE} DEFAULT VALUES`);
    expect(await everyone()).toMatchObject({ everyone_logged_out_at: effectiveAt });
  });

  it('brings no cutoff ahead of the clock', async () => {
    await restore('2999-01-01T00:00:00Z', 100, 1);
    const { everyone_logged_out_at } = await everyone();
    expect(Number(everyone_logged_out_at)).toBeLessThanOrEqual((await database.clock()).getTime());
  });

  it('is not lost to TRUNCATE', async () => {
    await expect(session.query(`TRUNCATE ${EVERYONE}`)).rejects.toThrow('cannot be deleted');
    await everyone();
  });

  it('leaves the versions of the users as they were', async () => {
    await session.query(
      `COPY users (email, password_hash, token_version) FROM PROGRAM 'echo "restored,old,700"' (FORMAT csv)`,
    );
    const [row] = await database.query("SELECT * FROM users WHERE email = 'restored'");
    expect(row).toMatchObject({ token_version: 700 });
  });

  it('may come before the row of everyone is there', async () => {
    await session.query(
      `BEGIN; ALTER TABLE ${EVERYONE} DISABLE TRIGGER USER; DELETE FROM ${EVERYONE}; ${enableTriggers(EVERYONE)}; COMMIT`,
    );
    await restore('2026-01-01T00:00:00Z', 40, 50);
    expect(await everyone()).toMatchObject({ everyone_version: '40' });
  });
});

describe('a session that applies what another server did', () => {
  it('invalidates with a changed password', async () => {
    const { id, token_version } = await insertUser(database);
    await asReplica("UPDATE users SET password_hash = 'new' WHERE id = $1", [id]);
    const row = await userRow(database, id);
    expect(row.token_version).toBe(token_version + 1);
    expect(row.password_changed_at).toBeInstanceOf(Date);
  });

  it('keeps the version and the cutoff that came with the password', async () => {
    const { id, token_version } = await insertUser(database);
    const instant = new Date('2026-01-01T00:00:00.123Z');
    await asReplica(
      "UPDATE users SET password_hash = 'new', token_version = token_version + 1, password_changed_at = $2 WHERE id = $1",
      [id, instant],
    );
    const row = await userRow(database, id);
    expect(row).toMatchObject({ token_version: token_version + 1, password_changed_at: instant });
  });

  it('takes no version back, and lets no id come back at an old one', async () => {
    const { id } = await insertUser(database);
    await store.invalidate({ subject: id }, 'logout');
    const before = await userRow(database, id);
    await asReplica('UPDATE users SET token_version = 0, logout_all_at = NULL WHERE id = $1', [id]);
    expect(await userRow(database, id)).toEqual(before);
    await asReplica('DELETE FROM users WHERE id = $1', [id]);
    await asReplica("INSERT INTO users (id, email, password_hash) VALUES ($1, 'again', 'x')", [id]);
    expect((await userRow(database, id)).token_version).toBeGreaterThan(before.token_version);
  });

  it('logs out with a re-hash too, which cannot be told from a change', async () => {
    const { id, token_version } = await insertUser(database);
    await asReplica("UPDATE users SET password_hash = 'rehashed' WHERE id = $1", [id]);
    expect((await userRow(database, id)).token_version).toBe(token_version + 1);
    await store.rehashPassword(id, { currentHash: 'rehashed', newHash: 'again' });
    expect((await userRow(database, id)).token_version).toBe(token_version + 1);
  });
});

describe('a partitioned users table', () => {
  beforeAll(async () => {
    await session.query(
      'CREATE TABLE parts (id integer PRIMARY KEY, hash text) PARTITION BY RANGE (id)',
    );
    await session.query('CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100)');
    await session.query(
      'CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id)',
    );
    await session.query(
      'CREATE TABLE parts_high_1 PARTITION OF parts_high FOR VALUES FROM (100) TO (150)',
    );
    await session.query(tokenInvalidationSql({ table: 'parts', password: 'hash' }).up);
  });

  it.each([
    ['parts_low', 1],
    ['parts_high', 101],
    ['parts_high_1', 102],
  ])('lets no id come back at an old version after TRUNCATE of %s', async (table, id) => {
    await session.query('INSERT INTO parts (id) VALUES ($1)', [id]);
    const first = await partVersion(id);
    await session.query(`UPDATE ${table} SET token_version = token_version + 5 WHERE id = $1`, [
      id,
    ]);
    await session.query(`TRUNCATE ${table}`);
    await session.query('INSERT INTO parts (id) VALUES ($1)', [id]);
    expect(await partVersion(id)).toBeGreaterThan(first + 5);
  });

  it('nor after TRUNCATE of the whole table', async () => {
    await session.query('TRUNCATE parts');
    await session.query('INSERT INTO parts (id) VALUES (3)');
    await session.query('UPDATE parts SET token_version = token_version + 5');
    const before = await partVersion(3);
    await session.query('TRUNCATE parts');
    await session.query('INSERT INTO parts (id) VALUES (3)');
    expect(await partVersion(3)).toBeGreaterThan(before);
  });

  it('nor of a partition made later, once the migration was run again', async () => {
    await session.query(
      'CREATE TABLE parts_later PARTITION OF parts FOR VALUES FROM (200) TO (300)',
    );
    const { up, down } = tokenInvalidationSql({ table: 'parts', password: 'hash' });
    await session.query(up);
    await session.query('INSERT INTO parts (id) VALUES (200)');
    const first = await partVersion(200);
    await session.query('UPDATE parts_later SET token_version = token_version + 5');
    await session.query('TRUNCATE parts_later');
    await session.query('INSERT INTO parts (id) VALUES (200)');
    expect(await partVersion(200)).toBeGreaterThan(first + 5);
    await session.query(down);
    const triggers = await session.query(
      "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'zz_token%' AND tgrelid::regclass::text LIKE 'parts%'",
    );
    expect(triggers).toEqual([]);
  });
});

describe('a users table whose owner is held to its row level security', () => {
  beforeAll(async () => {
    await session.query(`SET ROLE ${OWNER}`);
    await session.query('CREATE TABLE forced (id integer PRIMARY KEY, tenant text, hash text)');
    await session.query(tokenInvalidationSql({ table: 'forced', password: 'hash' }).up);
    await session.query(
      "ALTER TABLE forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY own ON forced USING (tenant = current_setting('app.tenant', true))",
    );
    await session.query("SET app.tenant = 'a'");
    await session.query("INSERT INTO forced VALUES (1, 'a', 'x')");
    await session.query('UPDATE forced SET token_version = 5');
    await session.query("SET app.tenant = 'nobody'");
  });
  afterAll(async () => {
    await session?.query('RESET ROLE');
  });

  it('refuses a TRUNCATE that would let ids come back at old versions', async () => {
    await expect(session.query('TRUNCATE forced')).rejects.toThrow('row-level security');
    await session.query("SET app.tenant = 'a'");
    expect(await session.query('SELECT id FROM forced')).toEqual([{ id: 1 }]);
  });

  it('lets no id come back at an old version after DELETE', async () => {
    await session.query("SET app.tenant = 'a'");
    await session.query("INSERT INTO forced VALUES (2, 'a', 'x')");
    await session.query('UPDATE forced SET token_version = 6 WHERE id = 2');
    await session.query('DELETE FROM forced WHERE id = 2');
    await session.query("INSERT INTO forced VALUES (2, 'a', 'x')");
    const [row] = await session.query<{ token_version: number }>(
      'SELECT * FROM forced WHERE id = 2',
    );
    expect(row!.token_version).toBeGreaterThan(6);
  });
});
