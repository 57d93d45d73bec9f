import { EventEmitter, once } from 'node:events';
import { createHmac, generateKeyPairSync, verify } from 'node:crypto';
import {
  Controller,
  Get,
  HttpException,
  Injectable,
  Logger,
  Module,
  SetMetadata,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  type EndpointsOptions,
  type Handshake,
  type KeyOptions,
  LogoutTransaction,
  type RefreshCookieOptions,
  RevocableJwtGuard,
  type RpcOptions,
  SessionAnswers,
  type SessionsOptions,
  TokenEventListener,
  type TokenInvalidationModuleOptions,
  type StateQuery,
  TokenSessions,
} from 'nestjs-token-invalidation';
import { InMemoryTokenStateStore } from 'nestjs-token-invalidation/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KeySet } from '../../src/keys/key-set.js';
import type { OptionTable } from '../../src/options/option-table.js';
import {
  EXTRA_ROWS,
  type HANDSHAKE_ROWS,
  OPTION_ROWS,
} from '../../src/token-invalidation.options.js';
import { SECRET } from '../support/app-settings.js';
import { forge } from '../support/forge.js';
import { MeController } from '../support/me.controller.js';
import { createMemoryApp, type MemoryApp, type MemoryAppOptions } from '../support/memory-app.js';
import { SESSIONS as SESSION_FIELDS } from './session-option-tests.js';

Logger.overrideLogger(false);

/** What an option does, and a test that fails when the option is ignored. */
type Row = readonly [does: string, test: () => Promise<void>];

const running: MemoryApp[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(running.splice(0).map((app) => app.close()));
});

/** An application with these options, guarded as a whole, with one route. */
async function start(
  module: Partial<TokenInvalidationModuleOptions> = {},
  more: Omit<MemoryAppOptions, 'module'> = {},
): Promise<MemoryApp> {
  const app = await createMemoryApp({
    controllers: [MeController],
    ...more,
    module: { globalGuard: true, ...module },
  });
  running.push(app);
  return app;
}

/** One application for each set of options, and what is asked of each. */
function each<Result>(
  modules: Partial<TokenInvalidationModuleOptions>[],
  ask: (app: MemoryApp) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(modules.map(async (module) => ask(await start(module))));
}

/** An accepted token of anna, who is a user of every application that is asked. */
const askFor = (token: string) => async (app: MemoryApp) => {
  app.store.add({ id: 'anna', passwordHash: 'hash' });
  return app.ask(token, '/me');
};

/** Whether the guard lets a call of another context than HTTP pass: `true`, or the code of the refusal. */
async function outcomeOf(app: MemoryApp, type: string, args: unknown[]): Promise<unknown> {
  // oxlint-disable-next-line typescript/unbound-method -- Nest hands on handlers so
  const context = new ExecutionContextHost(args, OpenController, OpenController.prototype.closed);
  context.setType(type);
  try {
    return await app.app.get(RevocableJwtGuard, { strict: false }).canActivate(context);
  } catch (error) {
    return (error as { getError(): { errorCode: string } }).getError().errorCode;
  }
}

/** The same of a message of a socket that connected like this. */
const outcomeOfSocket = (app: MemoryApp, handshake: Partial<Handshake>) =>
  outcomeOf(app, 'ws', [{ handshake: { headers: {}, ...handshake } }, {}, 'pattern']);

const askOwn = (app: MemoryApp) => app.ask(app.tokenOf('anna'), '/me');

function decode(token: string): [header: Record<string, unknown>, claims: Record<string, number>] {
  const [header, claims] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString());
  return [
    JSON.parse(header!) as Record<string, unknown>,
    JSON.parse(claims!) as Record<string, number>,
  ];
}

const OTHER_SECRET = `another ${SECRET}`;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The signed text of a token, and its signature. */
function signedParts(token: string): [signed: Buffer, signature: Buffer] {
  const at = token.lastIndexOf('.');
  return [Buffer.from(token.slice(0, at)), Buffer.from(token.slice(at + 1), 'base64url')];
}

async function tokenWith(module: Partial<TokenInvalidationModuleOptions>): Promise<string> {
  return (await start(module)).tokenOf('anna');
}

