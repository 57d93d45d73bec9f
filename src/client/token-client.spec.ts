import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Login, memoryStorage, sharedStorage, webStorage } from './login-storage.js';
import { TokenClient } from './token-client.js';
import type { TokenClientOptions } from './token-client.options.js';

const API = 'https://api.example';
const NOW = 1_800_000_000_000;

interface Sent {
  readonly path: string;
  readonly token: string | null;
  readonly body: string;
  readonly credentials: string;
  readonly type: string | null;
}

/** Answers a request; throws as a network that fails. */
type Answer = (request: Sent) => Response | Promise<Response>;

const json = (status: number, body: object, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers });
const refused = (errorCode: string) => json(401, { errorCode });
const busy = () => json(503, { errorCode: 'token_state_unavailable' }, { 'retry-after': '1' });
const tokens = (name: string, refresh: object = { refresh_token: `refresh of ${name}` }) =>
  json(200, { access_token: name, token_type: 'Bearer', expires_in: 900, ...refresh });

let sent: Sent[];
let answers: Record<string, Answer>;
let now: number;

beforeEach(() => {
  sent = [];
  now = NOW;
  answers = {
    // The resource takes the token that was issued last.
    '/orders': ({ token }) => (token === 'new' ? json(200, {}) : refused('token_expired')),
    '/auth/refresh': () => tokens('new'),
    '/auth/logout': () => new Response(null, { status: 204 }),
  };
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const scripted: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const said: Sent = {
    path: new URL(request.url).pathname,
    token: request.headers.get('authorization')?.replace('Bearer ', '') ?? null,
    body: await request.text(),
    credentials: request.credentials,
    type: request.headers.get('content-type'),
  };
  sent.push(said);
  return answers[said.path]!(said);
};

function clientOf(options: Partial<TokenClientOptions> = {}): TokenClient {
  return new TokenClient({ url: `${API}/auth`, fetch: scripted, now: () => now, ...options });
}

async function loggedIn(options: Partial<TokenClientOptions> = {}): Promise<TokenClient> {
  const client = clientOf(options);
  await client.login({ access_token: 'old', expires_in: 900, refresh_token: 'refresh of old' });
  return client;
}

const orders = (client: TokenClient) => client.fetch(`${API}/orders`);
const paths = () => sent.map(({ path, token }) => `${path} ${token}`);

describe('a call', () => {
  it('has the access token', async () => {
    answers['/orders'] = () => json(200, {});
    expect((await orders(await loggedIn())).status).toBe(200);
    expect(paths()).toEqual(['/orders old']);
  });

  it('has none where nobody is logged in, and no refresh is tried', async () => {
    expect((await orders(clientOf())).status).toBe(401);
    expect(paths()).toEqual(['/orders null']);
  });

  it('is sent again with a new token after a 401, with the same body', async () => {
    const client = await loggedIn();
    const answer = await client.fetch(`${API}/orders`, { method: 'POST', body: 'two beers' });
    expect(answer.status).toBe(200);
    expect(paths()).toEqual(['/orders old', '/auth/refresh null', '/orders new']);
    expect(sent.map(({ body }) => body)).toEqual([
      'two beers',
      '{"refresh_token":"refresh of old"}',
      'two beers',
    ]);
  });

  it('is sent again once only', async () => {
    answers['/orders'] = () => refused('token_expired');
    expect((await orders(await loggedIn())).status).toBe(401);
    expect(sent).toHaveLength(3);
  });

  it('does not try a token that has expired by the clock', async () => {
    const client = await loggedIn();
    now += 900_000;
    expect((await orders(client)).status).toBe(200);
    expect(paths()).toEqual(['/auth/refresh null', '/orders new']);
  });

  it('is answered with the demand for a recent login, and no refresh is tried', async () => {
    const challenge =
      'Bearer error="insufficient_user_authentication", error_description="x", max_age=600';
    answers['/orders'] = () =>
      json(401, { errorCode: 'reauthentication_required' }, { 'www-authenticate': challenge });
    const onLoginAgain = vi.fn<(maxAge: number | undefined) => void>();
    expect((await orders(await loggedIn({ onLoginAgain }))).status).toBe(401);
    expect(sent).toHaveLength(1);
    expect(onLoginAgain).toHaveBeenCalledExactlyOnceWith(600);
  });

  it('is answered with what demands a recent login by another status, as it is', async () => {
    const challenge = 'Bearer error="insufficient_user_authentication"';
    answers['/orders'] = () => json(403, {}, { 'www-authenticate': challenge });
    const onLoginAgain = vi.fn<(maxAge: number | undefined) => void>();
    expect((await orders(await loggedIn({ onLoginAgain }))).status).toBe(403);
    answers['/orders'] = ({ token }) =>
      token === 'new' ? json(403, {}, { 'www-authenticate': challenge }) : refused('token_expired');
    expect((await orders(await loggedIn({ onLoginAgain }))).status).toBe(403);
    expect(onLoginAgain).not.toHaveBeenCalled();
  });

  it('needs no callback, neither for a demand nor for a login that is gone', async () => {
    const client = await loggedIn();
    const challenge = 'Bearer error="insufficient_user_authentication"';
    answers['/orders'] = () => json(401, {}, { 'www-authenticate': challenge });
    expect((await orders(client)).status).toBe(401);
    answers['/orders'] = () => refused('token_expired');
    answers['/auth/refresh'] = () => refused('session_ended');
    expect((await orders(client)).status).toBe(401);
  });

  it('goes through the fetch of the platform, by its clock', async () => {
    vi.stubGlobal('fetch', scripted);
    const client = new TokenClient({ url: `${API}/auth` });
    const clock = vi.spyOn(Date, 'now').mockReturnValue(NOW);
    await client.login({ access_token: 'old', expires_in: 900, refresh_token: 'r' });
    clock.mockReturnValue(NOW + 899_999);
    answers['/orders'] = () => json(200, {});
    await orders(client);
    clock.mockReturnValue(NOW + 900_000);
    await orders(client);
    expect(paths()).toEqual(['/orders old', '/auth/refresh null', '/orders new']);
  });

  it('hears of the demand after a refresh too', async () => {
    const challenge = 'Bearer error="insufficient_user_authentication"';
    answers['/orders'] = ({ token }) =>
      token === 'new' ? json(401, {}, { 'www-authenticate': challenge }) : refused('token_expired');
    const onLoginAgain = vi.fn<(maxAge: number | undefined) => void>();
    await orders(await loggedIn({ onLoginAgain }));
    expect(onLoginAgain).toHaveBeenCalledExactlyOnceWith(undefined);
  });
});

describe('a refresh', () => {
  it('is made once for all calls that wait for it', async () => {
    const client = await loggedIn();
    const all = await Promise.all(Array.from({ length: 20 }, () => orders(client)));
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(sent.filter(({ path }) => path === '/auth/refresh')).toHaveLength(1);
  });

  it('is sent as JSON, with the cookies of its origin alone', async () => {
    await orders(await loggedIn());
    expect(sent[1]).toMatchObject({
      path: '/auth/refresh',
      type: 'application/json',
      credentials: 'same-origin',
    });
  });

  it('that does not say how long the token lives is for one that is used until it is refused', async () => {
    const storage = memoryStorage();
    const refresh = { refresh_token: 'refresh of new', expires_in: undefined };
    answers['/auth/refresh'] = () => tokens('new', refresh);
    await orders(await loggedIn({ storage }));
    expect(await storage.read()).toEqual({
      accessToken: 'new',
      expiresAt: undefined,
      refreshToken: 'refresh of new',
    });
  });

  it('that answers no refresh token leaves the one that is there', async () => {
    const storage = memoryStorage();
    answers['/auth/refresh'] = () => tokens('new', { refresh_token_unchanged: true });
    await orders(await loggedIn({ storage }));
    expect(await storage.read()).toEqual({
      accessToken: 'new',
      expiresAt: NOW + 900_000,
      refreshToken: 'refresh of old',
    });
  });

  it('that a busy server refuses is answered as that, and the login is kept', async () => {
    const onGone = vi.fn<(errorCode: string) => void>();
    const client = await loggedIn({ onGone });
    answers['/auth/refresh'] = busy;
    const answer = await orders(client);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    now += 900_000;
    expect((await orders(client)).status).toBe(503);
    answers['/auth/refresh'] = () => tokens('new');
    expect((await orders(client)).status).toBe(200);
    expect(onGone).not.toHaveBeenCalled();
  });

  it.each<[name: string, answer: Answer, message: string]>([
    ['the network fails', () => Promise.reject(new TypeError('fetch failed')), 'fetch failed'],
    [
      'the answer is no token',
      () => json(200, { welcome: 'to our hotel' }),
      'The answer has no access_token',
    ],
    ['the answer is no JSON', () => new Response('<html>'), 'Unexpected token'],
  ])('rejects where %s, and the login is kept', async (_, answer, message) => {
    const client = await loggedIn();
    answers['/auth/refresh'] = answer;
    await expect(orders(client)).rejects.toThrow(message);
    answers['/auth/refresh'] = () => tokens('new');
    expect((await orders(client)).status).toBe(200);
  });

  it('that lasts too long is given up, and the login is kept', async () => {
    const client = await loggedIn({
      timeout: 1,
      fetch: (input, init) =>
        init?.signal
          ? (once(init.signal, 'abort').then(() => init.signal!.throwIfAborted()) as never)
          : scripted(input, init),
    });
    await expect(orders(client)).rejects.toThrow('timeout');
  });

  it('that is refused ends the login here: the call gets its 401, and no other call tries again', async () => {
    const storage = memoryStorage();
    const onGone = vi.fn<(errorCode: string) => void>();
    const client = await loggedIn({ storage, onGone });
    answers['/auth/refresh'] = () => refused('session_ended');
    const [one, other] = await Promise.all([orders(client), orders(client)]);
    expect([one.status, other.status]).toEqual([401, 401]);
    expect(onGone).toHaveBeenCalledExactlyOnceWith('session_ended');
    expect(await storage.read()).toBeUndefined();
    await orders(client);
    expect(sent.filter(({ path }) => path === '/auth/refresh')).toHaveLength(1);
  });

  it.each(['Proxy login', 'null', '{"errorCode":401}'])(
    'that something in between refuses with %s ends nothing',
    async (body) => {
      const onGone = vi.fn<(errorCode: string) => void>();
      const client = await loggedIn({ onGone });
      answers['/auth/refresh'] = () => new Response(body, { status: 401 });
      expect((await orders(client)).status).toBe(401);
      answers['/auth/refresh'] = () => tokens('new');
      expect((await orders(client)).status).toBe(200);
      expect(onGone).not.toHaveBeenCalled();
    },
  );

  it('is not made where another tab has a new token by then', async () => {
    const storage = memoryStorage();
    const client = await loggedIn({ storage });
    answers['/orders'] = async ({ token }) => {
      if (token === 'new') return json(200, {});
      await storage.write({ accessToken: 'new', refreshToken: 'refresh of new' });
      return refused('token_expired');
    };
    expect((await orders(client)).status).toBe(200);
    expect(paths()).toEqual(['/orders old', '/orders new']);
  });

  it.each<[name: string, answer: () => Response]>([
    ['with a token', () => tokens('late')],
    ['with a refusal', () => refused('refresh_reused')],
  ])('that answers late %s does not replace what another tab has stored', async (_, late) => {
    const storage = memoryStorage();
    const client = await loggedIn({ storage });
    const newer: Login = { accessToken: 'new', refreshToken: 'refresh of new' };
    answers['/auth/refresh'] = async () => {
      await storage.write(newer);
      return late();
    };
    expect((await orders(client)).status).toBe(200);
    expect(await storage.read()).toEqual(newer);
  });

  it('of the login before is not waited for', async () => {
    const client = await loggedIn();
    const server = new EventEmitter();
    answers['/auth/refresh'] = async ({ body }) => {
      if (!body.includes('of old')) return tokens('new');
      await once(server, 'late');
      return refused('session_ended');
    };
    const former = orders(client);
    await vi.waitUntil(() => sent.length === 2);
    await client.login({ access_token: 'next', refresh_token: 'refresh of next' });
    expect((await orders(client)).status).toBe(200);
    server.emit('late');
    expect((await former).status).toBe(200);
  });

  it('that answers after a logout logs nobody in', async () => {
    const storage = memoryStorage();
    const client = await loggedIn({ storage });
    answers['/auth/refresh'] = async () => {
      await client.logout();
      return tokens('new');
    };
    expect((await orders(client)).status).toBe(401);
    expect(await storage.read()).toBeUndefined();
  });
});

describe('a logout', () => {
  it('is said to the server with the refresh token, and forgets the login', async () => {
    const storage = memoryStorage();
    const client = await loggedIn({ storage });
    expect((await client.logout()).status).toBe(204);
    expect(sent[0]).toMatchObject({
      path: '/auth/logout',
      body: '{"refresh_token":"refresh of old"}',
    });
    expect(await storage.read()).toBeUndefined();
  });
});

describe('with the refresh token in a cookie', () => {
  beforeEach(() => {
    answers['/auth/refresh'] = () => tokens('new', {});
  });

  it('a page that has just opened gets an access token by its first call', async () => {
    const client = clientOf({ cookie: true });
    expect((await orders(client)).status).toBe(200);
    expect(sent[0]).toMatchObject({ path: '/auth/refresh', body: '{}', credentials: 'include' });
  });

  it('a page without a login asks once', async () => {
    const onGone = vi.fn<(errorCode: string) => void>();
    const client = clientOf({ cookie: true, onGone });
    answers['/auth/refresh'] = () => refused('token_missing');
    await orders(client);
    await orders(client);
    expect(paths()).toEqual(['/auth/refresh null', '/orders null', '/orders null']);
    await client.login({ access_token: 'new' });
    expect((await orders(client)).status).toBe(200);
  });

  it('a page that logs in again asks again, once another tab has logged out', async () => {
    const storage = memoryStorage();
    const client = clientOf({ cookie: true, storage });
    await client.logout();
    await client.login({ access_token: 'old' });
    await storage.write(undefined);
    expect((await orders(client)).status).toBe(200);
    expect(paths()).toEqual(['/auth/logout null', '/auth/refresh null', '/orders new']);
  });

  it('a page that has logged out asks no more, and a late answer logs nobody in', async () => {
    const client = clientOf({ cookie: true });
    answers['/auth/refresh'] = async () => {
      await client.logout();
      return tokens('new', {});
    };
    expect((await orders(client)).status).toBe(401);
    expect((await orders(client)).status).toBe(401);
    expect(paths()).toEqual([
      '/auth/refresh null',
      '/auth/logout null',
      '/orders null',
      '/orders null',
    ]);
  });
});

describe('where the login is kept', () => {
  const login: Login = { accessToken: 'a', expiresAt: 1, refreshToken: 'r' };

  it('in localStorage it is one entry, which a logout removes', async () => {
    const entries = new Map<string, string>();
    const storage = webStorage({
      getItem: (key) => entries.get(key) ?? null,
      setItem: (key, value) => void entries.set(key, value),
      removeItem: (key) => void entries.delete(key),
    });
    expect(await storage.read()).toBeUndefined();
    await storage.write(login);
    expect([...entries.keys()]).toEqual(['login']);
    expect(await storage.read()).toEqual(login);
    await storage.write(undefined);
    expect(entries.size).toBe(0);
  });

  it('in memory, the tabs share it', async () => {
    const shared: Login = { accessToken: 'a', expiresAt: 1 };
    const here = sharedStorage('tabs of a test');
    const there = sharedStorage('tabs of a test');
    const third = new BroadcastChannel('tabs of a test');
    const received = new Promise((resolve) => {
      third.addEventListener('message', resolve);
    });
    await here.write(shared);
    // The tabs get a message in the order in which they opened.
    await received;
    expect(await there.read()).toEqual(shared);
    for (const each of [here, there, third]) each.close();
  });

  it('in memory, the tabs share a logout too, over a channel as browsers have it', async () => {
    const posted: unknown[] = [];
    const opened = vi.fn<(name: string) => void>();
    const closed = vi.fn<() => void>();
    // In a browser a channel has no unref().
    class Channel {
      readonly addEventListener = () => {};
      readonly postMessage = (message: unknown) => void posted.push(message);
      readonly close = closed;

      constructor(name: string) {
        opened(name);
      }
    }
    vi.stubGlobal('BroadcastChannel', Channel);
    const storage = sharedStorage();
    await storage.write({ accessToken: 'a' });
    await storage.write(undefined);
    storage.close();
    expect(opened).toHaveBeenCalledExactlyOnceWith('login');
    expect(posted).toEqual([{ accessToken: 'a' }, undefined]);
    expect(closed).toHaveBeenCalledOnce();
  });

  it('in memory, the tabs share no refresh token', () => {
    const storage = sharedStorage('no tabs');
    expect(() => storage.write(login)).toThrow('for a refresh token in a cookie');
    storage.close();
  });
});
