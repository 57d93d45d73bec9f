import { RevocableUser } from 'nestjs-token-invalidation/typeorm';
import type { TokenInvalidationMigrationOptions } from 'nestjs-token-invalidation/typeorm';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, MIGRATIONS } from '../support/database.js';
import { openStorage, runMigration, type StorageDatabase } from '../support/storage/database.js';

@Entity('users')
class Migrated extends RevocableUser {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'text', unique: true })
  email!: string;

  @Column({ name: 'password_hash', type: 'text' })
  passwordHash!: string;

  @Column({ type: 'text', default: 'member' })
  role!: string;

  @Column({ type: 'boolean', default: true })
  active!: boolean;
}

/** Everything that the catalogue knows of what is not PostgreSQL's own. */
const CATALOGUE = `
  SELECT 'relation' AS kind, format('%s.%s %s %s', n.nspname, c.relname, c.relkind, c.relacl) AS what
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL SELECT 'column', format('%s.%s.%s %s %s %s %s', n.nspname, c.relname, a.attname,
      format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE NOT a.attisdropped
  UNION ALL SELECT 'constraint', format('%s %s %s', n.nspname, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
  UNION ALL SELECT 'trigger', format('%s %s', n.nspname, pg_get_triggerdef(t.oid))
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL SELECT 'function', format('%s %s %s', n.nspname, p.oid::regprocedure, p.prosrc)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  UNION ALL SELECT 'type', format('%s.%s', n.nspname, t.typname)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace`;

async function schemaOf(database: StorageDatabase): Promise<string[]> {
  const rows = await database.query<{ kind: string; what: string }>(
    `SELECT kind, what FROM (${CATALOGUE}) AS everything
     WHERE what !~ '^(pg_catalog|pg_toast|information_schema)' ORDER BY kind, what COLLATE "C"`,
  );
  return rows.map(({ kind, what }) => `${kind} ${what}`);
}

describe('the reference migrations', () => {
  it('make what the entity says: TypeORM would change nothing', async () => {
    const database = await createDatabase();
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Migrated],
      uuidExtension: 'pgcrypto',
      installExtensions: false,
    });
    await dataSource.initialize();
    expect((await dataSource.driver.createSchemaBuilder().log()).upQueries).toEqual([]);
    await dataSource.destroy();
    await database.drop();
  });

  it('run as TypeORM runs migrations: up, down, up', async () => {
    const database = await openStorage([]);
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      migrations: MIGRATIONS,
    });
    await dataSource.initialize();
    await dataSource.runMigrations();
    await dataSource.undoLastMigration();
    await dataSource.runMigrations();
    expect(await dataSource.showMigrations()).toBe(false);
    await dataSource.destroy();
    await database.close();
  });
});

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

describe.each<[string, string[], TokenInvalidationMigrationOptions]>([
  [
    'a plain table',
    ['CREATE TABLE users (id integer PRIMARY KEY, password text)'],
    { table: 'users', password: 'password' },
  ],
  [
    'names with quotes, blanks and capitals',
    [
      'CREATE SCHEMA "Auth""s"',
      `CREATE TABLE "Auth""s"."The 'Users' "" $1" ("Id" integer PRIMARY KEY, "pass""word's $$" text)`,
    ],
    {
      table: `Auth"s.The 'Users' " $1`,
      password: `pass"word's $$`,
      id: 'Id',
      tokenVersion: 'Token"Version',
      passwordChangedAt: "when 'changed",
      logoutAllAt: 'SELECT',
      everyoneTable: 'Every"one',
    },
  ],
  [
    'a table that holds no password',
    ['CREATE TABLE users (id uuid PRIMARY KEY)'],
    { table: 'users', password: null },
  ],
  [
    'a table of another schema, named like one of this',
    [
      'CREATE SCHEMA auth',
      'CREATE TABLE users (id integer PRIMARY KEY)',
      'CREATE TABLE auth.users (id text PRIMARY KEY, hash text)',
    ],
    { table: 'auth.users', password: 'hash' },
  ],
  [
    'the longest name that there is room for',
    [`CREATE TABLE ${'u'.repeat(35)} (id integer PRIMARY KEY, p text)`],
    { table: 'u'.repeat(35), password: 'p' },
  ],
])('the migration of %s', (_, tables, options) => {
  let database: StorageDatabase;
  const [schema, table] = options.table.includes('.')
    ? options.table.split('.')
    : ['public', options.table];
  const users = `${quote(schema!)}.${quote(table!)}`;
  const id = quote(options.id ?? 'id');
  const version = quote(options.tokenVersion ?? 'token_version');
  const everyone = `${quote(schema!)}.${quote(options.everyoneTable ?? `${table}_token_invalidation`)}`;
  const value = options.password === null ? 'gen_random_uuid()' : "'1'";

  beforeAll(async () => {
    database = await openStorage(tables);
  });
  afterAll(() => database?.close());

  it('leaves the former schema when it is taken back, and can be run again', async () => {
    const before = await schemaOf(database);
    await runMigration(database.dataSource, 'up', options);
    const migrated = await schemaOf(database);
    expect(migrated.length).toBeGreaterThan(before.length);

    await runMigration(database.dataSource, 'down', options);
    expect(await schemaOf(database)).toEqual(before);

    await runMigration(database.dataSource, 'up', options);
    expect(await schemaOf(database)).toEqual(migrated);
  });

  it('makes triggers that work', async () => {
    await database.query(`INSERT INTO ${users} (${id}) VALUES (${value})`);
    const change = options.password
      ? `${quote(options.password)} = 'new'`
      : 'logout_all_at = clock_timestamp()';
    const sql = `UPDATE ${users} SET ${change} RETURNING ${version} AS version`;
    expect(await database.query(sql)).toEqual([[{ version: 1 }], 1]);

    await database.query(`DELETE FROM ${users}`);
    expect(await database.query(`SELECT retired_version FROM ${everyone}`)).toEqual([
      { retired_version: '2' },
    ]);
  });
});

describe('a migration over users who are there', () => {
  it('starts them at version 0 without cutoffs', async () => {
    const database = await openStorage([
      'CREATE TABLE users (id integer PRIMARY KEY, password text)',
      "INSERT INTO users SELECT n, 'hash' FROM generate_series(1, 3) AS n",
    ]);
    await database.migrate({ table: 'users', password: 'password' });
    expect(
      await database.query(
        'SELECT DISTINCT token_version, password_changed_at, logout_all_at FROM users',
      ),
    ).toEqual([{ token_version: 0, password_changed_at: null, logout_all_at: null }]);
    await database.close();
  });

  it.each([
    ['users', '"users"'],
    ['auth.users', '"auth"."users"'],
  ])('says that there is no table %s', async (table, quoted) => {
    const database = await openStorage([]);
    const failed = database.migrate({ table, password: 'password' });
    await expect(failed).rejects.toThrow(
      `nestjs-token-invalidation: there is no table ${quoted}: let the migration that creates it run first, and name it as table, with its schema where that is not on the search_path.`,
    );
    await database.close();
  });

  it('leaves nothing when it fails half-way', async () => {
    const database = await openStorage(['CREATE TABLE users (id integer PRIMARY KEY)']);
    const before = await schemaOf(database);
    const failed = database.migrate({ table: 'users', password: 'pasword' });
    await expect(failed).rejects.toThrow('pasword');
    expect(await schemaOf(database)).toEqual(before);
    await database.close();
  });
});
