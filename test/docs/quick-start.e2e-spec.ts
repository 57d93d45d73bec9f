import { hash } from '@node-rs/argon2';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TokenStateStore } from 'nestjs-token-invalidation';
import { expectTokensToBeRefused } from 'nestjs-token-invalidation/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { runSql } from '../support/storage/catalogue.js';
import { TestClient } from '../support/test-client.js';
import { allCodeBlocks } from './code-blocks.js';
import { runCurl } from './curl.js';
import { printedBy } from './generated-by-commands.js';
import { removeBlocks, writeBlocks } from './generated-files.js';

const blocks = allCodeBlocks().filter(({ document }) => document === 'README.md');
/** Those of a fold: one for each layer. */
const folded = blocks.filter(({ application }) => application !== undefined);
const applications = [...new Set(folded.map(({ application }) => application!))];
const curl = blocks.find(({ code }) => code.startsWith('curl'))!;

let folder: string;

beforeAll(() => {
  folder = writeBlocks(folded, 'quick-start');
});
afterAll(() => removeBlocks(folder));

it('has a fold for each layer', () => {
  expect(applications).toEqual(['typeorm', 'pg', 'prisma', 'drizzle']);
});

describe.each(applications)('the quick start for %s', (name) => {
  let database: TestDatabase;
  let app: INestApplication;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    await createUsers(database.url);
    process.env['DATABASE_URL'] = database.url;
    process.env['JWT_SECRET'] = 'what openssl rand -base64 48 would have printed';
    // TypeORM runs its migrations itself.
    if (name !== 'typeorm') await runSql(database.url, sqlFor(name));
    const { AppModule } = (await import(`${folder}/${name}/app.module.ts`)) as {
      AppModule: Type<object>;
    };
    app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
  });

  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  it('has at most 30 lines of application code', () => {
    const { code } = folded.find(
      ({ application, file }) => application === name && file === 'app.module.ts',
    )!;
    const lines = code.split('\n').filter((line) => !/^\s*(\/\/.*)?$/.test(line));
    expect(lines.length).toBeLessThanOrEqual(30);
  });

  it('answers the curl commands as they say', async () => {
    const answers = await runCurl(curl.code, await app.getUrl());
    expect(answers.map(({ answer }) => answer)).toEqual(answers.map(({ expected }) => expected));
  });

  it('refuses a wrong password', async () => {
    const http = new TestClient(await app.getUrl());
    const credentials = { email: 'ada@example.com', password: 'guess' };
    expect(await http.post('/auth/login', undefined, credentials)).toMatchObject({ status: 401 });
  });

  it('refuses the tokens of a user who was logged out, and accepts the next ones', async () => {
    const store = app.get<TokenStateStore<object>>(TokenStateStore, { strict: false });
    const { records } = await store.read([{ subject: '1' }], { timeoutMs: 10_000 });
    const { user } = records[0] as { user: object };
    const refused = expectTokensToBeRefused(app, { user, route: '/auth/me' });
    await expect(refused).resolves.toBeUndefined();
  });
});

/** The SQL that the command of a fold generates, for psql or a migration tool. */
function sqlFor(name: string): string {
  return folded
    .filter(({ application, language }) => application === name && language === 'sh')
    .map((block) => printedBy(block, 'sql'))
    .find((text) => text !== undefined)!;
}

async function createUsers(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    'CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, password text NOT NULL)',
  );
  const insert = 'INSERT INTO users (email, password) VALUES ($1, $2)';
  await client.query(insert, ['ada@example.com', await hash('secret')]);
  await client.end();
}
