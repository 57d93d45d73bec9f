import {
  type ArgumentsHost,
  Catch,
  Controller,
  Get,
  HttpException,
  InternalServerErrorException,
  Logger,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMemoryApp, type MemoryApp } from '../../test/support/memory-app.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import { TokenVerifier } from '../tokens/token-verifier.service.js';
import { CurrentUser } from '../http/current-user.decorator.js';
import { Public } from '../http/public.decorator.js';
import { TokenClaims } from '../http/token-claims.decorator.js';
import type { EndpointsOptions } from './endpoints-options.js';

const PATH = '/auth/logout-everywhere';
const ENDPOINTS: EndpointsOptions = { path: 'auth', logoutEverywhere: true };

@Controller()
class ProfileController {
  @Get('me')
  me(@CurrentUser() user: object, @TokenClaims() claims: TokenClaims): object {
    return { user, claims };
  }

  @Public()
  @Get('outage')
  outage(): never {
    throw new TokenStateUnavailableError(new Error('connection lost'));
  }
}

/** An application's own filter, which knows HttpExceptions and makes a 500 of everything else. */
@Catch()
class CatchAll extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    const known = error instanceof HttpException ? error : new InternalServerErrorException();
    // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- a filter's catch(), not a promise's
    super.catch(known, host);
  }
}

let app: MemoryApp;

beforeAll(async () => {
  app = await createMemoryApp({
    controllers: [ProfileController],
    module: { globalGuard: true, endpoints: ENDPOINTS, retryAfter: '7s' },
  });
  Logger.overrideLogger(false);
});
afterAll(() => app?.close());

