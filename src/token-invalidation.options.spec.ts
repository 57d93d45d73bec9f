import { VERSION_NEUTRAL } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { ControlledStore } from '../test/support/controlled-store.js';
import { TokenEventListener } from './events/token-event.listener.js';
import { problemsOf } from './options/option-table.js';
import { EXTRA_ROWS } from './token-invalidation.options.js';

const STORE = expect.stringMatching(/^store is not a store: give typeOrmStore\(/);
const ENDPOINTS =
  "endpoints is not an object with a path: give { path: 'auth', logoutEverywhere: true }.";
const VERSION =
  "endpoints.version is not a version: give text such as '1', VERSION_NEUTRAL, or a list of them.";

const NO_COOKIE =
  "endpoints.refreshCookie is no cookie that a browser stores: give true, or { name: '__Secure-refresh_token', path: '/auth' }; a name that begins with __Host- needs path: '/'.";
const NO_NAME =
  "endpoints.refreshCookie.name is no name of a cookie: give letters, digits, - and _, such as '__Secure-rt'.";
const NO_PATH =
  "endpoints.refreshCookie.path is no path of a cookie: begin it with a slash, such as '/auth'.";

const cookieProblems = (refreshCookie: unknown) =>
  problemsOf(EXTRA_ROWS, { store: ControlledStore, endpoints: { path: 'auth', refreshCookie } });

describe('what shapes the module', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['a store class', { store: ControlledStore }],
    ['a store definition', { store: { inject: [], useFactory: () => new ControlledStore() } }],
    ['flags', { isGlobal: true, globalGuard: false }],
    ['endpoints', { endpoints: { path: 'auth', logoutEverywhere: true, response: () => ({}) } }],
    ['a listener', { listener: TokenEventListener, imports: [], publicMetadataKey: 'isPublic' }],
  ])('may be %s', (_, extras) => {
    expect(problemsOf(EXTRA_ROWS, { store: ControlledStore, ...extras })).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['text', '1'],
    ['a list of text', ['1', '2']],
    ['VERSION_NEUTRAL', VERSION_NEUTRAL],
    ['a list with it', ['1', VERSION_NEUTRAL]],
  ])('may be endpoints with a version as Nest takes it: %s', (_, version) => {
    expect(
      problemsOf(EXTRA_ROWS, { store: ControlledStore, endpoints: { path: 'auth', version } }),
    ).toEqual([]);
  });

  it.each([
    true,
    false,
    {},
    { name: undefined, path: undefined },
    { name: 'rt' },
    { name: "!#$%&'*+.^_`|~-aZ09" },
    { path: '/api/v1/~a_b.c-d%20' },
    { path: '/' },
    { name: '__Host-rt', path: '/' },
    { name: 'my__Host-rt', path: '/auth' },
  ])('may be endpoints with the cookie %j', (refreshCookie) => {
    expect(cookieProblems(refreshCookie)).toEqual([]);
  });

  it.each<[unknown, string[]]>([
    ['refresh_token', [NO_COOKIE]],
    [null, [NO_COOKIE]],
    [['rt'], [NO_COOKIE]],
    [new Map(), [NO_COOKIE]],
    [{ name: '__Host-rt' }, [NO_COOKIE]],
    [{ name: '__Host-rt', path: '/auth' }, [NO_COOKIE]],
    [{ name: '__host-rt', path: '/auth' }, [NO_COOKIE]],
    [{ name: '' }, [NO_NAME]],
    [{ name: 'refresh token' }, [NO_NAME]],
    [{ name: 'rt;' }, [NO_NAME]],
    [{ name: ['rt'] }, [NO_NAME]],
    [{ path: 'auth' }, [NO_PATH]],
    [{ path: '' }, [NO_PATH]],
    [{ path: '/auth; Domain=example.com' }, [NO_PATH]],
    [{ path: '/auth', name: 1 }, [NO_NAME]],
    [
      { nmae: 'rt' },
      ['endpoints.refreshCookie.nmae is not an option: did you mean name? Choose from name, path.'],
    ],
    [
      { secure: false },
      ['endpoints.refreshCookie.secure is not an option: choose from name, path.'],
    ],
  ])('is not endpoints with the cookie %j', (refreshCookie, problems) => {
    expect(cookieProblems(refreshCookie)).toEqual(problems);
  });

  it.each<[string, object, unknown[]]>([
    ['an instance as store', { store: new ControlledStore() }, [STORE]],
    ['another class as store', { store: Date }, [STORE]],
    ['a function as store', { store: () => new ControlledStore() }, [STORE]],
    ['half a store definition', { store: { useFactory: () => new ControlledStore() } }, [STORE]],
    ['null as store', { store: null }, [STORE]],
    ['no store', { store: undefined }, [expect.stringMatching(/^store is missing: give /)]],
    ['a flag as text', { globalGuard: 'yes' }, ['globalGuard is not true or false.']],
    ['endpoints without a path', { endpoints: { logoutEverywhere: true } }, [ENDPOINTS]],
    ['endpoints with an empty path', { endpoints: { path: '' } }, [ENDPOINTS]],
    ['a path alone', { endpoints: 'auth' }, [ENDPOINTS]],
    ['a version as number', { endpoints: { path: 'auth', version: 1 } }, [VERSION]],
    ['a version among them', { endpoints: { path: 'auth', version: ['1', 2] } }, [VERSION]],
    [
      'a typo in the endpoints',
      { endpoints: { path: 'auth', logoutEveryWhere: true } },
      [
        'endpoints.logoutEveryWhere is not an option: did you mean logoutEverywhere? Choose from path, version, logoutEverywhere, sessions, refreshCookie, revoke, introspect, jwks, response, listResponse, logoutTransaction, securityScheme.',
      ],
    ],
    [
      'a listener as instance',
      { listener: new TokenEventListener() },
      ['listener is not a class: give one that extends TokenEventListener.'],
    ],
    [
      'one module to import',
      { imports: Date },
      [
        'imports is not a list: give the modules with what store, listener and logoutTransaction inject.',
      ],
    ],
  ])('is not %s', (_, extras, problems) => {
    expect(problemsOf(EXTRA_ROWS, { store: ControlledStore, ...extras })).toEqual(problems);
  });
});