const ownHeader = (request: { headers: Record<string, string> }) =>
  request.headers['x-token'] ?? null;

const tokenOfData = (data: { token: string }) => data.token;
const userOf = (payload: { user?: unknown }) => payload.user;

const SESSIONS: SessionsOptions = { absolute: '30 days' };

/** The tokens of a new session of anna. */
const startOf = (app: MemoryApp) => {
  const user = app.store.add({ id: 'anna', passwordHash: 'hash' });
  return app.app.get(TokenSessions, { strict: false }).start(user);
};

const revokeOwn = async (app: MemoryApp) => {
  const token = app.tokenOf('anna');
  const sessions = app.app.get(TokenSessions, { strict: false });
  await sessions.revokeToken(decode(token)[1] as never);
  return app.ask(token, '/me');
};

const OPTIONS: Record<keyof typeof OPTION_ROWS, Row> = {
  secret: [
    'signs and verifies',
    async () => {
      const token = await tokenWith({ secret: SECRET });
      const answers = await each([{ secret: SECRET }, { secret: OTHER_SECRET }], askFor(token));
      expect(answers).toEqual([200, '401 token_invalid']);
    },
  ],
  keys: [
    'the first signs, any verifies',
    async () => {
      const [old, current] = [{ secret: SECRET }, { secret: OTHER_SECRET }];
      const token = await tokenWith({ keys: [old] });
      const answers = await each([{ keys: [current, old] }, { keys: [current] }], askFor(token));
      expect(answers).toEqual([200, '401 token_invalid']);
      expect(
        await each([{ keys: [current] }], askFor(await tokenWith({ keys: [current, old] }))),
      ).toEqual([200]);
    },
  ],
  expiresIn: [
    'is how long a token lives',
    async () => {
      const answers = await each([{ expiresIn: '1m' }, {}], async (app) => {
        const token = app.tokenOf('anna');
        const [, { iat, exp }] = decode(token);
        app.clock.advance(60);
        return [exp! - iat!, await app.ask(token, '/me')];
      });
      expect(answers).toEqual([
        [60, '401 token_expired'],
        [900, 200],
      ]);
    },
  ],
  issuer: [
    'is the iss of new tokens, and demanded of every token',
    async () => {
      const [ours, without] = [await tokenWith({ issuer: 'https://us' }), await tokenWith({})];
      expect(decode(ours)[1]['iss']).toBe('https://us');
      expect(decode(without)[1]).not.toHaveProperty('iss');
      const modules = [{ issuer: 'https://us' }, { issuer: 'https://them' }, {}];
      expect(await each(modules, askFor(ours))).toEqual([200, '401 token_invalid', 200]);
      expect(await each(modules, askFor(without))).toEqual([
        '401 token_invalid',
        '401 token_invalid',
        200,
      ]);
    },
  ],
  audience: [
    'is the aud of new tokens, and a token must name one of them',
    async () => {
      const [ours, without] = [await tokenWith({ audience: ['web', 'app'] }), await tokenWith({})];
      expect(decode(ours)[1]['aud']).toEqual(['web', 'app']);
      expect(decode(without)[1]).not.toHaveProperty('aud');
      const modules = [{ audience: 'app' }, { audience: ['tv', 'web'] }, { audience: 'tv' }, {}];
      expect(await each(modules, askFor(ours))).toEqual([200, 200, '401 token_invalid', 200]);
      expect(await each(modules, askFor(without))).toEqual([
        ...Array.from({ length: 3 }, () => '401 token_invalid'),
        200,
      ]);
    },
  ],
  clockTolerance: [
    'is how far ahead iat may be',
    async () => {
      const answers = await each([{ clockTolerance: 60 }, {}], async (app) => {
        app.clock.advance(100);
        const token = app.tokenOf('anna');
        app.clock.advance(-100);
        return app.ask(token, '/me');
      });
      expect(answers).toEqual(['401 issued_in_future', 200]);
    },
  ],
  legacyUntil: [
    'accepts tokens from before this library, until then',
    async () => {
      const token = forge({ sub: 'anna', realm: undefined }, { alg: 'HS256', typ: 'JWT' });
      const [past, future] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)];
      const answers = await each(
        [{ legacyUntil: future }, { legacyUntil: past }, {}],
        askFor(token),
      );
      expect(answers).toEqual([200, '401 token_invalid', '401 token_invalid']);
    },
  ],
  legacySubject: [
    'finds the user in a token from before this library',
    async () => {
      const token = forge(
        { sub: 'x', user: 'anna', realm: undefined },
        { alg: 'HS256', typ: 'JWT' },
      );
      const legacyUntil = new Date(Date.now() + 60_000);
      const modules = [{ legacyUntil, legacySubject: userOf }, { legacyUntil }];
      expect(await each(modules, askFor(token))).toEqual([200, '401 user_unknown']);
    },
  ],
  legacyMaxAge: [
    'ends a token from before this library that has no exp',
    async () => {
      const token = forge(
        { sub: 'anna', exp: undefined, realm: undefined },
        { alg: 'HS256', typ: 'JWT' },
      );
      const legacyUntil = new Date(Date.now() + 3_600_000);
      const modules = [{ legacyUntil, legacyMaxAge: '1h' }, { legacyUntil }];
      expect(await each(modules, askFor(token))).toEqual([200, '401 claims_invalid']);
    },
  ],
  isActive: [
    'says whether the user may use the application, by a boolean or a promise of it',
    async () => {
      const isActive = vi.fn<(user: object, claims: object) => boolean>(() => true);
      const modules = [
        { isActive },
        { isActive: () => false },
        { isActive: async () => true },
        { isActive: async () => false },
        {},
      ];
      const refused = '401 user_inactive';
      expect(await each(modules, askOwn)).toEqual([200, refused, 200, refused, 200]);
      expect(isActive.mock.calls).toMatchObject([[{ id: 'anna' }, { sub: 'anna' }]]);
    },
  ],
  jwtFromRequest: [
    'extracts the token',
    async () => {
      const answers = await each([{ jwtFromRequest: ownHeader }, {}], async (app) => {
        const token = app.tokenOf('anna');
        const inHeader = await app.get('/me', undefined, { 'x-token': token });
        return [inHeader.status, await app.ask(token, '/me')];
      });
      expect(answers).toEqual([
        [200, '401 token_missing'],
        [401, 200],
      ]);
    },
  ],
  handshake: [
    'is where the token of a handshake is',
    async () => {
      const outcomes = await each([{ handshake: { token: 'cookie.token' } }, {}], async (app) => {
        const token = app.tokenOf('anna');
        const cookie = await outcomeOfSocket(app, { headers: { cookie: `token=${token}` } });
        const headers = { authorization: `Bearer ${token}` };
        return [cookie, await outcomeOfSocket(app, { headers })];
      });
      expect(outcomes).toEqual([
        [true, 'token_missing'],
        ['token_missing', true],
      ]);
    },
  ],
  rpc: [
    'finds the token of a message without headers',
    async () => {
      const outcomes = await each([{ rpc: { token: tokenOfData } }, {}], (app) =>
        outcomeOf(app, 'rpc', [{ token: app.tokenOf('anna') }, {}]),
      );
      expect(outcomes).toEqual([true, 'token_missing']);
    },
  ],
  audit: [
    'stops the boot where a handler is open unnoticed',
    async () => {
      await expect(start({ audit: 'enforce', globalGuard: false })).rejects.toThrow(
        'http GET /me (MeController.me): no guard',
      );
      await start({ audit: 'off', globalGuard: false });
    },
  ],
  signatureCacheSize: [
    'is how many tokens are remembered whose signature was verified',
    async () => {
      const verified = vi.spyOn(KeySet.prototype, 'select');
      const counts: number[] = [];
      for (const module of [{}, { signatureCacheSize: 0 }, { signatureCacheSize: 1 }]) {
        const app = await start(module);
        const [anna, ben] = [app.tokenOf('anna'), app.tokenOf('ben')];
        verified.mockClear();
        for (const token of [anna, anna, ben, anna]) expect(await app.ask(token, '/me')).toBe(200);
        counts.push(verified.mock.calls.length);
      }
      expect(counts).toEqual([2, 4, 3]);
    },
  ],
  sessions: [
    'switches sessions on',
    async () => {
      const [on] = await each([{ sessions: SESSIONS }], async (app) => {
        const { accessToken } = await startOf(app);
        return app.ask(accessToken, '/me');
      });
      expect(on).toBe(200);
      await expect(startOf(await start())).rejects.toThrow('needs the option sessions');
    },
  ],
  revokedTokens: [
    'lets one access token be revoked',
    async () => {
      expect(await revokeOwn(await start({ revokedTokens: true }))).toBe('401 token_revoked');
      await expect(revokeOwn(await start())).rejects.toThrow('needs the option revokedTokens');
    },
  ],
  readTimeout: [
    'is how long a request waits for the user’s record, and what the store is given',
    async () => {
      const limits: number[] = [];
      const gate = new EventEmitter();
      const opened = once(gate, 'open');
      class SlowStore extends InMemoryTokenStateStore {
        override async read(
          queries: readonly StateQuery[],
          options?: { readonly timeoutMs: number },
        ) {
          limits.push(options!.timeoutMs);
          await opened;
          return super.read(queries);
        }
      }
      const [patient, impatient] = [
        await start({ store: SlowStore }),
        await start({ store: SlowStore, readTimeout: 0.05 }),
      ];
      const later = askOwn(patient);
      expect(await askOwn(impatient)).toBe('503 token_state_unavailable');
      gate.emit('open');
      expect(await later).toBe(200);
      expect(limits.toSorted((a, b) => a - b)).toEqual([50, 2000]);
    },
  ],
  retryAfter: [
    'is the Retry-After of a 503',
    async () => {
      const answers = await each([{ retryAfter: '7s' }, {}], async (app) => {
        const token = app.tokenOf('anna');
        vi.spyOn(app.store, 'read').mockRejectedValueOnce(new Error('connection lost'));
        return (await app.get('/me', token)).headers.get('retry-after');
      });
      expect(answers).toEqual(['7', '1']);
    },
  ],
  clock: [
    'is where the time comes from',
    async () => {
      const now = 4_102_444_800_000;
      expect(decode(await tokenWith({ clock: { now: () => now } }))[1]['iat']).toBe(now / 1000);
      const began = Math.floor(Date.now() / 1000);
      const { iat } = decode(await tokenWith({ clock: undefined }))[1];
      expect(iat).toBeGreaterThanOrEqual(began);
      expect(iat).toBeLessThan(began + 60);
    },
  ],
};

