import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, PLATFORMS } from '../support/app-settings.js';
import type { TestApp } from '../support/create-app.js';
import { endpointsOf } from '../support/endpoints-of.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { untilBack } from '../support/faults/until-back.js';
import { createSessionApp, SERVICE_CREDENTIAL } from '../support/sessions/session-app.js';
import { SessionClient } from '../support/sessions/session-client.js';
import { SessionDatabase } from '../support/sessions/session-database.js';
import type { Answer } from '../support/test-client.js';
import { createUser, PASSWORD } from '../support/users.js';

/** What the device of a browser holds. */
interface Held {
  readonly access: string;
  readonly refresh: string;
  readonly sid: string;
}

interface Call {
  readonly name: string;
  readonly request: string;
  /** What comes with it. */
  readonly send: (held: Held) => {
    token?: string;
    json?: object;
    headers?: Record<string, string>;
  };
}

const cookieOf = ({ refresh }: Held) => ({ cookie: `__Secure-refresh_token=${refresh}` });
const service = { authorization: SERVICE_CREDENTIAL };

/** Every endpoint that needs the database, by each of its credentials. */
const CALLS: Call[] = [
  { name: 'refresh', request: 'POST refresh', send: (held) => ({ headers: cookieOf(held) }) },
  {
    name: 'logout by the cookie',
    request: 'POST logout',
    send: (held) => ({ headers: cookieOf(held) }),
  },
  {
    name: 'logout by the access token',
    request: 'POST logout',
    send: ({ access }) => ({ token: access }),
  },
  {
    name: 'logout-others',
    request: 'POST logout-others',
    send: ({ access }) => ({ token: access }),
  },
  {
    name: 'logout-everywhere',
    request: 'POST logout-everywhere',
    send: (held) => ({ token: held.access, headers: cookieOf(held) }),
  },
  { name: 'the list', request: 'GET sessions', send: ({ access }) => ({ token: access }) },
  {
    name: 'the end of a session',
    request: 'DELETE sessions/{sid}',
    send: ({ access }) => ({ token: access }),
  },
  {
    name: 'revoke of a refresh token',
    request: 'POST revoke',
    send: ({ refresh }) => ({ json: { token: refresh } }),
  },
  {
    name: 'revoke of an access token',
    request: 'POST revoke',
    send: ({ access }) => ({ json: { token: access }, headers: service }),
  },
  {
    name: 'introspect',
    request: 'POST introspect',
    send: ({ access }) => ({ json: { token: access }, headers: service }),
  },
];

function ask(node: SessionClient, { request, send }: Call, held: Held): Promise<Answer> {
  const [method, route] = request.replace('{sid}', held.sid).split(' ');
  return node.send(method!, `/auth/${route}`, send(held));
}

/** Status and code of an answer, and the headers of which each endpoint has to say the same. */
function saidBy({ status, body, headers }: Answer): unknown[] {
  const names = ['retry-after', 'cache-control', 'set-cookie', 'www-authenticate'];
  return [status, body['errorCode'], ...names.map((name) => headers.get(name))];
}

const UNAVAILABLE = [503, 'token_state_unavailable', '1', 'no-store', null, null];

/** What each call of `CALLS` came to, by its name. */
function named<Outcome>(outcomes: readonly Outcome[]): Record<string, Outcome> {
  return Object.fromEntries(outcomes.map((outcome, index) => [CALLS[index]!.name, outcome]));
}

let database: SessionDatabase;
let proxy: TcpProxy;

beforeAll(async () => {
  database = await SessionDatabase.open();
  proxy = await TcpProxy.open(database.url);
});
afterAll(async () => {
  await proxy?.close();
  await database?.close();
});
afterEach(async () => {
  await proxy?.heal();
  proxy?.resetAll();
});

const OUTAGES: [string, () => void | Promise<void>][] = [
  ['down', () => proxy.refuse()],
  ['black-holed', () => proxy.silence()],
];

describe.each<Platform>(PLATFORMS)('on %s', (platform) => {
  const apps: TestApp[] = [];
  let client: SessionClient;
  let other: SessionClient;

  beforeAll(async () => {
    const settings = { platform, refreshCookie: true, publicKeys: true };
    // Boot keeps to them too, and a busy machine boots within them.
    const limits = { readTimeout: '2s', writeTimeout: '2s' };
    apps.push(await createSessionApp({ ...settings, ...limits, url: proxy.url }));
    // It has the usual limits: a busy machine is no outage.
    apps.push(await createSessionApp({ ...settings, url: database.url }));
    [client, other] = apps.map(({ url }) => new SessionClient(url)) as [
      SessionClient,
      SessionClient,
    ];
  });
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  async function logIn(): Promise<Held> {
    const { email } = await createUser(apps[1]!.dataSource);
    const answer = await other.post('/device/login', undefined, { email, password: PASSWORD });
    const [, refresh] = /^__Secure-refresh_token=([^;]+)/.exec(answer.headers.get('set-cookie')!)!;
    const sid = await database.sessionOf(email);
    await database.age(sid, 61);
    return { access: answer.body['access_token'] as string, refresh: refresh!, sid };
  }

  describe.each(OUTAGES)('with the database %s', (_, strike) => {
    it('every endpoint is 503, changes no cookie, and works afterwards', async () => {
      const held: Held[] = [];
      while (held.length < CALLS.length) held.push(await logIn());
      const askAll = (node: SessionClient) =>
        Promise.all(CALLS.map((call, index) => ask(node, call, held[index]!)));
      await strike();
      for (let round = 0; round < 2; round += 1) {
        const outcomes = await askAll(client);
        expect(named(outcomes.map(saidBy))).toEqual(named(CALLS.map(() => UNAVAILABLE)));
      }
      await proxy.heal();
      const back = await untilBack(() => client.get('/auth/sessions', held[0]!.access));
      expect(back.status).toBe(200);
      const afterwards = (await askAll(other)).map(
        ({ status }) => status === 200 || status === 204,
      );
      expect(named(afterwards)).toEqual(named(CALLS.map(() => true)));
    });

    it('the public keys are there', async () => {
      await strike();
      const { status, body } = await client.get('/.well-known/jwks.json');
      expect([status, body]).toEqual([200, { keys: [expect.objectContaining({ kty: 'EC' })] }]);
    });
  });
});

it('every endpoint of the OpenAPI document is among them', async () => {
  const app = await createSessionApp({ url: database.url, publicKeys: true });
  const documented = endpointsOf(app.app).map(({ method, path }) => `${method} ${path}`);
  await app.close();
  const tried = CALLS.map(({ request }) =>
    request.replace(' ', ' /auth/').replace('{sid}', '{id}'),
  );
  expect(new Set(documented)).toEqual(new Set([...tried, 'GET /.well-known/jwks.json']));
});
