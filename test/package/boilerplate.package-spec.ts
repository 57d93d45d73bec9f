import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { runSql } from '../support/storage/catalogue.js';
import { ApplicationProcess } from './application-process.js';
import { hashPassword } from './fixtures/application/passwords.js';
import { Project } from './project.js';

/** What the application had before it met this library. Role 1 is `admin`, 2 is `member`. */
const BEFORE = `
  CREATE TABLE role (id integer PRIMARY KEY, name text NOT NULL);
  INSERT INTO role VALUES (1, 'admin'), (2, 'member');
  CREATE TABLE "user" (id serial PRIMARY KEY, email text UNIQUE, password text, "socialId" text,
    "firstName" text NOT NULL DEFAULT '', active boolean NOT NULL DEFAULT true,
    "roleId" integer NOT NULL REFERENCES role DEFAULT 2);
  CREATE TABLE session (id serial PRIMARY KEY, "userId" integer NOT NULL REFERENCES "user",
    hash text NOT NULL, "createdAt" timestamptz NOT NULL DEFAULT now());`;

const PASSWORD = 'correct horse';
const HASH = hashPassword(PASSWORD);
const OLD_SECRET = 'secret';
const REFRESH_SECRET = 'secret_for_refresh';
const USERS = 8;

const LOGOUT = '/auth/logout-everywhere';
const now = () => Math.floor(Date.now() / 1000);

/** A token as the application signed it before. */
function sign(payload: object, secret: string): string {
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { iat: now() - 60, exp: now() + 3600, ...payload },
  ];
  const text = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** The tokens of a login before the conversion. User and session have the same number. */
const oldTokens = (id: number) => ({
  token: sign({ id, role: 'member', sessionId: id }, OLD_SECRET),
  refreshToken: sign({ sessionId: id, hash: `hash of session ${id}` }, REFRESH_SECRET),
});

interface Tokens {
  token: string;
  refreshToken: string;
}

