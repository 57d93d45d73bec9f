import { generateKeyPairSync } from 'node:crypto';
import { Controller, Get, Logger, VersioningType } from '@nestjs/common';
import {
  type EndpointsOptions,
  TokenEventEmitter,
  type TokenInvalidationModuleOptions,
} from 'nestjs-token-invalidation';
import { afterEach, describe, expect, it } from 'vitest';
import { type Platform, PLATFORMS } from '../support/app-settings.js';
import { endpointsOf } from '../support/endpoints-of.js';
import { sign } from '../support/forge.js';
import { MeController } from '../support/me.controller.js';
import type { MemoryApp, MemoryAppOptions } from '../support/memory-app.js';
import { SERVICE_CREDENTIAL } from '../support/sessions/session-app.js';
import { claimsOf } from '../support/sessions/session-client.js';
import { CookieJar } from '../support/sessions/cookie-jar.js';
import { type SessionMemoryApp, startSessions } from '../support/sessions/session-memory-app.js';
import type { Answer } from '../support/test-client.js';

Logger.overrideLogger(false);

const running: MemoryApp[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

const isService = ({ headers }: { headers: Record<string, string> }) =>
  headers['authorization'] === SERVICE_CREDENTIAL;

async function start(
  endpoints: Partial<EndpointsOptions> = {},
  module: Partial<TokenInvalidationModuleOptions> = {},
  more: Partial<MemoryAppOptions> = {},
): Promise<SessionMemoryApp> {
  const app = await startSessions({ ...more, endpoints, module });
  running.push(app.app);
  return app;
}

/** As an interceptor of an application does. */
const setOwnCookie: NonNullable<MemoryAppOptions['prepare']> = (app) =>
  app.useGlobalInterceptors({
    intercept(context, next) {
      const response = context.switchToHttp().getResponse<{
        header(name: string, value: string): unknown;
      }>();
      response.header('Set-Cookie', 'own=1');
      return next.handle();
    },
  });

const cookieOf = ({ headers }: Answer) => headers.get('set-cookie');

/** Where an application has the endpoints, and the path that their cookie should have. */
interface Place {
  own?: string;
  prefix?: string;
  version?: string;
  defaultVersion?: string;
  refreshCookie?: { name?: string; path?: string };
  routes: string;
  path: string;
}

describe.each(PLATFORMS)('on %s', (platform) => {
  const on = (
    endpoints: Partial<EndpointsOptions> = {},
    module: Partial<TokenInvalidationModuleOptions> = {},
  ) => start(endpoints, module, { platform });

  describe('POST refresh', () => {
    it('answers with a token response that no cache keeps', async () => {
      const app = await on();
      const device = await app.device();
      app.advance(121);
      const { status, headers, body } = await app.refresh(device.refresh);
      const caching = [headers.get('cache-control'), headers.get('pragma')];
      expect([status, ...caching]).toEqual([200, 'no-store', 'no-cache']);
      expect(body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 900,
        refresh_token: expect.stringMatching(/^nti1_/),
      });
      expect(await app.me(body['access_token'] as string)).toBe(200);
      expect((await app.refresh(body['refresh_token'] as string)).body).toMatchObject({
        refresh_token_unchanged: true,
      });
    });

    it('takes a form too', async () => {
      const app = await on();
      const { refresh } = await app.device();
      expect((await app.form('/auth/refresh', { refresh_token: refresh })).status).toBe(200);
    });

    it('refuses everything else, with the challenge and the code', async () => {
      const app = await on();
      const device = await app.device();
      for (const json of [
        undefined,
        {},
        { refresh_token: 7 },
        { refresh_token: [device.refresh] },
        { refresh_token: device.access },
        { refreshToken: device.refresh },
      ]) {
        const answer = await app.post('/auth/refresh', undefined, json);
        expect(answer.status).toBe(401);
        expect(answer.body).toMatchObject({ errorCode: 'refresh_invalid' });
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/);
        expect(answer.headers.get('set-cookie')).toBeNull();
      }
    });

    it('has its response shaped by the application', async () => {
      const app = await on({ response: ({ refresh_token }) => ({ next: refresh_token ?? null }) });
      const device = await app.device();
      expect((await app.refresh(device.refresh)).body).toEqual({ next: null });
    });

    it('gives the application no property that has no value', async () => {
      const app = await on({ response: (tokens) => Object.keys(tokens) });
      const { refresh } = await app.device();
      expect((await app.refresh(refresh)).body).toEqual([
        'access_token',
        'token_type',
        'expires_in',
        'refresh_token_unchanged',
      ]);
    });

    it('notes what the client says of itself', async () => {
      const app = await on();
      const { refresh, access } = await app.device();
      app.advance(121);
      await app.refresh(refresh, { 'user-agent': 'Phone/2.0' });
      const { body } = await app.get('/auth/sessions', access);
      expect(body).toMatchObject({ sessions: [{ userAgent: 'Phone/2.0' }] });
    });
  });

  describe('T17 wrong kind', () => {
    it('an access token refreshes nothing, and a refresh token opens nothing', async () => {
      const app = await on();
      const device = await app.device();
      expect((await app.refresh(device.access)).outcome).toBe('401 refresh_invalid');
      expect(await app.me(device.refresh)).toBe('401 token_invalid');
      expect((await app.get('/auth/refresh', device.access)).status).toBe(404);
      expect((await app.get(`/auth/refresh?refresh_token=${device.refresh}`)).status).toBe(404);
    });
  });

  describe('POST logout', () => {
    it('ends the session by the access token', async () => {
      const app = await on();
      const [device, other] = [await app.device('anna'), await app.device('anna')];
      const { status, headers } = await app.logout({ access: device.access });
      expect([status, headers.get('set-cookie'), app.refusals]).toEqual([204, null, []]);
      expect(await app.me(device.access)).toBe('401 session_ended');
      expect((await app.refresh(device.refresh)).outcome).toBe('401 session_ended');
      expect(await app.me(other.access)).toBe(200);
      expect((await app.logout({ access: device.access })).status).toBe(401);
    });

    it.each([
      ['alone', false],
      ['beside an access token that has expired', true],
    ])('ends it by the refresh token %s, also a second time', async (_, isBeside) => {
      const app = await on();
      const device = await app.device();
      app.advance(3600);
      expect(await app.me(device.access)).toBe('401 token_expired');
      const sent = { refresh: device.refresh, ...(isBeside && { access: device.access }) };
      const answers = [await app.logout(sent), await app.logout(sent)];
      expect(answers.map(({ status }) => status)).toEqual([204, 204]);
      expect((await app.refresh(device.refresh)).outcome).toBe('401 session_ended');
      expect(app.events.filter(({ kind }) => kind === 'ended')).toMatchObject([
        { sessionId: device.sid, subject: device.id, reason: 'logged_out' },
      ]);
    });

    it('asks for one of them', async () => {
      const app = await on();
      const device = await app.device();
      const nothing = await app.logout({});
      expect([nothing.status, nothing.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      for (const none of ['', 7, ['x']]) {
        const { body } = await app.post('/auth/logout', undefined, { refresh_token: none });
        expect(body['errorCode']).toBe('token_missing');
      }
      expect((await app.logout({ refresh: 'nti1_x' })).body['errorCode']).toBe('refresh_invalid');
      const both = await app.logout({ refresh: 'nti1_x', access: device.access });
      expect(both.status).toBe(204);
      expect(await app.me(device.access)).toBe('401 session_ended');
    });

    it('says that a token without a session cannot be logged out alone', async () => {
      const app = await on();
      const { status, body } = await app.logout({ access: app.app.tokenOf('anna') });
      expect([status, body['message']]).toEqual([
        409,
        'The token has no session: log out everywhere instead',
      ]);
    });

    it('ends the sessions of both tokens where another tab has logged in since', async () => {
      const app = await on();
      const [tab, other, third] = [await app.device(), await app.device(), await app.device()];
      const both = { access: tab.access, refresh: other.refresh };
      expect((await app.logout(both)).status).toBe(204);
      for (const { access } of [tab, other]) {
        expect(await app.me(access)).toBe('401 session_ended');
      }
      expect(await app.me(third.access)).toBe(200);
      expect((await app.logout({ ...both, access: 'expired' })).status).toBe(204);
      const without = { access: app.app.tokenOf('bert'), refresh: third.refresh };
      expect((await app.logout(without)).status).toBe(204);
      expect(await app.me(third.access)).toBe('401 session_ended');
    });
  });

  it('no endpoint takes the access token of a session that has ended', async () => {
    const app = await on({ revoke: isService, introspect: isService });
    const [device, other] = [await app.device('anna'), await app.device('anna')];
    await app.logout({ access: device.access });
    const endpoints = endpointsOf(app.app.app);
    expect(endpoints).toHaveLength(8);
    const said: Record<string, string> = {};
    for (const { method, path } of endpoints) {
      const json = { token: device.access, keepThisDevice: true };
      const authorization = /introspect$|revoke$/.test(path)
        ? SERVICE_CREDENTIAL
        : `Bearer ${device.access}`;
      const parts = { headers: { authorization }, ...(method !== 'GET' && { json }) };
      const answer = await app.send(method, path.replace('{id}', other.sid), parts);
      const { active, errorCode } = answer.body;
      said[`${method} ${path}`] = `${answer.status} ${String(errorCode ?? active)}`;
    }
    expect(said).toEqual({
      'POST /auth/logout-everywhere': '401 session_ended',
      // It is no refresh token, whatever its session.
      'POST /auth/refresh': '401 refresh_invalid',
      'POST /auth/logout': '401 session_ended',
      'GET /auth/sessions': '401 session_ended',
      'DELETE /auth/sessions/{id}': '401 session_ended',
      'POST /auth/logout-others': '401 session_ended',
      // To revoke what is over already is no error (RFC 7009 section 2.2).
      'POST /auth/revoke': '200 undefined',
      'POST /auth/introspect': '200 false',
    });
    expect(await app.me(other.access)).toBe(200);
    expect(app.invalidations).toEqual([]);
  });

  describe('GET sessions and DELETE sessions/:id', () => {
    it('lists the sessions of the caller for no cache, in pages', async () => {
      const app = await on();
      const first = await app.device('anna');
      app.advance(1);
      const last = await app.device('anna');
      await app.device('bert');
      const { status, headers, body } = await app.get('/auth/sessions', first.access);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toEqual({
        sessions: [
          expect.objectContaining({ id: last.sid, label: 'Phone', current: false }),
          expect.objectContaining({ id: first.sid, label: 'Phone', current: true }),
        ],
      });
      expect(JSON.stringify(body)).not.toMatch(/nti1_|secret|hash/i);
      const page = await app.get('/auth/sessions?limit=1', first.access);
      expect(page.body).toMatchObject({ sessions: [{ id: last.sid }], next: last.sid });
      const query = `limit=1&after=${last.sid}`;
      const next = await app.get(`/auth/sessions?${query}`, first.access);
      expect(next.body).toMatchObject({ sessions: [{ id: first.sid }] });
    });

    it('refuses what is no page', async () => {
      const app = await on();
      const { access } = await app.device();
      const limits = ['0', '1.5', '201', '1e2', '0x10', '+5', '', '5&limit=5'];
      const queries = [...limits.map((limit) => `limit=${limit}`), 'after=x', 'after=1&after=2'];
      for (const query of queries) {
        const { status, body } = await app.get(`/auth/sessions?${query}`, access);
        const message = query.startsWith('limit')
          ? 'limit must be a whole number from 1 to 200'
          : 'after must be the id of a session';
        expect([query, status, body['message']]).toEqual([query, 400, message]);
      }
      expect((await app.get('/auth/sessions?limit=200', access)).status).toBe(200);
    });

    it('ends a session of the caller, and says nothing of anyone else’s', async () => {
      const app = await on();
      const [caller, other] = [await app.device('anna'), await app.device('anna')];
      const stranger = await app.device('bert');
      for (const sid of [other.sid, other.sid, stranger.sid, crypto.randomUUID(), 'no-id']) {
        const { status, body } = await app.end(caller.access, sid);
        expect([status, body]).toEqual([204, {}]);
      }
      expect(await app.me(other.access)).toBe('401 session_ended');
      expect([await app.me(caller.access), await app.me(stranger.access)]).toEqual([200, 200]);
    });

    it('says of its own session that it logged out, and of others that they were ended', async () => {
      const app = await on();
      const [caller, other] = [await app.device('anna'), await app.device('anna')];
      app.events.length = 0;
      await app.end(caller.access, other.sid);
      await app.end(caller.access, caller.sid.toUpperCase());
      expect(app.events).toMatchObject([
        { sessionId: other.sid, reason: 'ended_by_user' },
        { sessionId: caller.sid, reason: 'logged_out' },
      ]);
    });

    it('logout-others leaves the session of the caller, and none where the token has none', async () => {
      const app = await on();
      const [caller, other] = [await app.device('anna'), await app.device('anna')];
      const stranger = await app.device('bert');
      const verdicts = () =>
        Promise.all([caller, other, stranger].map((each) => app.me(each.access)));
      expect((await app.post('/auth/logout-others', caller.access)).status).toBe(204);
      expect(await verdicts()).toEqual([200, '401 session_ended', 200]);
      const old = app.tokenWithoutSession('anna');
      expect((await app.post('/auth/logout-others', old)).status).toBe(204);
      expect(await verdicts()).toEqual(['401 session_ended', '401 session_ended', 200]);
      expect(await app.me(old)).toBe(200);
    });

    it('wants an access token, as logout-others does', async () => {
      const app = await on();
      const { refresh, sid } = await app.device();
      for (const token of [undefined, refresh]) {
        const answers = [
          await app.get('/auth/sessions', token),
          await app.send('DELETE', `/auth/sessions/${sid}`, { token }),
          await app.post('/auth/logout-others', token),
        ];
        for (const { status, headers } of answers) {
          expect(status).toBe(401);
          expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
        }
      }
    });

    it('has its list shaped by the application', async () => {
      const app = await on({ listResponse: ({ sessions }) => sessions.map(({ id }) => id) });
      const { access, sid } = await app.device();
      expect((await app.get('/auth/sessions', access)).body).toEqual([sid]);
      const keys = await on({ listResponse: (page) => Object.keys(page) });
      const device = await keys.device();
      expect((await keys.get('/auth/sessions', device.access)).body).toEqual(['sessions']);
    });
  });

  describe('what an endpoint does to a session', () => {
    const LOCAL = expect.stringMatching(/^(127\.0\.0\.1|::1)$/) as string;
    type Held = Awaited<ReturnType<SessionMemoryApp['device']>>;

    it.each<[string, (app: SessionMemoryApp, device: Held, other: Held) => Promise<Answer>]>([
      ['refresh', (app, { refresh }) => app.refresh(refresh)],
      ['logout by the refresh token', (app, { refresh }) => app.logout({ refresh })],
      ['logout by the access token', (app, { access }) => app.logout({ access })],
      ['logout-others', (app, _, { access }) => app.post('/auth/logout-others', access)],
      ['DELETE sessions/:id', (app, { sid }, { access }) => app.end(access, sid)],
      [
        'revoke of a refresh token',
        (app, { refresh: token }) => app.form('/auth/revoke', { token }),
      ],
      [
        'revoke of an access token',
        (app, { access: token }) =>
          app.form('/auth/revoke', { token }, { authorization: SERVICE_CREDENTIAL }),
      ],
      [
        'logout-everywhere with keepThisDevice',
        (app, { access }) => app.post('/auth/logout-everywhere', access, { keepThisDevice: true }),
      ],
    ])('is an event that says from where: %s', async (_, call) => {
      const sessions = { absolute: '30 days', address: true };
      const app = await on({ revoke: isService }, { sessions });
      const [device, other] = [await app.device('anna'), await app.device('anna')];
      app.events.length = 0;
      expect([200, 204]).toContain((await call(app, device, other)).status);
      expect(app.events).not.toEqual([]);
      for (const event of app.events) expect(event).toMatchObject({ address: LOCAL });
    });

    it.each([{}, { keepThisDevice: true }])(
      'is an event that says who logged out everywhere, and from where: %j',
      async (body) => {
        const app = await on({}, { sessions: { absolute: '30 days', address: true } });
        const { access } = await app.device('anna');
        await app.post('/auth/logout-everywhere', access, body);
        const who = { subject: 'anna', by: 'anna', address: LOCAL };
        expect(app.invalidations).toMatchObject([{ ...who, reason: 'logged_out_everywhere' }]);
      },
    );
  });

  describe('the cookie', () => {
    it('holds the refresh token, out of reach of scripts, and the body does not', async () => {
      const app = await on({ refreshCookie: true });
      const device = await app.device();
      app.advance(121);
      const pair = `__Secure-refresh_token=${device.refresh}`;
      const answer = await app.withCookie('POST', '/auth/refresh', `a=b; ${pair}; c=d`);
      expect(answer.status).toBe(200);
      expect(answer.body).not.toHaveProperty('refresh_token');
      expect(cookieOf(answer)).toMatch(
        /^__Secure-refresh_token=nti1_[\w-]+; Path=\/auth; HttpOnly; Secure; SameSite=Strict$/,
      );
      // Without a rotation there is nothing to store.
      const [next] = cookieOf(answer)!.split(';', 1);
      const again = await app.withCookie('POST', '/auth/refresh', next!);
      expect([again.status, cookieOf(again)]).toEqual([200, null]);
      expect((await app.refresh(device.refresh)).outcome).toBe('401 refresh_invalid');
    });

    it('outlives the browser only for a persistent login, and ends with the session', async () => {
      const app = await on({ refreshCookie: true });
      const device = await app.device('anna', true);
      app.advance(121);
      const pair = `__Secure-refresh_token=${device.refresh}`;
      const answer = await app.withCookie('POST', '/auth/refresh', pair);
      expect(cookieOf(answer)).toMatch(/; Max-Age=2591879$/);
    });

    it('is removed by a logout, and never by a refused refresh', async () => {
      const app = await on({ refreshCookie: true });
      const device = await app.device();
      const pair = `__Secure-refresh_token=${device.refresh}`;
      const logout = await app.withCookie('POST', '/auth/logout', pair);
      expect(logout.status).toBe(204);
      expect(cookieOf(logout)).toBe(
        '__Secure-refresh_token=; Path=/auth; HttpOnly; Secure; SameSite=Strict; Max-Age=0',
      );
      const refused = await app.withCookie('POST', '/auth/refresh', pair);
      expect([refused.status, cookieOf(refused)]).toEqual([401, null]);
      const everywhere = await app.device('anna');
      const answer = await app.post('/auth/logout-everywhere', everywhere.access);
      expect(cookieOf(answer)).toMatch(/Max-Age=0$/);
    });

    it("leaves the application's own cookies in the answer", async () => {
      const app = await start({ refreshCookie: true }, {}, { platform, prepare: setOwnCookie });
      const device = await app.device();
      const pair = `__Secure-refresh_token=${device.refresh}`;
      const logout = await app.withCookie('POST', '/auth/logout', pair);
      expect(logout.headers.getSetCookie()).toEqual([
        'own=1',
        expect.stringMatching(/^__Secure-refresh_token=;/),
      ]);
    });

    it('is where logout-everywhere puts the new token of the device that stays', async () => {
      const app = await on({ refreshCookie: true });
      const device = await app.device();
      const keep = { keepThisDevice: true };
      const answer = await app.post('/auth/logout-everywhere', device.access, keep);
      expect(answer.status).toBe(200);
      const [pair] = cookieOf(answer)!.split(';', 1);
      expect((await app.withCookie('POST', '/auth/refresh', pair!)).status).toBe(200);
      expect(await app.me(answer.body['access_token'] as string)).toBe(200);
      expect(await app.me(device.access)).toBe('401 logged_out_everywhere');
    });

    it.each<[string, EndpointsOptions['refreshCookie'], string]>([
      ['a name and a path', { name: 'rt', path: '/api/auth' }, 'rt=nti1_x; Path=/api/auth;'],
      ['the path /', { path: '/' }, '__Host-refresh_token=nti1_x; Path=/;'],
    ])('can have %s', async (_, refreshCookie, expected) => {
      const app = await on({ refreshCookie });
      const device = await app.device();
      app.advance(121);
      const [name] = expected.split('=', 1);
      const answer = await app.withCookie('POST', '/auth/refresh', `${name}=${device.refresh}`);
      expect(cookieOf(answer)!.replace(/nti1_[\w-]+/, 'nti1_x')).toContain(expected);
    });
  });

  describe.each<Place>([
    { routes: '/auth', path: '/auth' },
    { own: 'v3/account', routes: '/v3/account', path: '/v3/account' },
    { prefix: 'api', routes: '/api/auth', path: '/api/auth' },
    { prefix: '/api/', own: '/auth/', routes: '/api/auth', path: '/api/auth' },
    { defaultVersion: '1', routes: '/v1/auth', path: '/' },
    { prefix: 'api', defaultVersion: '1', routes: '/api/v1/auth', path: '/api' },
    { prefix: 'api', version: '2', routes: '/api/v2/auth', path: '/api' },
    { prefix: 'api', refreshCookie: { path: '/' }, routes: '/api/auth', path: '/' },
    { prefix: 'api', refreshCookie: { name: 'rt' }, routes: '/api/auth', path: '/api/auth' },
  ])('a browser with the cookie of $routes, for $path', (place) => {
    const { own = 'auth', prefix, version, defaultVersion, refreshCookie = true } = place;

    it('sends it to refresh and logout, which works without an access token', async () => {
      const app = await start(
        { path: own, refreshCookie, ...(version && { version }) },
        {},
        {
          platform,
          prepare: (application) => {
            if (prefix) application.setGlobalPrefix(prefix);
            if (version ?? defaultVersion) {
              const versions = { ...(defaultVersion && { defaultVersion }) };
              application.enableVersioning({ type: VersioningType.URI, ...versions });
            }
          },
        },
      );
      const device = await app.device();
      app.advance(121);
      // The name says whether a browser takes it: __Host- with the path / only, __Secure- with Secure.
      const prefixOfName = place.path === '/' ? '__Host-' : '__Secure-';
      const { name = `${prefixOfName}refresh_token` } = refreshCookie === true ? {} : refreshCookie;
      const browser = new CookieJar(`${name}=${device.refresh}; Path=${place.path}`);
      const send = (route: string) =>
        app.withCookie('POST', route, browser.headerFor(route) ?? 'none=');

      const rotated = await send(`${place.routes}/refresh`);
      expect(rotated.status).toBe(200);
      browser.take(cookieOf(rotated)!);
      expect(browser.cookies).toHaveLength(1);
      expect((await send(`${place.routes}/refresh`)).body).toMatchObject({
        refresh_token_unchanged: true,
      });

      app.advance(3600);
      const logout = await send(`${place.routes}/logout`);
      expect(logout.status).toBe(204);
      browser.take(cookieOf(logout)!);
      expect(browser.cookies).toEqual([]);
      const after = await app.sessions.refresh(device.refresh);
      expect(after).toMatchObject({ accepted: false, reason: 'session_ended' });
    });
  });

  describe('POST revoke', () => {
    it('ends the session of a refresh token, which is its own credential', async () => {
      const app = await on({ revoke: true });
      const device = await app.device();
      const answer = await app.form('/auth/revoke', {
        token: device.refresh,
        token_type_hint: 'x',
      });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(await app.me(device.access)).toBe('401 session_ended');
      for (const token of [device.refresh, 'unknown', 'nti1_x']) {
        expect((await app.form('/auth/revoke', { token })).status).toBe(200);
      }
    });

    it('takes an access token only from callers that the application knows', async () => {
      const known = { authorization: SERVICE_CREDENTIAL };
      const plain = await on({ revoke: true });
      const token = (await plain.device()).access;
      const refused = await plain.form('/auth/revoke', { token }, known);
      expect([refused.status, refused.body]).toEqual([400, { error: 'unsupported_token_type' }]);

      const app = await on({ revoke: isService });
      const device = await app.device();
      const form = { token: device.access };
      const stranger = await app.form('/auth/revoke', form, { authorization: 'Basic eDp5' });
      expect([stranger.status, stranger.body]).toEqual([401, { error: 'invalid_client' }]);
      expect(stranger.headers.get('www-authenticate')).toBe('Basic realm="tokens"');
      const unnamed = await app.form('/auth/revoke', form);
      expect(unnamed.headers.get('www-authenticate')).toBe('Bearer');
      const bearer = await app.form('/auth/revoke', form, { authorization: 'Bearer x' });
      expect(bearer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await app.me(device.access)).toBe(200);
      expect((await app.form('/auth/revoke', form, known)).status).toBe(200);
      expect(await app.me(device.access)).toBe('401 session_ended');
      expect((await app.form('/auth/revoke', form, known)).status).toBe(200);
      expect((await app.form('/auth/revoke', { token: 'a.b.c' }, known)).status).toBe(200);
    });

    it('revokes that token alone where the application keeps revoked ones', async () => {
      const sessions = { absolute: '30 days', address: true };
      const app = await on({ revoke: isService }, { revokedTokens: true, sessions });
      const device = await app.device();
      const known = { authorization: SERVICE_CREDENTIAL };
      await app.form('/auth/revoke', { token: device.access }, known);
      expect(await app.me(device.access)).toBe('401 token_revoked');
      expect((await app.refresh(device.refresh)).outcome).toBe(200);
      expect(app.revocations).toMatchObject([
        { subject: device.id, sessionId: device.sid, jti: claimsOf(device.access)['jti'] },
      ]);
      expect(app.revocations[0]!.address).toMatch(/^(127\.0\.0\.1|::1)$/);
    });

    it.each([false, true])(
      'does not know what to do with a token without session and id (revokedTokens: %j)',
      async (revokedTokens) => {
        const legacyUntil = new Date(Date.now() + 3_600_000);
        const app = await on({ revoke: isService }, { revokedTokens, legacyUntil });
        const { id } = await app.device();
        const iat = Math.floor(app.clock.now() / 1000);
        const claims = { sub: id, iat, exp: iat + 60 };
        const token = sign(JSON.stringify({ alg: 'HS256' }), JSON.stringify(claims));
        expect(await app.me(token)).toBe(200);
        const known = { authorization: SERVICE_CREDENTIAL };
        const answer = await app.form('/auth/revoke', { token }, known);
        expect([answer.status, answer.body]).toEqual([400, { error: 'unsupported_token_type' }]);
      },
    );

    it.each<[string, [string, string][]]>([
      ['no token', []],
      ['an empty one', [['token', '']]],
      [
        'two hints',
        [
          ['token', 'a'],
          ['token_type_hint', 'a'],
          ['token_type_hint', 'b'],
        ],
      ],
      [
        'two',
        [
          ['token', 'a'],
          ['token', 'b'],
        ],
      ],
    ])('is an invalid request with %s', async (_, fields) => {
      const app = await on({ revoke: isService });
      const answer = await app.form('/auth/revoke', fields);
      expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_request' }]);
      expect((await app.get('/auth/revoke')).status).toBe(404);
    });
  });

  describe('POST introspect', () => {
    it('says what an active token says, to callers that the application knows', async () => {
      const app = await on({ introspect: async (request) => isService(request) });
      const device = await app.device();
      const known = { authorization: SERVICE_CREDENTIAL };
      const ask = (token: string, headers: Record<string, string> = known) =>
        app.form('/auth/introspect', { token }, headers);
      const { status, headers, body } = await ask(device.access);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toEqual({ ...claimsOf(device.access), active: true, token_type: 'Bearer' });
      for (const token of [device.refresh, 'unknown', `${device.access}x`]) {
        expect((await ask(token)).body).toEqual({ active: false });
      }
      expect((await ask(device.access, {})).status).toBe(401);
      expect((await ask('unknown', {})).body).toEqual({ error: 'invalid_client' });
      await app.logout({ access: device.access });
      expect((await ask(device.access)).body).toEqual({ active: false });
      expect((await app.form('/auth/introspect', {}, known)).body).toEqual({
        error: 'invalid_request',
      });
    });
  });

  it('POST introspect lets listeners know why a token is not active, and the service not', async () => {
    const app = await on({ introspect: isService });
    const reasons: string[] = [];
    app.app.app.get(TokenEventEmitter, { strict: false }).subscribe({
      invalidated: () => {},
      refused: ({ reason }) => reasons.push(reason),
    });
    const device = await app.device();
    await app.logout({ access: device.access });
    const known = { authorization: SERVICE_CREDENTIAL };
    const { body } = await app.form('/auth/introspect', { token: device.access }, known);
    expect([body, reasons]).toEqual([{ active: false }, ['session_ended']]);
  });

  describe('the public keys', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = [
      { privateKey, kid: 'today' },
      { secret: 'x'.repeat(32), kid: 'old' },
    ];
    const sessions = { absolute: '1 day', keys: ['y'.repeat(32)] };

    it.each([
      [true, '/.well-known/jwks.json'],
      ['auth/keys', '/auth/keys'],
    ] as const)('are at the path of jwks: %s', async (jwks, path) => {
      const app = await on({ jwks }, { keys, sessions });
      const { status, headers, body } = await app.get(path);
      expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
      expect(headers.get('content-type')).toMatch(/^application\/jwk-set\+json(;|$)/);
      const { kty, crv, x, y } = privateKey.export({ format: 'jwk' });
      const key = { kty: kty ?? 'EC', crv, x, y, kid: 'today', alg: 'ES256', use: 'sig' };
      expect(body).toEqual({ keys: [key] });
    });
  });
});

