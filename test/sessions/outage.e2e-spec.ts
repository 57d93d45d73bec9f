import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestApp } from '../support/create-app.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { untilBack } from '../support/faults/until-back.js';
import { createSessionApp } from '../support/sessions/session-app.js';
import { type RefreshAnswer, SessionClient } from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import { DatabaseRows } from '../support/sessions/session-rows.js';

let database: SessionDatabase;
let proxy: TcpProxy;
let app: TestApp;
let client: SessionClient;

beforeAll(async () => {
  database = await SessionDatabase.open();
  proxy = await TcpProxy.open(database.url);
  app = await createSessionApp({
    url: proxy.url,
    refreshCookie: true,
    readTimeout: '500ms',
    // Boot keeps to it too, and a busy machine boots within it.
    writeTimeout: '1s',
  });
  client = new SessionClient(app.url);
});
afterAll(async () => {
  await app?.close();
  await proxy?.close();
  await database?.close();
});
afterEach(async () => {
  await proxy?.heal();
  proxy?.resetAll();
});

/** An application whose reads and writes may take five seconds together. */
const startWith = (grace: number, writeTimeout: string | number = '3s') =>
  createSessionApp({
    url: database.url,
    readTimeout: '2s',
    writeTimeout,
    sessions: { grace },
  });

it('a grace that a slow read and a slow write would use up stops the boot', async () => {
  await expect(startWith(5)).rejects.toMatchObject({
    problems: [
      expect.stringMatching(
        /^sessions\.grace is 5 s: it must be longer than readTimeout and the store's writeTimeout together, which are 5 s.* give 0\.$/,
      ),
    ],
  });
  await (await startWith(6)).close();
  await (await startWith(0)).close();
});

it.each(['3 sek', '2 hours', 0])(
  'a time limit of %j for writes is named, and says nothing about the grace',
  async (writeTimeout) => {
    await expect(startWith(5, writeTimeout)).rejects.toMatchObject({
      problems: [expect.stringContaining('Store: writeTimeout is ')],
    });
  },
);

/** What a browser holds: the cookie. */
async function device(): Promise<{ cookie: string; sid: string }> {
  const email = `${crypto.randomUUID()}@example.com`;
  // Around the proxy: the application's own pool may not have noticed yet that a connection of it was reset.
  await new DatabaseRows(database).createUser(email);
  const credentials = { email, password: 'correct horse battery staple' };
  // A busy machine may not manage it within the limit at once.
  const answer = await untilBack(() => client.post('/device/login', undefined, credentials));
  const [cookie] = answer.headers.get('set-cookie')!.split(';', 1);
  const sid = await database.sessionOf(email);
  await database.age(sid, 61);
  return { cookie: cookie!, sid };
}

const refresh = (cookie: string): Promise<RefreshAnswer> => client.refresh('', { cookie });

const recovered = (cookie: string) => untilBack(() => refresh(cookie));

describe('T18 the database is', () => {
  it.each<[string, () => void | Promise<void>]>([
    ['down', () => proxy.refuse()],
    ['black-holed', () => proxy.silence()],
    ['gone without a word', () => proxy.halfOpen()],
    ['slow', () => proxy.drip()],
  ])('%s during refresh: 503, and the login survives', async (_, strike) => {
    const { cookie, sid } = await device();
    await strike();
    for (let round = 0; round < 2; round += 1) {
      const { status, headers, body } = await refresh(cookie);
      expect([status, body['errorCode']]).toEqual([503, 'token_state_unavailable']);
      expect([headers.get('retry-after'), headers.get('set-cookie')]).toEqual(['1', null]);
    }
    await proxy.heal();
    expect((await recovered(cookie)).outcome).toBe(200);
    // The rotation may have happened in the outage; then this was its repetition.
    expect((await database.row(sid))['generation']).toBeLessThanOrEqual(1);
    expect((await recovered(cookie)).outcome).toBe(200);
  });

  it('down when a device logs out: 503, and neither logged out nor without its cookie', async () => {
    const { cookie } = await device();
    await proxy.refuse();
    const answer = await client.send('POST', '/auth/logout', { headers: { cookie } });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([503, null]);
    await proxy.heal();
    expect((await recovered(cookie)).outcome).toBe(200);
  });
});