const KEYS: Record<keyof KeyOptions, Row> = {
  secret: [
    'signs with HMAC',
    async () => {
      for (const secret of [SECRET, OTHER_SECRET]) {
        const [signed, signature] = signedParts(await tokenWith({ keys: [{ secret }] }));
        expect(signature).toEqual(createHmac('sha256', secret).update(signed).digest());
      }
    },
  ],
  privateKey: [
    'signs, and its public half verifies',
    async () => {
      const token = await tokenWith({ keys: [{ privateKey: rsa.privateKey }] });
      expect(decode(token)[0]).toMatchObject({ alg: 'RS256' });
      const [signed, signature] = signedParts(token);
      expect(verify('sha256', signed, rsa.publicKey, signature)).toBe(true);
      const modules = [rsa, ec].map(({ privateKey }) => ({ keys: [{ privateKey }] }));
      expect(await each(modules, askFor(token))).toEqual([200, '401 token_invalid']);
    },
  ],
  publicKey: [
    'verifies',
    async () => {
      const token = await tokenWith({ keys: [{ privateKey: ec.privateKey }] });
      const modules = [ec, rsa].map(({ publicKey }) => ({
        keys: [{ secret: SECRET }, { publicKey }],
      }));
      expect(await each(modules, askFor(token))).toEqual([200, '401 token_invalid']);
    },
  ],
  algorithm: [
    'is what the key is used with, and no other',
    async () => {
      const { privateKey } = rsa;
      const [ps, rs] = [
        await tokenWith({ keys: [{ privateKey, algorithm: 'PS256' }] }),
        await tokenWith({ keys: [{ privateKey }] }),
      ];
      expect([ps, rs].map((token) => decode(token)[0]['alg'])).toEqual(['PS256', 'RS256']);
      const module = { keys: [{ privateKey, algorithm: 'PS256' as const }] };
      expect(await each([module], askFor(ps))).toEqual([200]);
      expect(await each([module], askFor(rs))).toEqual(['401 token_invalid']);
    },
  ],
  kid: [
    'is the kid of new tokens, and selects the key',
    async () => {
      const [named, unnamed] = [
        await tokenWith({ keys: [{ secret: SECRET, kid: 'k1' }] }),
        await tokenWith({}),
      ];
      expect(decode(named)[0]['kid']).toBe('k1');
      expect(decode(unnamed)[0]['kid']).toMatch(/^[\w-]{16}$/);
      const modules = ['k1', 'k2'].map((kid) => ({ keys: [{ secret: SECRET, kid }] }));
      expect(await each(modules, askFor(named))).toEqual([200, '401 token_invalid']);
    },
  ],
};