describe('POST logout-everywhere', () => {
  it.each([undefined, {}, { keepThisDevice: false }, { keepThisDevice: null }])(
    'with %j invalidates every token of the caller, and answers with nothing',
    async (json) => {
      const id = `caller of ${JSON.stringify(json)}`;
      const token = app.tokenOf(id);
      const { status, body, headers } = await app.post(PATH, token, json);
      expect([status, body]).toEqual([204, {}]);
      expect(headers.get('cache-control')).toBeNull();
      expect(app.store.find(id)).toMatchObject({ tokenVersion: 1 });
      expect(await app.ask(token, '/me')).toBe('401 logged_out_everywhere');
    },
  );

  it('keeps the calling device in, on request', async () => {
    const { status, body, headers } = await app.post(PATH, app.tokenOf('anna'), {
      keepThisDevice: true,
    });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    const access_token = body['access_token'] as string;
    expect(body).toEqual({ access_token, token_type: 'Bearer', expires_in: 900 });
    expect(await app.get('/me', access_token)).toMatchObject({
      status: 200,
      body: { user: { id: 'anna' }, claims: { sub: 'anna', ver: 1 } },
    });
  });

  it.each(['yes', 1, {}])('takes no %j for an answer to keepThisDevice', async (keepThisDevice) => {
    const id = `caller with ${JSON.stringify(keepThisDevice)}`;
    const answer = await app.post(PATH, app.tokenOf(id), { keepThisDevice });
    expect(answer).toMatchObject({
      status: 400,
      body: { message: 'keepThisDevice must be true or false' },
    });
    expect(app.store.find(id)).toMatchObject({ tokenVersion: 0 });
  });

  it('invalidates the version that the token has, and that of no newer login', async () => {
    const invalidate = vi.spyOn(app.store, 'invalidate');
    const token = app.tokenOf('ben');
    await app.post(PATH, token);
    expect(invalidate).toHaveBeenCalledWith({ subject: 'ben', ifVersion: 0 }, 'logout', undefined);
    invalidate.mockRestore();
  });

  it('counts a token of the legacy window as version 0', async () => {
    const legacy = await createMemoryApp({
      module: { endpoints: ENDPOINTS, legacyUntil: new Date(8.64e15) },
    });
    const invalidate = vi.spyOn(legacy.store, 'invalidate');
    const verifier = legacy.app.get(TokenVerifier, { strict: false });
    const user = legacy.store.add({ id: 'anna', passwordHash: 'hash' });
    const claims = { sub: 'anna', iat: 1, exp: 2 };
    vi.spyOn(verifier, 'verify').mockResolvedValueOnce({ accepted: true, user, claims });
    expect(await legacy.post(PATH, 'a.legacy.token')).toMatchObject({ status: 204 });
    expect(invalidate).toHaveBeenCalledWith({ subject: 'anna', ifVersion: 0 }, 'logout', undefined);
    await legacy.close();
  });

  it.each([
    ['is overtaken by another invalidation', 'conflict', 'version_stale'],
    ['finds the user gone', 'unknown', 'user_unknown'],
  ] as const)('when it %s it is 401', async (_, outcome, errorCode) => {
    vi.spyOn(app.store, 'invalidate').mockResolvedValueOnce(outcome);
    const { status, body, headers } = await app.post(PATH, app.tokenOf(errorCode));
    expect([status, body['errorCode']]).toEqual([401, errorCode]);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('when the state cannot be written it is 503', async () => {
    const lost = new TokenStateUnavailableError(new Error('connection lost'));
    vi.spyOn(app.store, 'invalidate').mockRejectedValueOnce(lost);
    const { status, body, headers } = await app.post(PATH, app.tokenOf('carl'));
    expect([status, body['errorCode']]).toEqual([503, 'token_state_unavailable']);
    expect(headers.get('retry-after')).toBe('7');
  });

  it('is 503 also in an application that catches every error itself', async () => {
    const careful = await createMemoryApp({
      prepare: (own) => own.useGlobalFilters(new CatchAll(own.getHttpAdapter())),
      module: { endpoints: ENDPOINTS, retryAfter: '7s' },
    });
    const lost = new TokenStateUnavailableError(new Error('connection lost'));
    vi.spyOn(careful.store, 'invalidate').mockRejectedValueOnce(lost);
    const { status, headers } = await careful.post(PATH, careful.tokenOf('anna'));
    expect([status, headers.get('retry-after')]).toEqual([503, '7']);
    await careful.close();
  });

  it('hides no other error', async () => {
    vi.spyOn(app.store, 'invalidate').mockRejectedValueOnce(new Error('a mistake'));
    expect(await app.post(PATH, app.tokenOf('dora'))).toMatchObject({ status: 500 });
  });
});

describe('a state that cannot be read or written, where the application lets the error through', () => {
  it('is 503 with Retry-After', async () => {
    const { status, body, headers } = await app.get('/outage');
    expect([status, body['errorCode']]).toEqual([503, 'token_state_unavailable']);
    expect(headers.get('retry-after')).toBe('7');
  });
});

describe('a response mapper', () => {
  const response = vi.fn<NonNullable<EndpointsOptions['response']>>((standard) => ({
    token: standard.access_token,
    expiresIn: standard.expires_in,
  }));
  let mapped: MemoryApp;

  beforeAll(async () => {
    mapped = await createMemoryApp({
      controllers: [ProfileController],
      module: { globalGuard: true, endpoints: { ...ENDPOINTS, response } },
    });
  });
  afterAll(() => mapped?.close());

  it('gives the token response the shape that the clients know', async () => {
    const answer = await mapped.post(PATH, mapped.tokenOf('anna'), { keepThisDevice: true });
    const token = answer.body['token'] as string;
    expect(answer).toMatchObject({ status: 200, body: { token, expiresIn: 900 } });
    expect(Object.keys(answer.body)).toEqual(['token', 'expiresIn']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await mapped.ask(token, '/me')).toBe(200);
    expect(response.mock.calls).toEqual([
      [{ access_token: token, token_type: 'Bearer', expires_in: 900 }],
    ]);
  });

  it('is not called where there is no token', async () => {
    response.mockClear();
    expect(await mapped.post(PATH, mapped.tokenOf('ben'))).toMatchObject({ status: 204, body: {} });
    expect(response).not.toHaveBeenCalled();
  });

  it('that returns a promise is waited for', async () => {
    response.mockImplementationOnce(async () => ({ later: true }));
    const answer = await mapped.post(PATH, mapped.tokenOf('carl'), { keepThisDevice: true });
    expect(answer).toMatchObject({ status: 200, body: { later: true } });
  });
});
