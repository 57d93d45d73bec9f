import { setImmediate } from 'node:timers/promises';
import { Controller, type ExecutionContext, Get, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryApp, type MemoryApp } from '../../test/support/memory-app.js';
import type { TokenVerifier } from '../tokens/token-verifier.service.js';
import type { HttpSettings } from './http-settings.js';
import { OptionalAuth } from './optional-auth.decorator.js';
import { Public } from './public.decorator.js';
import { RequireRecentLogin } from './require-recent-login.decorator.js';
import { RevocableJwtGuard } from './revocable-jwt.guard.js';

@Controller()
class Routes {
  @Get()
  closed(): void {}

  @Public()
  open(): void {}

  @OptionalAuth()
  optional(): void {}

  @RequireRecentLogin('10m')
  sensitive(): void {}
}

interface Request {
  headers: { authorization?: string };
  user?: unknown;
  authInfo?: unknown;
}

let app: MemoryApp;
let guard: RevocableJwtGuard;
let token: string;
let request: Request;
let headers: Record<string, string>;
const response = {
  header(name: string, value: string) {
    headers[name] = value;
  },
};

beforeAll(async () => {
  app = await createMemoryApp({ module: { retryAfter: '7s' } });
  Logger.overrideLogger(false);
  guard = app.app.get(RevocableJwtGuard, { strict: false });
  token = app.tokenOf('anna');
});
afterAll(() => app?.close());

beforeEach(() => {
  request = { headers: { authorization: `Bearer ${token}` } };
  headers = {};
});

/** A request for one of the routes. */
function asked(route: keyof Routes, args: unknown[] = [request, response]): ExecutionContext {
  // oxlint-disable-next-line typescript/unbound-method -- Nest hands on handlers so
  return new ExecutionContextHost(args, Routes, Routes.prototype[route]);
}

describe('RevocableJwtGuard', () => {
  it('sets user and claims on the request of an accepted token', async () => {
    expect(await guard.canActivate(asked('closed'))).toBe(true);
    expect(request.user).toMatchObject({ id: 'anna' });
    expect(request.authInfo).toMatchObject({ sub: 'anna', ver: 0 });
    expect(headers).toEqual({});
  });

  it('refuses a request without a token, with a challenge', async () => {
    request = { headers: {} };
    await expect(guard.canActivate(asked('closed'))).rejects.toMatchObject({
      reason: 'token_missing',
    });
    expect(headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
    expect(request).toEqual({ headers: {} });
  });

  it('ignores the token of an open route', async () => {
    request = { headers: { authorization: 'Bearer x' } };
    expect(await guard.canActivate(asked('open'))).toBe(true);
    expect(request).not.toHaveProperty('user');
  });

  it('lets visitors pass where a login is optional, and nobody with a wrong token', async () => {
    request = { headers: {} };
    expect(await guard.canActivate(asked('optional'))).toBe(true);
    request = { headers: { authorization: 'Bearer x' } };
    await expect(guard.canActivate(asked('optional'))).rejects.toMatchObject({
      reason: 'token_invalid',
    });
  });

  it('asks for a recent login where the route does, and says how recent', async () => {
    expect(await guard.canActivate(asked('sensitive'))).toBe(true);
    app.clock.advance(601);
    const refused = guard.canActivate(asked('sensitive'));
    await expect(refused).rejects.toMatchObject({ reason: 'reauthentication_required' });
    expect(headers['WWW-Authenticate']).toContain('max_age="600"');
    app.clock.advance(-601);
    request = { headers: {} };
    const missing = guard.canActivate(asked('sensitive'));
    await expect(missing).rejects.toMatchObject({ reason: 'token_missing' });
  });

  it('refuses all of a turn together, when it has ended', async () => {
    request = { headers: {} };
    let hasEnded = false;
    const ended = setImmediate().then(() => (hasEnded = true));
    const refusals = [1, 2, 3].map(() => guard.canActivate(asked('closed')).catch(() => hasEnded));
    expect(await Promise.all(refusals)).toEqual([true, true, true]);
    await ended;
  });

  it('refuses also where the tests of an application have faked the timers', async () => {
    vi.useFakeTimers();
    try {
      request = { headers: {} };
      await expect(guard.canActivate(asked('closed'))).rejects.toMatchObject({ status: 401 });
    } finally {
      vi.useRealTimers();
    }
  });

  it('is 503 when the state cannot be read, and hands on every other error', async () => {
    const read = vi.spyOn(app.store, 'read').mockRejectedValueOnce(new Error('connection lost'));
    await expect(guard.canActivate(asked('closed'))).rejects.toMatchObject({ status: 503 });
    expect(headers).toEqual({ 'Retry-After': '7', 'Cache-Control': 'no-store' });
    const mistake = new Error('of the application');
    read.mockResolvedValueOnce({ everyone: { loggedOutAt: null, version: 0 }, records: [mistake] });
    await expect(guard.canActivate(asked('closed'))).rejects.toBe(mistake);
  });
});

describe('RevocableJwtGuard in a module that does not see the one that it needs', () => {
  it.each<[string, [verifier?: TokenVerifier | undefined, settings?: HttpSettings]]>([
    ['nothing', []],
    ['the verifier alone', [{} as TokenVerifier]],
    ['the settings alone', [undefined, {} as HttpSettings]],
  ])('says what to import where it gets %s', (_, parts) => {
    expect(() => new RevocableJwtGuard(new Reflector(), ...parts)).toThrow(
      'RevocableJwtGuard is used in a module that does not see TokenInvalidationModule: add TokenInvalidationModule.forRoot({ … }) to the imports of the root module with isGlobal: true, or to the imports of this module.',
    );
  });
});
