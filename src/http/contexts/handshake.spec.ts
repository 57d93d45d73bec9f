import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Handshake, isHandshakeSource } from './handshake.js';
import { HandshakeTokens, type ResolvedHandshake } from './handshake-tokens.js';

const find = (options: ResolvedHandshake, handshake: Partial<Handshake>) =>
  new HandshakeTokens(options).tokenOf({ headers: {}, ...handshake });

const cookie = (headers: Handshake['headers'], allowedOrigins?: string[]) =>
  find(
    { token: 'cookie.access', ...(allowedOrigins && { allowedOrigins }) },
    { headers: { cookie: 'access=abc', host: 'api.example.com', ...headers } },
  );

beforeEach(() => void vi.restoreAllMocks());

describe('the places of a handshake', () => {
  it.each<[source: string, handshake: Partial<Handshake>]>([
    ['header', { headers: { authorization: 'Bearer abc' } }],
    ['header', { headers: { authorization: 'bearer   abc' } }],
    ['auth.token', { auth: { token: 'abc' } }],
    ['auth.token', { auth: { token: 'Bearer abc' } }],
    ['auth.token', { auth: { token: 'bearer abc' } }],
    ['connectionParams.authorization', { connectionParams: { Authorization: 'Bearer abc' } }],
    ['connectionParams.authToken', { connectionParams: { other: 'no', authtoken: 'abc' } }],
    ['cookie.access', { headers: { cookie: 'a=b; access=abc' } }],
    ['cookie.access', { headers: { cookie: 'xaccess=no; access="abc"' } }],
    ['subprotocol.bearer', { headers: { 'sec-websocket-protocol': 'bearer, abc' } }],
    ['subprotocol.bearer', { headers: { 'sec-websocket-protocol': 'graphql, bearer, abc' } }],
  ])('%s', (token, handshake) => {
    expect(find({ token } as ResolvedHandshake, handshake)).toBe('abc');
    expect(find({ token } as ResolvedHandshake, {})).toBeNull();
  });

  it('give no token that is another scheme, no text, or empty', () => {
    expect(find({ token: 'header' }, { headers: { authorization: 'Basic abc' } })).toBeNull();
    expect(find({ token: 'auth.token' }, { auth: { token: { $ne: '' } } })).toBeNull();
    expect(find({ token: 'auth.token' }, { auth: { token: '' } })).toBeNull();
    const last = { headers: { 'sec-websocket-protocol': 'bearer' } };
    expect(find({ token: 'subprotocol.bearer' }, last)).toBeNull();
    const others = { headers: { 'sec-websocket-protocol': 'graphql, abc' } };
    expect(find({ token: 'subprotocol.bearer' }, others)).toBeNull();
    const params = { connectionParams: { other: 'abc' } };
    expect(find({ token: 'connectionParams.authorization' }, params)).toBeNull();
  });

  it.each([
    ['a"b"', 'a"b"'],
    ['"a"b', '"a"b'],
    ['"ab"', 'ab'],
    ['not a bearer ab', 'not a bearer ab'],
  ])('have in a cookie %s the token %s', (value, token) => {
    expect(find({ token: 'cookie.access' }, { headers: { cookie: `access=${value}` } })).toBe(
      token,
    );
  });

  it('are tried in their order', () => {
    const both = { auth: { token: 'abc' }, headers: { authorization: 'Bearer xyz' } };
    expect(find({ token: ['auth.token', 'header'] }, both)).toBe('abc');
    expect(find({ token: ['header', 'auth.token'] }, both)).toBe('xyz');
  });

  it('can be a function', () => {
    expect(find({ token: ({ headers }) => String(headers['x']) }, { headers: { x: 'abc' } })).toBe(
      'abc',
    );
  });

  it.each(['header', 'auth.token', 'connectionParams.a', 'cookie.a.b', 'subprotocol.bearer'])(
    'may be %j',
    (value) => expect(isHandshakeSource(value)).toBe(true),
  );

  it.each(['', 'auth', 'auth.', 'header.x', 'query.token', 'constructor.name', 1, null])(
    'are not %j',
    (value) => expect(isHandshakeSource(value)).toBe(false),
  );
});

describe('a cookie of a handshake', () => {
  it('counts from a page of the same host', () => {
    expect(cookie({ origin: 'https://api.example.com' })).toBe('abc');
    expect(cookie({ origin: 'https://API.example.com:443' })).toBe('abc');
  });

  it.each(['https://evil.example', 'https://api.example.com:8443', 'null', ''])(
    'does not count from the origin %j, which the log names once',
    (origin) => {
      const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
      const tokens = new HandshakeTokens({ token: 'cookie.access' });
      const headers = { cookie: 'access=abc', host: 'api.example.com', origin };
      expect(tokens.tokenOf({ headers })).toBeNull();
      expect(tokens.tokenOf({ headers })).toBeNull();
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn.mock.lastCall![0]).toContain(JSON.stringify(origin));
      expect(warn.mock.contexts[0]).toHaveProperty('context', 'TokenInvalidation');
    },
  );

  it('counts from the origins that are listed, and from no other', () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const allowed = ['https://app.example.com'];
    expect(cookie({ origin: 'https://app.example.com' }, allowed)).toBe('abc');
    expect(warn).not.toHaveBeenCalled();
    expect(cookie({ origin: 'https://api.example.com' }, allowed)).toBeNull();
    expect(warn).toHaveBeenCalledOnce();
  });

  it('counts without an origin, unless a browser says that the page is of another site', () => {
    expect(cookie({})).toBe('abc');
    expect(cookie({ 'sec-fetch-site': 'same-origin' })).toBe('abc');
    expect(cookie({ 'sec-fetch-site': 'cross-site' })).toBeNull();
  });

  it('fills no log, however many origins try', () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const tokens = new HandshakeTokens({ token: 'cookie.access' });
    for (let site = 0; site < 100; site += 1) {
      const headers = { cookie: 'access=abc', host: 'a', origin: `https://${site}.example` };
      tokens.tokenOf({ headers });
    }
    expect(warn).toHaveBeenCalledTimes(20);
  });

  it('does not hinder a token that is elsewhere', () => {
    vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const headers = {
      cookie: 'access=abc',
      origin: 'https://evil.example',
      authorization: 'Bearer xyz',
    };
    expect(find({ token: ['cookie.access', 'header'] }, { headers })).toBe('xyz');
  });
});