@Injectable()
class Recorder extends TokenEventListener {
  static readonly reasons: string[] = [];

  override refused({ reason }: { reason: string }): void {
    Recorder.reasons.push(reason);
  }
}

class Notebook {
  readonly lines: string[] = [];
}

@Module({ providers: [Notebook], exports: [Notebook] })
class NotebookModule {}

@Injectable()
class WritingListener extends TokenEventListener {
  constructor(readonly notebook: Notebook) {
    super();
  }

  override refused({ reason }: { reason: string }): void {
    this.notebook.lines.push(reason);
  }
}

@Controller('feature')
@UseGuards(RevocableJwtGuard)
class FeatureController {
  @Get()
  ok(): object {
    return {};
  }
}

@Module({ controllers: [FeatureController] })
class FeatureModule {}

@Controller('open')
class OpenController {
  @SetMetadata('isPublic', true)
  @Get()
  open(): object {
    return {};
  }

  closed(): void {}
}

const EXTRAS: Record<keyof typeof EXTRA_ROWS, Row> = {
  store: [
    'is where the token state lives: a class, or a definition with what it injects',
    async () => {
      class OwnStore extends InMemoryTokenStateStore {}
      const made = new OwnStore();
      const definition = {
        inject: [Notebook],
        useFactory: (notebook: Notebook) => {
          notebook.lines.push('made');
          return made;
        },
      };
      expect((await start({ store: OwnStore })).store).toBeInstanceOf(OwnStore);
      const app = await start({ store: definition, imports: [NotebookModule] });
      expect(app.store).toBe(made);
      expect(app.app.get(Notebook, { strict: false }).lines).toEqual(['made']);
      expect(await askOwn(app)).toBe(200);
      expect(await made.invalidate({ subject: 'anna' }, 'logout')).toMatchObject({ version: 1 });
    },
  ],
  isGlobal: [
    'shows the providers to modules that do not import it',
    async () => {
      const more = { imports: [FeatureModule] };
      const app = await start({ isGlobal: true }, more);
      expect(await app.ask(app.tokenOf('anna'), '/feature')).toBe(200);
      for (const isGlobal of [false, undefined]) {
        await expect(start({ isGlobal }, more)).rejects.toThrow(
          /does not see TokenInvalidationModule/,
        );
      }
    },
  ],
  globalGuard: [
    'guards every route',
    async () => {
      const modules = [{ globalGuard: true }, { globalGuard: false }, { globalGuard: undefined }];
      const statuses = await each(modules, async (app) => (await app.get('/me')).status);
      expect(statuses).toEqual([401, 200, 200]);
    },
  ],
  endpoints: [
    'adds the endpoints that are switched on',
    async () => {
      const modules = [{ endpoints: { path: 'auth', logoutEverywhere: true } }, {}];
      const statuses = await each(modules, statusOf('/auth/logout-everywhere'));
      expect(statuses).toEqual([204, 404]);
    },
  ],
  publicMetadataKey: [
    'opens routes with this metadata',
    async () => {
      const more = { controllers: [OpenController] };
      const statuses: number[] = [];
      for (const publicMetadataKey of ['isPublic', 'public', undefined]) {
        statuses.push((await (await start({ publicMetadataKey }, more)).get('/open')).status);
      }
      expect(statuses).toEqual([200, 401, 401]);
    },
  ],
  listener: [
    'receives what happens',
    async () => {
      await each([{ listener: Recorder }, {}], (app) => app.get('/me'));
      expect(Recorder.reasons).toEqual(['token_missing']);
    },
  ],
  imports: [
    'are the modules with what store, listener and logoutTransaction inject',
    async () => {
      const app = await start({ listener: WritingListener, imports: [NotebookModule] });
      await app.get('/me');
      expect(app.app.get(Notebook, { strict: false }).lines).toEqual(['token_missing']);
      await expect(start({ listener: WritingListener })).rejects.toThrow(/Notebook/);
    },
  ],
};

