import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoProcess } from './demo-process.js';
import { TemporaryFolder } from './temporary-folder.js';

interface Opening {
  readonly visitor: { readonly id: string; readonly email: string; readonly password: string };
}

describe('the stage of the demo', () => {
  let folder: TemporaryFolder;
  let demo: DemoProcess;
  let visitor: Opening['visitor'];

  beforeAll(async () => {
    folder = new TemporaryFolder();
    demo = await DemoProcess.start(folder.path);
    visitor = ((await (await post('/stage/visitors')).json()) as Opening).visitor;
  });

  afterAll(async () => {
    await demo?.terminate();
    folder?.remove();
  });

  const post = (path: string, json: object = {}) =>
    fetch(demo.url + path, {
      method: 'POST',
      body: JSON.stringify(json),
      headers: { 'Content-Type': 'application/json' },
    });

  const login = async () => {
    const answer = await post('/auth/login', visitor);
    return ((await answer.json()) as { access_token: string }).access_token;
  };

  const ask = (token: string, node = '') =>
    fetch(`${demo.url}${node}/me`, { headers: { Authorization: `Bearer ${token}` } });

  it('serves a page that may load nothing from elsewhere', async () => {
    const page = await fetch(demo.url);
    expect(page.status).toBe(200);
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(await page.text()).not.toMatch(/(src|href)="https?:/);
  });

  it.each([
    ['another origin', { Origin: 'https://example.com' }],
    ['a name that resolves to this machine', { Host: 'rebound.example.com' }],
  ])('refuses what a browser sends here from %s', async (_, headers) => {
    expect(await statusOf(`${demo.url}/stage/database/stop`, headers)).toBe(403);
  });

  it('answers 503 while the database is down, and nobody is logged out', async () => {
    const token = await login();
    expect((await post('/stage/database/stop')).status).toBe(204);
    expect((await ask(token)).status).toBe(503);
    for (const path of ['/auth/login', '/auth/register']) {
      const answer = await post(path, visitor);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('Retry-After')).toBe('1');
    }
    expect((await post('/stage/database/start')).status).toBe(204);
    expect((await ask(token)).status).toBe(200);
  });

  it('keeps the row when a stale copy is saved', async () => {
    const token = await login();
    await fetch(`${demo.url}/auth/logout-everywhere`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
    });
    const saved = await post(`/stage/visitors/${visitor.id}/stale-save`);
    expect(await saved.json()).toEqual({ triedVersion: 0, version: 1 });
    expect((await ask(token)).status).toBe(401);
  });

  it('refuses tokens on a second process too', async () => {
    expect((await post('/stage/second-node')).status).toBe(204);
    const token = await login();
    const answers = [await ask(token), await ask(token, '/node-b')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(answers.map(({ headers }) => headers.get('X-Answered-By'))).size).toBe(2);

    const password = 'set by raw SQL';
    await post(`/stage/visitors/${visitor.id}/password-by-sql`, { password });
    const refused = await ask(token, '/node-b');
    expect(await refused.json()).toMatchObject({ errorCode: 'password_changed' });
  });

  it('ends with its database down and its second process up, and leaves nothing', async () => {
    await post('/stage/database/stop');
    expect(await demo.interrupt()).toBe(0);
    expect(folder.content).toEqual([]);
    expect(await demo.processes()).toEqual([]);
  });
});

/** By hand, because fetch sets these headers itself. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject).end();
  });
}
