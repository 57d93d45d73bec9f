import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { makeStore, type StorageDatabase, type TypeOrmStore } from '../support/storage/database.js';
import { useUsers } from '../support/storage/use-users.js';
import type { Session } from '../support/storage/users.js';
import { User } from '../support/user.entity.js';

const EVERYONE = 'users_token_invalidation';
/** Roles belong to the whole server: this one may outlive no run, nor meet another run's. */
const ROLE = `tti_check_${process.pid}_${Date.now()}`;

let database: StorageDatabase;
let store: TypeOrmStore<User>;
let session: Session;

useUsers((users) => ({ database, store, session } = users));

/** What the check says after this change, which is undone again. */
async function problemsAfter(change: string, undo: string): Promise<string[]> {
  await session.query(change);
  try {
    return await store.checkSetup();
  } finally {
    await session.query(undo);
  }
}

describe('the check of the set-up', () => {
  it('finds nothing wrong after the migration, also when it is asked again later', async () => {
    expect(await store.checkSetup()).toEqual([]);
    expect(await store.checkSetup()).toEqual([]);
  });

  it.each([
    ['users', ''],
    ['users', '_take_id'],
    ['users', '_leave_id'],
    ['users', '_truncate'],
    [EVERYONE, ''],
    [EVERYONE, '_truncate'],
  ])(
    'names the trigger of %s, zz_token_invalidation%s, that is disabled, or fires for or without replication only',
    async (table, suffix) => {
      const name = `zz_token_invalidation${suffix}`;
      for (const [mode, problem] of [
        ['DISABLE', 'is disabled'],
        ['ENABLE REPLICA', 'fires for replication only'],
        ['ENABLE', 'does not fire for what replication applies'],
      ]) {
        expect(
          await problemsAfter(
            `ALTER TABLE ${table} ${mode} TRIGGER ${name}`,
            `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name}`,
          ),
        ).toEqual([
          `database: the trigger "${name}" of "${table}" ${problem}: run ALTER TABLE "${table}" ENABLE ALWAYS TRIGGER ${name}.`,
        ]);
      }
    },
  );

  it.each([
    ['users', '_take_id'],
    ['users', '_leave_id'],
    ['users', '_truncate'],
    [EVERYONE, ''],
    [EVERYONE, '_truncate'],
  ])('names a trigger of %s that is missing: %s', async (table, suffix) => {
    const name = `zz_token_invalidation${suffix}`;
    expect(
      await problemsAfter(
        `ALTER TRIGGER ${name} ON ${table} RENAME TO aa_renamed`,
        `ALTER TRIGGER aa_renamed ON ${table} RENAME TO ${name}`,
      ),
    ).toEqual([expect.stringContaining(`has no trigger "${name}": run the migration`)]);
  });

  it.each([
    [
      'a row of everyone that is gone',
      `ALTER TABLE ${EVERYONE} DISABLE TRIGGER USER; DELETE FROM ${EVERYONE};
       ALTER TABLE ${EVERYONE} ENABLE ALWAYS TRIGGER zz_token_invalidation; ALTER TABLE ${EVERYONE} ENABLE ALWAYS TRIGGER zz_token_invalidation_truncate`,
      `INSERT INTO ${EVERYONE} DEFAULT VALUES`,
      'has lost its row',
    ],
    [
      'a child by INHERITS',
      'CREATE TABLE child () INHERITS (users)',
      'DROP TABLE child',
      'child inherits from "users" and has no triggers',
    ],
    [
      'a child of a child',
      'CREATE TABLE middle () INHERITS (users); CREATE TABLE child () INHERITS (middle)',
      'DROP TABLE child; DROP TABLE middle',
      'middle inherits from "users" and has no triggers',
    ],
    [
      'a rule that does something else too',
      'CREATE RULE louder AS ON UPDATE TO users DO ALSO NOTIFY users',
      'DROP RULE louder ON users',
      'the rule "louder" rewrites statements',
    ],
    [
      'a rule',
      'CREATE RULE quiet AS ON UPDATE TO users DO INSTEAD NOTHING',
      'DROP RULE quiet ON users',
      'the rule "quiet" rewrites statements',
    ],
    [
      'a trigger that runs after ours',
      `CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
       CREATE TRIGGER zzz_late BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION late()`,
      'DROP TRIGGER zzz_late ON users; DROP FUNCTION late()',
      'the trigger "zzz_late" of "users" runs after',
    ],
  ])('names %s', async (_, change, undo, problem) => {
    expect(await problemsAfter(change, undo)).toEqual([expect.stringContaining(problem)]);
    expect(await store.checkSetup()).toEqual([]);
  });

  it.each([
    [
      'a child by INHERITS',
      `CREATE TABLE child () INHERITS (${EVERYONE})`,
      'DROP TABLE child',
      `child inherits from "${EVERYONE}"`,
    ],
    [
      'a rule',
      `CREATE RULE quiet AS ON UPDATE TO ${EVERYONE} DO INSTEAD NOTHING`,
      `DROP RULE quiet ON ${EVERYONE}`,
      'the rule "quiet" rewrites statements',
    ],
    [
      'a trigger that runs after ours',
      `CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
       CREATE TRIGGER zzz_late BEFORE UPDATE ON ${EVERYONE} FOR EACH ROW EXECUTE FUNCTION late()`,
      `DROP TRIGGER zzz_late ON ${EVERYONE}; DROP FUNCTION late()`,
      `the trigger "zzz_late" of "${EVERYONE}" runs after`,
    ],
  ])('names %s of the table for everyone', async (_, change, undo, problem) => {
    expect(await problemsAfter(change, undo)).toEqual([expect.stringContaining(problem)]);
  });

  it('does not mind triggers that run before ours, or after the row was written', async () => {
    expect(
      await problemsAfter(
        `CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER audit BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION late();
         CREATE TRIGGER zzz_after AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION late()`,
        'DROP TRIGGER audit ON users; DROP TRIGGER zzz_after ON users; DROP FUNCTION late()',
      ),
    ).toEqual([]);
  });

  it('names a table that was put in place of the migrated one', async () => {
    expect(
      await problemsAfter(
        'ALTER TABLE users RENAME TO users_old; CREATE TABLE users (LIKE users_old INCLUDING ALL)',
        'DROP TABLE users; ALTER TABLE users_old RENAME TO users',
      ),
    ).toEqual([expect.stringContaining('has no trigger "zz_token_invalidation"')]);
  });

  it('names a partition without the trigger for TRUNCATE', async () => {
    await session.query(
      `CREATE TABLE plain AS SELECT 1; ALTER TABLE users RENAME TO users_old;
       CREATE TABLE users (LIKE users_old INCLUDING DEFAULTS) PARTITION BY RANGE (email)`,
    );
    await database.migrate({ table: 'users', password: 'password_hash' });
    await session.query('CREATE TABLE users_a PARTITION OF users DEFAULT');
    expect(await store.checkSetup()).toEqual([
      'database: the partition users_a lacks the trigger for TRUNCATE: run the migration made with tokenInvalidationMigration() again.',
    ]);
    await database.migrate({ table: 'users', password: 'password_hash' });
    expect(await store.checkSetup()).toEqual([]);
    // What pg_restore --disable-triggers does to each table that it fills.
    await session.query(
      'ALTER TABLE users_a DISABLE TRIGGER ALL; ALTER TABLE users_a ENABLE TRIGGER ALL',
    );
    expect((await store.checkSetup()).toSorted()).toEqual(
      ['', '_leave_id', '_take_id', '_truncate'].map(
        (suffix) =>
          `database: the trigger "zz_token_invalidation${suffix}" of users_a does not fire for what replication applies: run ALTER TABLE users_a ENABLE ALWAYS TRIGGER zz_token_invalidation${suffix}.`,
      ),
    );
    await database.migrate({ table: 'users', password: 'password_hash' });
    expect(await store.checkSetup()).toEqual([]);
    await session.query('DROP TABLE users; ALTER TABLE users_old RENAME TO users');
  });
});