describe('sessions in the URI of a version', () => {
  it('are served, and the keys have no version', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const app = await start(
      { version: '2', jwks: true },
      { keys: [{ privateKey }], sessions: { absolute: '1 day', keys: ['y'.repeat(32)] } },
      { prepare: (own) => void own.enableVersioning({ type: VersioningType.URI }) },
    );
    const device = await app.device();
    expect((await app.get('/v2/auth/sessions', device.access)).status).toBe(200);
    expect((await app.get('/.well-known/jwks.json')).status).toBe(200);
  });
});

/** Names its routes, so that the platform is used once more. */
@Controller()
class OtherController {
  @Get('other')
  other(): object {
    return {};
  }
}

describe('an application that is closed', () => {
  it.each<Platform>(['express'])('writes its last sights on %s', async (platform) => {
    const app = await start({}, {}, { platform, controllers: [MeController, OtherController] });
    const device = await app.device();
    app.advance(121);
    const rotated = await app.refresh(device.refresh);
    app.advance(61);
    expect(await app.me(rotated.access)).toBe(200);
    const { store } = app.app;
    await app.app.close();
    running.length = 0;
    expect(store.database.rows.sessions.get(device.sid)).toMatchObject({
      generation: 1,
      seenAt: expect.any(Date),
    });
  });
});