function statusOf(path: string): (app: MemoryApp) => Promise<number> {
  return async (app) => (await app.post(path, app.tokenOf(path))).status;
}

const ENDPOINT: EndpointsOptions = { path: 'auth', logoutEverywhere: true };

const mapResponse: EndpointsOptions['response'] = ({ access_token }) => ({ token: access_token });

const mapList: EndpointsOptions['listResponse'] = ({ sessions, next }) => ({
  devices: sessions.map(({ id, current }) => ({ id, current })),
  more: next ?? null,
});

const versioned: MemoryAppOptions['prepare'] = (app) =>
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });

class HeldLogout extends LogoutTransaction {
  override run(): Promise<never> {
    return Promise.reject(new HttpException('held', 418));
  }
}

/** The status of a POST without a body to each path, with these endpoints over sessions, in their order. */
async function statusesWith(
  endpoints: Partial<EndpointsOptions>,
  ...paths: string[]
): Promise<number[]> {
  const app = await start({ sessions: SESSIONS, endpoints: { path: 'auth', ...endpoints } });
  return Promise.all(paths.map(async (path) => (await app.post(path)).status));
}

const ENDPOINTS: Record<keyof EndpointsOptions, Row> = {
  path: [
    'is where they are',
    async () => {
      const modules = ['auth', 'v3/account'].map((path) => ({ endpoints: { ...ENDPOINT, path } }));
      expect(await each(modules, statusOf('/auth/logout-everywhere'))).toEqual([204, 404]);
      expect(await each(modules, statusOf('/v3/account/logout-everywhere'))).toEqual([404, 204]);
    },
  ],
  version: [
    'is the API version that they have',
    async () => {
      const statuses: number[] = [];
      for (const version of ['2', undefined]) {
        const app = await start({ endpoints: { ...ENDPOINT, version } }, { prepare: versioned });
        for (const path of ['/v1/auth', '/v2/auth']) {
          statuses.push(await statusOf(`${path}/logout-everywhere`)(app));
        }
      }
      expect(statuses).toEqual([404, 204, 204, 404]);
    },
  ],
  logoutEverywhere: [
    'switches POST logout-everywhere on',
    async () => {
      const modules = [true, false, undefined].map((logoutEverywhere) => ({
        endpoints: { path: 'auth', logoutEverywhere, introspect: () => true },
      }));
      const statuses = await each(modules, statusOf('/auth/logout-everywhere'));
      expect(statuses).toEqual([204, 404, 404]);
    },
  ],
  sessions: [
    'switches the endpoints of sessions on',
    async () => {
      const paths = ['/auth/refresh', '/auth/logout', '/auth/logout-others'];
      expect(await statusesWith({ sessions: true }, ...paths)).toEqual([401, 401, 401]);
      expect(await statusesWith(ENDPOINT, ...paths)).toEqual([404, 404, 404]);
    },
  ],
  refreshCookie: [
    'keeps the refresh token in a cookie',
    async () => {
      const cookies = await Promise.all(
        [true, false].map(async (refreshCookie) => {
          const endpoints = { path: 'auth', sessions: true, refreshCookie };
          const app = await start({ sessions: SESSIONS, endpoints });
          const { refreshToken } = await startOf(app);
          const headers = { cookie: `__Secure-refresh_token=${refreshToken}` };
          return (await app.send('POST', '/auth/refresh', { headers })).status;
        }),
      );
      expect(cookies).toEqual([200, 401]);
    },
  ],
  revoke: [
    'switches POST revoke on',
    async () => {
      expect(await statusesWith({ revoke: true }, '/auth/revoke')).toEqual([400]);
      expect(await statusesWith({ revoke: () => true }, '/auth/revoke')).toEqual([400]);
      expect(await statusesWith({ revoke: false }, '/auth/revoke')).toEqual([404]);
    },
  ],
  introspect: [
    'switches POST introspect on, for the callers that it knows',
    async () => {
      expect(await statusesWith({ introspect: () => true }, '/auth/introspect')).toEqual([400]);
      expect(await statusesWith({ introspect: () => false }, '/auth/introspect')).toEqual([401]);
      expect(await statusesWith(ENDPOINT, '/auth/introspect')).toEqual([404]);
    },
  ],
  jwks: [
    'publishes the public keys',
    async () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const status = async (jwks: EndpointsOptions['jwks'], path: string) => {
        const app = await start({ keys: [{ privateKey }], endpoints: { ...ENDPOINT, jwks } });
        return (await app.get(path)).status;
      };
      expect(await status(true, '/.well-known/jwks.json')).toBe(200);
      expect(await status('keys.json', '/keys.json')).toBe(200);
      expect(await status(undefined, '/.well-known/jwks.json')).toBe(404);
    },
  ],
  response: [
    'gives a token response another shape',
    async () => {
      const modules = [{ ...ENDPOINT, response: mapResponse }, ENDPOINT].map((endpoints) => ({
        endpoints,
      }));
      const names = await each(modules, async (app) => {
        const body = { keepThisDevice: true };
        const answer = await app.post('/auth/logout-everywhere', app.tokenOf('anna'), body);
        return Object.keys(answer.body);
      });
      expect(names).toEqual([['token'], ['access_token', 'token_type', 'expires_in']]);
    },
  ],
  listResponse: [
    'gives the list of sessions another shape',
    async () => {
      const endpoints = { path: 'auth', sessions: true, listResponse: mapList };
      const app = await start({ sessions: SESSIONS, endpoints });
      const { accessToken, session } = await startOf(app);
      expect((await app.get('/auth/sessions', accessToken)).body).toEqual({
        devices: [{ id: session.id, current: true }],
        more: null,
      });
    },
  ],
  logoutTransaction: [
    'runs what belongs to the logout',
    async () => {
      const modules = [HeldLogout, undefined].map((logoutTransaction) => ({
        endpoints: { ...ENDPOINT, logoutTransaction },
      }));
      expect(await each(modules, statusOf('/auth/logout-everywhere'))).toEqual([418, 204]);
    },
  ],
  securityScheme: [
    'is the scheme that the OpenAPI document has the endpoint under',
    async () => {
      const modules = ['cookie', undefined].map((securityScheme) => ({
        endpoints: { ...ENDPOINT, securityScheme },
      }));
      const schemes = await each(modules, async ({ app }) => {
        const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
        return paths['/auth/logout-everywhere']?.post?.security;
      });
      expect(schemes).toEqual([[{ cookie: [] }], undefined]);
    },
  ],
};

