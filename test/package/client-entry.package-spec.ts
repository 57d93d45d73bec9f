import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { Project } from './project.js';

let project: Project;
let requests: string[];

/** Takes orders with the access token `new`, which a refresh has. */
const server = createServer(({ url, headers }, response) => {
  requests.push(url!);
  const isAccepted = url !== '/orders' || headers.authorization === 'Bearer new';
  response.writeHead(isAccepted ? 200 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ access_token: 'new', refresh_token: 'refresh of new' }));
});

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  project = Project.create('client-entry', 'client-application');
  project.copy('client-application/main.ts', 'src/main.cts');
  project.unpack(inject('tarball'));
  project.link(['typescript']);
});

afterAll(() => {
  server.close();
  project?.remove();
});

beforeEach(() => {
  requests = [];
});

it('the client compiles for a browser, with no other package and without the types of Node', async () => {
  expect(await project.compile()).toBe('');
});

it.each([
  ['an ES module', 'dist/main.js'],
  ['CommonJS', 'dist/main.cjs'],
])('and works as %s', async (_, file) => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(JSON.parse(await project.run(file, { args: [url] }))).toEqual({
    statuses: [200, 200, 200],
    accessToken: 'new',
    logout: 200,
  });
  expect(requests.filter((path) => path === '/auth/refresh')).toHaveLength(1);
});
