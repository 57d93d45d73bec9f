import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoProcess, MAIN } from './demo-process.js';
import { TemporaryFolder } from './temporary-folder.js';

const run = promisify(execFile);

describe('the demo', () => {
  let folder: TemporaryFolder;
  let demo: DemoProcess;

  beforeAll(async () => {
    folder = new TemporaryFolder();
    demo = await DemoProcess.start(folder.path);
  });

  afterAll(async () => {
    await demo?.terminate();
    folder?.remove();
  });

  const post = (path: string, body: string) =>
    fetch(demo.url + path, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json' },
    });
  const login = (email: string, password: string) =>
    post('/auth/login', JSON.stringify({ email, password }));

  it('prints lines that do what the comments above them say', async () => {
    const { stdout } = await run('sh', ['-c', demo.walkthrough.join('\n')]);
    const answers = stdout.trim().split('\n').map(summary);
    expect(answers).toEqual([
      '201',
      '200',
      '204',
      '401 logged_out_everywhere',
      '204',
      '401 session_ended',
      '200',
      '200',
      '401 password_changed',
      '403',
      '200',
      '401 logged_out_everywhere',
    ]);
    const announced = demo.walkthrough.map((line) => /^# .*: (\d{3}.*)$/.exec(line)?.[1]);
    expect(announced.filter((text) => text !== undefined)).toEqual(answers);
  });

  it('re-hashes a password of outdated cost at login, once', async () => {
    const { status } = await login('admin@example.com', 'the administrator of the demo');
    expect(status).toBe(200);
    expect(demo.log.match(/Re-hashed the password/g)).toHaveLength(1);
  });

  it('answers an unknown user as it answers a wrong password', async () => {
    const unknown = await login('nobody@example.com', 'wrong');
    const wrong = await login('admin@example.com', 'wrong');
    expect(unknown.status).toBe(401);
    expect(await unknown.text()).toBe(await wrong.text());
  });

  it.each(['null', '[]', '"x"', '{', '{"email":{},"password":[]}', '{"email":"a\\u0000@b.c"}'])(
    'answers 400 to the body %s',
    async (body) => {
      for (const path of ['/auth/register', '/auth/login']) {
        expect((await post(path, body)).status).toBe(400);
      }
    },
  );

  it('says in the log what happened, without a token or a password', () => {
    expect(demo.log).toContain('(logged out by an administrator)');
    expect(demo.log).toMatch(/Refused .* password_changed/);
    expect(demo.log).not.toMatch(/eyJ|\$argon2/);
  });

  it.each([
    ['in use', () => new URL(demo.url).port, /^Port \d+ is in use or not allowed\. Choose .*\n$/],
    ['no number', () => 'abc', /^PORT is "abc"\. Give a number .*\n$/],
  ])('says in one line what to do when PORT is %s', async (_, port, line) => {
    const env = { ...process.env, PORT: port(), TMPDIR: folder.path, DATABASE_URL: '' };
    const failure = await run(process.execPath, [MAIN], { env }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(line) });
  });

  it('ends with the signal and leaves no process and no folder', async () => {
    expect(await demo.terminate()).toBe(0);
    expect(folder.content).toEqual([]);
    expect(await demo.processes()).toEqual([]);
    await expect(fetch(demo.url)).rejects.toThrow('fetch failed');
  });
});

/** The status of an answer, with its error code when it has one. */
function summary(line: string): string {
  const [, body, status] = /^(.*) -> (\d{3})$/.exec(line)!;
  const { errorCode } = JSON.parse(body || '{}') as { errorCode?: string };
  return errorCode === undefined ? status! : `${status} ${errorCode}`;
}