const COOKIE: Record<keyof RefreshCookieOptions, Row> = {
  name: [
    'is what the cookie is called',
    async () => {
      expect(await cookieWith({ name: 'rt' })).toMatch(/^rt=nti1_[^;]+; Path=\/auth; /);
      expect(await cookieWith({})).toMatch(/^__Secure-refresh_token=nti1_/);
    },
  ],
  path: [
    'is where the browser sends it',
    async () => {
      expect(await cookieWith({ path: '/account' })).toContain('; Path=/account; ');
      expect(await cookieWith({})).toContain('; Path=/auth; ');
    },
  ],
};

/** The cookie that a login sets. */
async function cookieWith(refreshCookie: RefreshCookieOptions): Promise<string> {
  const endpoints = { path: 'auth', sessions: true, refreshCookie };
  const app = await start({ sessions: SESSIONS, endpoints });
  const header = vi.fn<(name: string, value: string) => void>();
  const started = await startOf(app);
  app.app.get(SessionAnswers, { strict: false }).write({ header }, started);
  return header.mock.calls.find(([name]) => name === 'Set-Cookie')![1];
}

/** What becomes of the message of a socket, with each of these options; its handshake has the token. */
const outcomesOfSockets = (
  handshakes: TokenInvalidationModuleOptions['handshake'][],
  handshakeWith: (token: string) => Partial<Handshake>,
) =>
  each(
    handshakes.map((handshake) => ({ handshake })),
    (app) => outcomeOfSocket(app, handshakeWith(app.tokenOf('anna'))),
  );

