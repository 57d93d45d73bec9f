import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hash } from '@node-rs/argon2';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expectTokensToBeRefused, issueToken } from 'nestjs-token-invalidation/testing';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CodeBlock, codeBlocks } from './code-blocks.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { TestClient } from '../support/test-client.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const generated = `${root}test/docs/generated`;
const documents = [
  'README.md',
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

beforeAll(() => {
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(generated, { recursive: true });
  // The nearest settings decide how decorators are compiled.
  writeFileSync(
    `${generated}/tsconfig.json`,
    '{ "extends": "../../../tsconfig.json", "include": ["."], "exclude": [] }',
  );
  const prelude = readFileSync(`${root}test/docs/prelude.ts`, 'utf8');
  for (const document of documents) {
    for (const block of codeBlocks(root + document)) writeBlock(document, block, prelude);
  }
});

afterAll(() => rmSync(generated, { recursive: true, force: true }));

function writeBlock(document: string, { file, code, line }: CodeBlock, prelude: string): void {
  const name = file ?? `${document.replaceAll(/\W/g, '-')}-line-${line}.ts`;
  const text =
    file === undefined ? `${prelude}\n// ${document}:${line}\n${code}\nexport {};\n` : code;
  writeFileSync(`${generated}/${name}`, text);
}

describe('the documents', () => {
  it('have no code that does not compile', () => {
    const settings = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path))
      .config as object;
    const { options } = ts.parseJsonConfigFileContent(settings, ts.sys, root);
    const program = ts.createProgram({
      rootNames: ts.sys.readDirectory(generated, ['.ts']),
      // As `nest new` makes them: stricter is not asked of an application.
      options: {
        ...options,
        exactOptionalPropertyTypes: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
      },
    });
    const problems = ts
      .getPreEmitDiagnostics(program)
      .filter((problem) => problem.file?.fileName.startsWith(generated))
      .map((problem) => {
        const line = problem.file!.getLineAndCharacterOfPosition(problem.start ?? 0).line + 1;
        const message = ts.flattenDiagnosticMessageText(problem.messageText, '\n');
        return `${problem.file!.fileName.slice(generated.length + 1)}:${line} ${message}`;
      });
    expect(problems).toEqual([]);
  }, 60_000);

  it('name no file that is not there', () => {
    const broken = documents.flatMap((document) => {
      const text = readFileSync(root + document, 'utf8');
      const folder = new URL(document, `file://${root}`);
      return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .map((match) => fileURLToPath(new URL(match[1]!, folder)))
        .filter((path) => !ts.sys.fileExists(path) && !ts.sys.directoryExists(path));
    });
    expect(broken).toEqual([]);
  });
});

describe('the quick start', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createEmptyDatabase();
  });

  afterAll(() => database.drop());

  it('has at most 30 lines of application code', () => {
    const { code } = codeBlocks(`${root}README.md`).find(({ file }) => file === 'app.module.ts')!;
    const lines = code.split('\n').filter((line) => !/^\s*(\/\/.*)?$/.test(line));
    expect(lines.length).toBeLessThanOrEqual(30);
  });

  it('runs as it stands there', async () => {
    process.env['DATABASE_URL'] = database.url;
    process.env['JWT_SECRET'] = 'what openssl rand -base64 48 would have printed';
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      'CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, password text NOT NULL)',
    );
    const insert = 'INSERT INTO users (email, password) VALUES ($1, $2)';
    await client.query(insert, ['ada@example.com', await hash('secret')]);
    await client.end();

    const module = (await import(`${generated}/app.module.ts`)) as { AppModule: Type<object> };
    const app = await NestFactory.create(module.AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const http = new TestClient(await app.getUrl());
    const credentials = { email: 'ada@example.com', password: 'secret' };
    const login = await http.post('/auth/login', undefined, credentials);
    const token = login.body['access_token'] as string;
    expect(await http.get('/auth/me', token)).toMatchObject({ body: { email: 'ada@example.com' } });
    expect(await http.post('/auth/logout-everywhere', token)).toMatchObject({ status: 204 });
    expect(await http.ask(token)).toBe('401 logged_out_everywhere');
    const wrong = { ...credentials, password: 'guess' };
    expect(await http.post('/auth/login', undefined, wrong)).toMatchObject({ status: 401 });
    const user = { id: 1, tokenVersion: 1, passwordChangedAt: null, logoutAllAt: null };
    await expectTokensToBeRefused(app, { user, route: '/auth/me' });
    const current = await app.get(DataSource).getRepository('User').findOneByOrFail({ id: 1 });
    expect(await http.ask(issueToken(app, current))).toBe(200);
    await app.close();
  });
});
