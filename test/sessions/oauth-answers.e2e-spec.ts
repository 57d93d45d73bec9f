import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS } from '../support/app-settings.js';
import { SERVICE_CREDENTIAL } from '../support/sessions/session-app.js';
import { claimsOf } from '../support/sessions/session-client.js';
import { type SessionMemoryApp, startSessions } from '../support/sessions/session-memory-app.js';
import type { Answer } from '../support/test-client.js';

Logger.overrideLogger(false);

const KNOWN = { authorization: SERVICE_CREDENTIAL };
const isService = ({ headers }: { headers: Record<string, string> }) =>
  headers['authorization'] === SERVICE_CREDENTIAL;

type Device = Awaited<ReturnType<SessionMemoryApp['device']>>;

/** What an answer says: status, media type, challenge and body. */
type Said = readonly [status: number, type: string | null, challenge: string | null, body: object];

const EMPTY: Said = [200, null, null, {}];
const INACTIVE: Said = [200, 'application/json', null, { active: false }];
const error = (status: number, code: string, challenge: string | null = null): Said => [
  status,
  'application/json',
  challenge,
  { error: code },
];

interface Case {
  readonly name: string;
  readonly fields: (device: Device) => Record<string, string> | [string, string][];
  readonly headers?: Record<string, string>;
  readonly said: (device: Device) => Said;
}

/** Callers whom the application does not know, each with the challenge of its scheme. */
const STRANGERS: [name: string, headers: Record<string, string>, challenge: string][] = [
  ['no credential', {}, 'Bearer'],
  ['a password', { authorization: 'basic eDp5' }, 'Basic realm="tokens"'],
  ['a token', { authorization: 'bearer x' }, 'Bearer error="invalid_token"'],
  ['another scheme', { authorization: 'Digest x' }, 'Bearer'],
];

const strangers = (fields: Case['fields']): Case[] =>
  STRANGERS.map(([name, headers, challenge]) => ({
    name: `an access token, from a caller with ${name}`,
    fields,
    headers,
    said: () => error(401, 'invalid_client', challenge),
  }));

const malformed = (): Case[] =>
  [
    [],
    [['token', '']],
    [
      ['token', 'a'],
      ['token', 'b'],
    ],
    [
      ['token', 'a'],
      ['token_type_hint', 'access_token'],
      ['token_type_hint', 'refresh_token'],
    ],
  ].map((fields) => ({
    name: `the fields ${JSON.stringify(fields)}`,
    fields: () => fields as [string, string][],
    headers: KNOWN,
    said: () => error(400, 'invalid_request'),
  }));

/** RFC 7009. */
const REVOKE: Case[] = [
  { name: 'a refresh token', fields: ({ refresh: token }) => ({ token }), said: () => EMPTY },
  {
    name: 'a refresh token with a wrong hint',
    fields: ({ refresh: token }) => ({ token, token_type_hint: 'access_token' }),
    said: () => EMPTY,
  },
  {
    name: 'a hint that nobody knows',
    fields: ({ refresh: token }) => ({ token, token_type_hint: 'pigeon' }),
    said: () => EMPTY,
  },
  { name: 'what is no token', fields: () => ({ token: 'unknown' }), said: () => EMPTY },
  {
    name: 'an access token',
    fields: ({ access: token }) => ({ token }),
    headers: KNOWN,
    said: () => EMPTY,
  },
  {
    name: 'an access token that is invalid',
    fields: ({ access }) => ({ token: `${access}x` }),
    headers: KNOWN,
    said: () => EMPTY,
  },
  ...strangers(({ access: token }) => ({ token })),
  ...malformed(),
];

/** RFC 7662. */
const INTROSPECT: Case[] = [
  {
    name: 'an access token',
    fields: ({ access: token }) => ({ token, token_type_hint: 'refresh_token' }),
    headers: KNOWN,
    said: ({ access }) => [
      200,
      'application/json',
      null,
      { ...claimsOf(access), active: true, token_type: 'Bearer' },
    ],
  },
  {
    name: 'an access token that is invalid',
    fields: ({ access }) => ({ token: `${access}x` }),
    headers: KNOWN,
    said: () => INACTIVE,
  },
  {
    name: 'a refresh token',
    fields: ({ refresh: token }) => ({ token }),
    headers: KNOWN,
    said: () => INACTIVE,
  },
  {
    name: 'what is no token',
    fields: () => ({ token: 'unknown' }),
    headers: KNOWN,
    said: () => INACTIVE,
  },
  ...strangers(({ access: token }) => ({ token })),
  ...malformed(),
];

function saidBy({ status, headers, body }: Answer): Said {
  const type = headers.get('content-type')?.split(';', 1)[0] ?? null;
  return [status, type, headers.get('www-authenticate'), body];
}

describe.each(PLATFORMS)('on %s', (platform) => {
  let app: SessionMemoryApp;

  beforeAll(async () => {
    app = await startSessions({
      platform,
      endpoints: { revoke: isService, introspect: isService },
    });
  });
  afterAll(() => app?.app.close());

  describe.each([
    ['revoke', REVOKE],
    ['introspect', INTROSPECT],
  ] as const)('POST %s is answered exactly, and for no cache, for', (endpoint, cases) => {
    it.each(cases)('$name', async ({ fields, headers = {}, said }) => {
      const device = await app.device();
      const answer = await app.form(`/auth/${endpoint}`, fields(device), headers);
      expect(saidBy(answer)).toEqual(said(device));
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('set-cookie')).toBeNull();
    });

    it('no other method', async () => {
      const { refresh } = await app.device();
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const path = `/auth/${endpoint}?token=${refresh}`;
        expect((await app.send(method, path, { headers: KNOWN })).status).toBe(404);
      }
      expect((await app.refresh(refresh)).outcome).toBe(200);
    });
  });

  it('tokens are for no cache, of HTTP/1.0 too (RFC 6749 section 5.1)', async () => {
    const device = await app.device();
    const refreshed = await app.refresh(device.refresh);
    const kept = await app.post('/auth/logout-everywhere', device.access, { keepThisDevice: true });
    for (const { status, headers } of [refreshed, kept]) {
      const cached = [headers.get('cache-control'), headers.get('pragma')];
      expect([status, ...cached]).toEqual([200, 'no-store', 'no-cache']);
    }
  });
});