describe('the check of the set-up, as a role that is held to policies', () => {
  let dataSource: DataSource;

  beforeAll(async () => {
    await session.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD 'role'`);
    await session.query(`GRANT SELECT, UPDATE ON users, ${EVERYONE} TO ${ROLE}`);
    const url = new URL(database.url);
    Object.assign(url, { username: ROLE, password: 'role' });
    dataSource = new DataSource({ type: 'postgres', url: url.href, entities: [User] });
    await dataSource.initialize();
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await session?.query(`DROP OWNED BY ${ROLE}`);
    await session?.query(`DROP ROLE ${ROLE}`);
  });

  it.each(['users', EVERYONE])(
    'names row level security of %s, unless it sees all rows',
    async (table) => {
      const [asked, declared] = [false, true].map((seesAllRows) =>
        makeStore(dataSource, { entity: User, seesAllRows }),
      );
      expect(await asked!.checkSetup()).toEqual([]);
      await session.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      const problems = await asked!.checkSetup();
      expect(problems.filter((each) => !each.includes('lost its row'))).toEqual([
        expect.stringContaining(`row level security of "${table}" applies to this role`),
      ]);
      const whenDeclared = await declared!.checkSetup();
      expect(whenDeclared.filter((each) => !each.includes('lost its row'))).toEqual([]);
      await session.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
    },
  );
});