const HANDSHAKE: Record<keyof typeof HANDSHAKE_ROWS, Row> = {
  token: [
    'is where the token is',
    async () => {
      const outcomes = await outcomesOfSockets([{ token: 'auth.jwt' }, {}], (jwt) => ({
        auth: { jwt },
      }));
      expect(outcomes).toEqual([true, 'token_missing']);
    },
  ],
  allowedOrigins: [
    'are those whose cookies count',
    async () => {
      const origin = 'https://example.com';
      const outcomes = await outcomesOfSockets(
        [{ token: 'cookie.a' }, { token: 'cookie.a', allowedOrigins: [origin] }],
        (token) => ({ headers: { cookie: `a=${token}`, host: 'api.example.com', origin } }),
      );
      expect(outcomes).toEqual(['token_missing', true]);
    },
  ],
};

const RPC: Record<keyof RpcOptions, Row> = { token: OPTIONS.rpc };

const TABLES = [
  { of: 'an option', path: '', rows: OPTION_ROWS, tests: OPTIONS },
  { of: 'a field of keys', path: 'keys[].', rows: OPTION_ROWS.keys.fields, tests: KEYS },
  {
    of: 'a field of handshake',
    path: 'handshake.',
    rows: OPTION_ROWS.handshake.fields,
    tests: HANDSHAKE,
  },
  { of: 'a field of rpc', path: 'rpc.', rows: OPTION_ROWS.rpc.fields, tests: RPC },
  {
    of: 'a field of sessions',
    path: 'sessions.',
    rows: OPTION_ROWS.sessions.fields,
    tests: SESSION_FIELDS,
  },
  { of: 'what shapes the module', path: '', rows: EXTRA_ROWS, tests: EXTRAS },
  {
    of: 'a field of endpoints',
    path: 'endpoints.',
    rows: EXTRA_ROWS.endpoints.fields,
    tests: ENDPOINTS,
  },
  {
    of: 'a field of endpoints.refreshCookie',
    path: 'endpoints.refreshCookie.',
    rows: EXTRA_ROWS.endpoints.fields?.['refreshCookie']?.fields,
    tests: COOKIE,
  },
] as const;

describe.each(TABLES)('$of works through forRoot alone', ({ path, rows, tests }) => {
  const entries = Object.entries<Row>(tests);

  it.each(entries.map(([name, [does, test]]) => ({ name: `${path}${name}`, does, test })))(
    '$name $does',
    async ({ test }) => {
      expect.hasAssertions();
      await test();
    },
  );

  it('each has its test', () => {
    expect(Object.keys(tests)).toEqual(Object.keys(rows ?? {}));
  });
});

/** The options that have options inside, each with its path. */
function pathsWithFields(table: OptionTable, path = ''): string[] {
  return Object.entries(table).flatMap(([name, { fields }]) => {
    const inside = `${path}${name}.`;
    return fields === undefined ? [] : [inside].concat(pathsWithFields(fields, inside));
  });
}

it('every option with fields has a table of tests for them', () => {
  const tested = TABLES.map(({ path }) => path.replace('[]', '')).filter((path) => path !== '');
  expect(pathsWithFields({ ...OPTION_ROWS, ...EXTRA_ROWS })).toEqual(tested);
});
