import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument } from '../docs/code-blocks.js';
import type { TestApp } from '../support/create-app.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import { claimsOf, SessionClient } from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import { createUser, PASSWORD } from '../support/users.js';

let database: SessionDatabase;
let app: TestApp;
let client: SessionClient;
/** One session a user, and no token without one. */
let strictApp: TestApp;
let strict: SessionClient;

beforeAll(async () => {
  database = await SessionDatabase.open();
  app = await createSessionApp({ url: database.url });
  client = new SessionClient(app.url);
  const sessions = { maxSessions: 1, tokensWithoutSession: 'refuse' } as const;
  strictApp = await createSessionApp({ url: database.url, sessions });
  strict = new SessionClient(strictApp.url);
});
afterAll(async () => {
  await app?.close();
  await strictApp?.close();
  await database?.close();
});

const newUser = async () => (await createUser(app.dataSource)).email;

const updateUser = (assignment: string) => (email: string) =>
  database.query(`UPDATE users SET ${assignment} WHERE email = $1`, email);

const headerOf = (token: string) => token.split('.', 1);

/** Two devices of a user, of which the second logs in after `change`: does the first one's token live? */
async function refusedBy(change: (email: string) => Promise<unknown>): Promise<200 | string> {
  const email = await newUser();
  const { access } = await client.logIn(email);
  await change(email);
  const later = await client.logIn(email);
  expect(await client.check(later.access)).toBe(200);
  return client.check(access);
}

/** What docs/sessions.md says that it is here. */
const ANSWERS: Record<string, () => Promise<void>> = {
  'a version in the user’s row': async () => {
    const raise = updateUser('token_version = token_version + 1');
    expect(await refusedBy(raise)).toBe('401 version_stale');
  },
  '"issued before" cutoff': async () => {
    const setCutoff = updateUser('logout_all_at = clock_timestamp()');
    // It raises the version in the same statement, so a token of the same second is out too.
    expect(await refusedBy(setCutoff)).toMatch(/^401 (logged_out_everywhere|version_stale)$/);
  },
  'time of the last password': async () => {
    const email = await newUser();
    const { access } = await client.logIn(email);
    await updateUser("password_hash = 'another'")(email);
    const [user] = await database.query(
      'SELECT password_changed_at FROM users WHERE email = $1',
      email,
    );
    expect(user!['password_changed_at']).toBeInstanceOf(Date);
    expect(await client.check(access)).toBe('401 password_changed');
  },
  'a deny list': async () => {
    const device = await client.logIn(await newUser());
    const { access } = await client.refresh(device.refresh);
    await client.post('/device/revoke-this-token', access);
    expect(await client.check(access)).toBe('401 token_revoked');
    expect(await client.check(device.access)).toBe(200);
    await database.query("INSERT INTO users_revoked_tokens VALUES ('old', clock_timestamp())");
    await client.post('/device/revoke-this-token', device.access);
    const kept = await database.query('SELECT jti FROM users_revoked_tokens');
    const ids = [access, device.access].map((token) => ({ jti: claimsOf(token)['jti'] }));
    expect(kept).toEqual(expect.arrayContaining(ids));
    expect(kept).toHaveLength(2);
  },
  'an allow list': async () => {
    const email = await newUser();
    const json = { email, password: PASSWORD, withoutSession: true };
    const { body } = await strict.post('/device/login', undefined, json);
    expect(await strict.check(body['access_token'] as string)).toBe('401 claims_invalid');
    const device = await strict.logIn(email);
    expect(await strict.check(device.access)).toBe(200);
    await database.query('DELETE FROM users_token_sessions WHERE id = $1', device.sid);
    expect(await strict.check(device.access)).toBe('401 session_ended');
  },
  '`last_key_used`, last login': async () => {
    const email = await newUser();
    const [first, last] = [await strict.logIn(email), await strict.logIn(email)];
    expect(await strict.check(first.access)).toBe('401 session_ended');
    expect((await strict.refresh(first.refresh)).outcome).toBe('401 session_ended');
    expect(await strict.check(last.access)).toBe(200);
  },
  'a secret for each user': async () => {
    const [email, other] = [await newUser(), await client.logIn(await newUser())];
    const devices = [await client.logIn(email), await client.logIn(email)];
    await client.post('/auth/logout-everywhere', devices[0]!.access);
    for (const { access } of devices) expect(await client.check(access)).toMatch(/^401 /);
    expect(await client.check(other.access)).toBe(200);
    expect(headerOf(devices[0]!.access)).toEqual(headerOf(other.access));
  },
  'change the key': async () => {
    const email = await newUser();
    const before = [await client.logIn(email), await client.logIn(await newUser())];
    await client.post('/device/everyone');
    for (const { access } of before) {
      expect(await client.check(access)).toBe('401 everyone_logged_out');
    }
    const after = await client.logIn(email);
    expect(await client.check(after.access)).toBe(200);
    expect(headerOf(after.access)).toEqual(headerOf(before[0]!.access));
  },
  'a list of sessions': async () => {
    const email = await newUser();
    const phone = await client.logIn(email, { label: 'Phone' });
    const desk = await client.logIn(email, { label: 'Desk' });
    const { body } = await client.get('/auth/sessions', desk.access);
    expect(body['sessions']).toMatchObject([{ label: 'Desk' }, { label: 'Phone' }]);
    await client.end(desk.access, phone.sid);
    expect(await client.check(phone.access)).toBe('401 session_ended');
    expect(await client.check(desk.access)).toBe(200);
  },
  'a refresh token in a table': async () => {
    const device = await client.logIn(await newUser());
    const tokens = [device.refresh];
    for (let rotation = 0; rotation < 3; rotation += 1) {
      await database.age(device.sid, 61);
      tokens.push((await client.refresh(tokens.at(-1)!)).refresh!);
      await database.age(device.sid, 61);
      await client.refresh(tokens.at(-1)!);
    }
    expect(new Set(tokens).size).toBe(4);
    const rows = await database.query(
      'SELECT * FROM users_token_sessions WHERE id = $1 OR user_id IN (SELECT user_id FROM users_token_sessions WHERE id = $1)',
      device.sid,
    );
    expect(rows).toHaveLength(1);
    for (const token of tokens) expect(JSON.stringify(rows)).not.toContain(token);
  },
  'short access tokens': async () => {
    const { access, refresh } = await client.logIn(await newUser());
    const { iat, exp } = claimsOf(access) as { iat: number; exp: number };
    expect(exp - iat).toBe(900);
    await client.logout({ refresh });
    expect(await client.check(access)).toBe('401 session_ended');
  },
};

describe('How do I log out a JWT? By', () => {
  it.each(Object.entries(ANSWERS))('%s', async (_, show) => {
    expect.hasAssertions();
    await show();
  });

  it('no other answer of docs/sessions.md', () => {
    const [, table] = readDocument('docs/sessions.md').split('## "How do I log out a JWT?"');
    const rows = [...table!.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, answer]) => answer);
    const [, , ...answers] = rows;
    expect(answers.map((answer) => answer!.replace("'", '’'))).toEqual(Object.keys(ANSWERS));
  });
});