describe('an application after the pattern of a large boilerplate', () => {
  let project: Project;
  let database: TestDatabase;
  let application: ApplicationProcess;
  let compilerSaid: string;
  const bodies: string[] = [];

  const start = (legacyUntil: Date) =>
    ApplicationProcess.start(project.path('dist/main.js'), database.url, {
      LEGACY_UNTIL: legacyUntil.toISOString(),
      OLD_SECRET,
      REFRESH_SECRET,
    });

  beforeAll(async () => {
    project = Project.create('boilerplate-nestjs-12', 'boilerplate');
    project.copy('application/passwords.ts', 'src/passwords.ts');
    await project.install(inject('tarball'));
    database = await createEmptyDatabase();
    await runSql(database.url, BEFORE);
    for (let id = 1; id <= USERS; id += 1) {
      const user = `INSERT INTO "user" (email, password) VALUES ('${id}@example.com', '${HASH}')`;
      const session = `INSERT INTO session ("userId", hash, "createdAt")
        VALUES (${id}, 'hash of session ${id}', now() - interval '1 minute')`;
      await runSql(database.url, `${user}; ${session}`);
    }
    compilerSaid = await project.compile();
    application = await start(new Date(Date.now() + 3_600_000));
  });
  afterAll(async () => {
    await application?.close();
    await database?.drop();
    project?.remove();
  });

  /** The status, with what the body says. */
  async function answer(sent: Promise<Response>): Promise<[number, Record<string, unknown>]> {
    const response = await sent;
    const text = await response.text();
    bodies.push(text);
    return [response.status, text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)];
  }
  const get = (path: string, token: string) => answer(application.get(path, token));
  const post = (path: string, body: object, token?: string) =>
    answer(application.post(path, { body, ...(token !== undefined && { token }) }));

  /** The tokens that a request must be answered with. */
  async function tokensOf(path: string, body: object): Promise<Tokens> {
    const [status, tokens] = await post(path, body);
    expect(status).toBe(200);
    return tokens as unknown as Tokens;
  }
  const logIn = (id: number) =>
    tokensOf('/auth/email/login', { email: `${id}@example.com`, password: PASSWORD });
  const refresh = ({ refreshToken }: Tokens) => tokensOf('/auth/refresh', { refreshToken });
  const statusOfMe = async ({ token }: Tokens) => (await get('/auth/me', token))[0];
  const statusOfRefresh = async ({ refreshToken }: Tokens) =>
    (await post('/auth/refresh', { refreshToken }))[0];

  /** Whether the access token, and then the refresh token, is accepted. */
  const alive = async (tokens: Tokens) => [
    (await statusOfMe(tokens)) === 200,
    (await statusOfRefresh(tokens)) === 200,
  ];

  it('compiles under strict options, with the types of all libraries checked', () => {
    expect(compilerSaid).toBe('');
  });

  describe('during the roll-out', () => {
    it('keeps everyone logged in who was, access and refresh tokens alike', async () => {
      const before = oldTokens(1);
      expect(await get('/auth/me', before.token)).toMatchObject([
        200,
        { id: 1, email: '1@example.com', role: { name: 'member' } },
      ]);
      const next = await refresh(before);
      expect(await statusOfRefresh(before)).toBe(401);
      expect(await alive(await refresh(next))).toEqual([true, true]);
    });

    it('ends the tokens from before with the first logout everywhere', async () => {
      const [before, other] = [oldTokens(2), oldTokens(1)];
      expect((await post(LOGOUT, {}, before.token))[0]).toBe(204);
      expect(await alive(before)).toEqual([false, false]);
      expect(await statusOfMe(other)).toBe(200);
      expect(await alive(await logIn(2))).toEqual([true, true]);
    });

    it('ends them with a password that was changed by SQL', async () => {
      const before = oldTokens(3);
      await runSql(database.url, `UPDATE "user" SET password = 'another' WHERE id = 3`);
      expect(await alive(before)).toEqual([false, false]);
    });
  });

  it('ends its refresh tokens with a logout everywhere, but those of the device that stays', async () => {
    const [here, there] = [await logIn(4), await logIn(4)];
    const [status, kept] = await post(LOGOUT, { keepThisDevice: true }, here.token);
    expect([status, Object.keys(kept)]).toEqual([200, ['token']]);
    expect(await get('/auth/me', kept['token'] as string)).toMatchObject([200, { id: 4 }]);
    expect(await alive(there)).toEqual([false, false]);
    expect(await alive(here)).toEqual([false, false]);
  });

  it('ends its refresh tokens with a password that was changed by SQL, also rotated ones', async () => {
    const tokens = await refresh(await logIn(5));
    await runSql(database.url, `UPDATE "user" SET password = '${hashPassword('x')}' WHERE id = 5`);
    expect(await alive(tokens)).toEqual([false, false]);
  });

  it('gives one of two refreshes at once the next token', async () => {
    const tokens = await logIn(6);
    const statuses = await Promise.all([statusOfRefresh(tokens), statusOfRefresh(tokens)]);
    expect(statuses.toSorted()).toEqual([200, 401]);
  });

  it('checks roles as they are now, in a guard that the application had', async () => {
    const { token } = await logIn(6);
    expect((await get('/users', token))[0]).toBe(403);
    await runSql(database.url, 'UPDATE "user" SET "roleId" = 1 WHERE id = 6');
    expect((await get('/users', token))[0]).toBe(200);
    await runSql(database.url, 'UPDATE "user" SET "roleId" = 2 WHERE id = 6');
    expect((await get('/users', token))[0]).toBe(403);
  });

  it('refuses a user who is disabled, with either token', async () => {
    const tokens = await logIn(7);
    await runSql(database.url, 'UPDATE "user" SET active = false WHERE id = 7');
    expect(await alive(tokens)).toEqual([false, false]);
  });

  it('lets a user of a social login set a first password, once', async () => {
    const social = () => tokensOf('/auth/social/login', { idToken: randomUUID() });
    const first = await social();
    const credentials = { email: 'social@example.com', password: PASSWORD };
    expect((await post('/auth/first-password', credentials, first.token))[0]).toBe(204);
    expect(await alive(first)).toEqual([false, false]);

    const tokens = await tokensOf('/auth/email/login', credentials);
    expect((await post('/auth/first-password', credentials, tokens.token))[0]).toBe(409);
    expect(await alive(tokens)).toEqual([true, true]);
  });

  it('saves the user of a request, and keeps its tokens', async () => {
    const tokens = await logIn(8);
    const [status, saved] = await post('/auth/me', { firstName: 'Ada' }, tokens.token);
    expect([status, saved['firstName']]).toEqual([201, 'Ada']);
    expect(await alive(tokens)).toEqual([true, true]);
  });

  it('accepts no token from before once the roll-out is over, and all others', async () => {
    const [before, since] = [oldTokens(1), await logIn(1)];
    await application.close();
    application = await start(new Date(0));
    expect(await alive(before)).toEqual([false, false]);
    expect(await alive(since)).toEqual([true, true]);
  });

  it('has shown no state and no hash in any response', () => {
    const all = bodies.join('\n');
    expect(bodies.length).toBeGreaterThan(40);
    expect(all).toContain('4@example.com');
    expect(all).not.toMatch(/version|changed_?at|logout_?all|password"|stamp/i);
    expect(all).not.toContain(HASH);
  });
});
