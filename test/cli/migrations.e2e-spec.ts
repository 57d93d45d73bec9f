import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer } from '../../src/cli/answer.js';
import { createDatabase, createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { catalogueOf, runSql } from '../support/storage/catalogue.js';

const run = promisify(execFile);
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const OPTIONS = ['--table', 'users', '--password', 'password_hash'];
const generate = (what: string, ...more: string[]) =>
  answer(['generate', what, ...OPTIONS, ...more]).text;

const USERS = `CREATE TABLE users (
  id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  email text NOT NULL UNIQUE,
  password_hash text NOT NULL,
  role text NOT NULL DEFAULT 'member',
  active boolean NOT NULL DEFAULT true
)`;

const USERS_TABLE = `
import { pgTable, text, uuid } from 'drizzle-orm/pg-core';

export const users = pgTable('users', {
  id: uuid('id').primaryKey().defaultRandom(),
  email: text('email').notNull().unique('users_email_key'),
  passwordHash: text('password_hash').notNull(),
  role: text('role').notNull().default('member'),
  active: boolean('active').notNull().default(true),
  ...revocableTokens,
});
`;

let byTypeOrm: TestDatabase;
let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  byTypeOrm = await createDatabase();
  await runSql(byTypeOrm.url, 'DROP TABLE migrations');
  database = await createEmptyDatabase();
  await runSql(database.url, USERS);
  mkdirSync(path('generated'), { recursive: true });
  folder = mkdtempSync(path('generated/'));
});

afterAll(async () => {
  await Promise.all([byTypeOrm?.drop(), database?.drop()]);
  rmSync(folder, { recursive: true });
});

describe('the generated SQL', () => {
  it('gives the schema that the migration of TypeORM gives, as one text, as Prisma runs it', async () => {
    await runSql(database.url, generate('sql'));
    expect(await catalogueOf(database.url)).toEqual(await catalogueOf(byTypeOrm.url));
  });

  it('and takes all of it away again', async () => {
    const before = 'SELECT FROM users';
    await runSql(database.url, generate('sql', '--down'));
    await runSql(database.url, before);
    await expect(catalogueOf(database.url)).rejects.toThrow('users_token_invalidation');
  });

  it('gives the same as a migration of Drizzle', async () => {
    const journal = {
      entries: [{ idx: 0, version: '7', when: 1, tag: '0000_tokens', breakpoints: true }],
    };
    mkdirSync(join(folder, 'meta'));
    writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify(journal));
    writeFileSync(join(folder, '0000_tokens.sql'), generate('sql'));
    const pool = new Pool({ connectionString: database.url });
    await migrate(drizzle({ client: pool }), { migrationsFolder: folder });
    await pool.end();
    expect(await catalogueOf(database.url)).toEqual(await catalogueOf(byTypeOrm.url));
  });
});

describe('drizzle-kit push --force', () => {
  it('leaves everything in place, with the generated snippet in the schema', async () => {
    const schema = join(folder, 'schema.ts');
    writeFileSync(schema, generate('drizzle') + USERS_TABLE);
    const before = await catalogueOf(byTypeOrm.url);
    expect(await push(schema)).toContain('No changes detected');
    expect(await catalogueOf(byTypeOrm.url)).toEqual(before);
  });
});

describe('what is generated for schema.prisma', () => {
  it('has every column, and Prisma takes it', async () => {
    const [fields, model] = generate('prisma').split('\n\n// Next to it.');
    expect(await validate(fields!, model!)).toContain('is valid');
    const ofEveryone = (await catalogueOf(byTypeOrm.url))
      .filter((line) => line.startsWith('column users_token_invalidation.'))
      .map((line) => line.split(/[. ]/)[2]);
    expect(ofEveryone).toContain('everyone_version');
    for (const column of ofEveryone) expect(model).toMatch(new RegExp(`"${column}"|${column} `));
  });
});

/** What Prisma says of a schema with these fields of the user, and these models. */
async function validate(fields: string, models: string): Promise<string> {
  const schema = join(folder, 'schema.prisma');
  writeFileSync(
    schema,
    `datasource db {\n  provider = "postgresql"\n}\n\nmodel User {\n  id String @id @db.Uuid\n${fields}\n\n  @@map("users")\n}\n\n//${models}\n`,
  );
  const prisma = path('../prisma/node_modules/prisma/build/index.js');
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  const { stdout } = await run(process.execPath, [prisma, 'validate', '--schema', schema], {
    cwd: path('../prisma'),
    env,
  });
  return stdout;
}

async function push(schema: string): Promise<string> {
  const kit = path('../../node_modules/drizzle-kit/bin.cjs');
  const options = ['--force', '--verbose', '--dialect', 'postgresql', '--schema', schema];
  const { stdout } = await run(process.execPath, [kit, 'push', ...options, '--url', byTypeOrm.url]);
  return stdout;
}

describe('with sessions and revoked tokens', () => {
  const PARTS = ['--sessions', '--revoked-tokens'];

  it('the generated SQL brings them to a schema that has the rest, and takes them away', async () => {
    const before = await catalogueOf(byTypeOrm.url);
    await runSql(byTypeOrm.url, generate('sql', ...PARTS, '--has-core'));
    const after = await catalogueOf(byTypeOrm.url);
    expect(after.filter((line) => line.startsWith('column users_token_sessions.'))).toHaveLength(
      20,
    );
    await runSql(byTypeOrm.url, generate('sql', ...PARTS, '--has-core', '--down'));
    expect(await catalogueOf(byTypeOrm.url)).toEqual(before);
    await runSql(byTypeOrm.url, generate('sql', ...PARTS));
    expect(await catalogueOf(byTypeOrm.url)).toEqual(after);
  });

  it('drizzle-kit push --force leaves everything in place', async () => {
    const schema = join(folder, 'sessions.ts');
    const [imports, ...rest] = USERS_TABLE.trim().split('\n');
    expect(imports).toContain('pgTable');
    writeFileSync(schema, generate('drizzle', ...PARTS) + rest.join('\n'));
    const before = await catalogueOf(byTypeOrm.url);
    expect(await push(schema)).toContain('No changes detected');
    expect(await catalogueOf(byTypeOrm.url)).toEqual(before);
  });

  it('schema.prisma has every column, and Prisma takes it', async () => {
    const [fields, models] = generate('prisma', ...PARTS).split('\n\n// Next to it.');
    expect(await validate(fields!, models!)).toContain('is valid');
    const columns = (await catalogueOf(byTypeOrm.url))
      .filter((line) => /^column users_(token_sessions|revoked_tokens)\./.test(line))
      .map((line) => line.split(/[. ]/)[2]);
    for (const column of columns) expect(models).toMatch(new RegExp(`"${column}"|  ${column} `));
  });
});
