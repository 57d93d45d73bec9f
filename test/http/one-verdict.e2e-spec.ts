import { Controller, Get, Logger, Module, UseGuards } from '@nestjs/common';
import {
  CurrentUser,
  RequireRecentLogin,
  RevocableJwtGuard,
  TokenVerifier,
} from 'nestjs-token-invalidation';
import type { InMemoryUser } from 'nestjs-token-invalidation/testing';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  type MockInstance,
  vi,
} from 'vitest';
import { PLATFORMS } from '../support/create-app.js';
import { createMemoryApp, type MemoryApp } from '../support/memory-app.js';

Logger.overrideLogger(false);

@UseGuards(RevocableJwtGuard)
@Controller('account')
class AccountController {
  @RequireRecentLogin('10m')
  @UseGuards(RevocableJwtGuard)
  @Get('recent')
  recent(@CurrentUser() user: InMemoryUser): object {
    return { id: user.id };
  }
}

/** Nest makes an instance of the guard for each module that names it. */
@Module({ controllers: [AccountController] })
class AccountModule {}

describe.each(PLATFORMS)('on %s, a route that has the guard more than once', (platform) => {
  let app: MemoryApp;
  let read: MockInstance;
  let verify: MockInstance;

  beforeAll(async () => {
    app = await createMemoryApp({
      platform,
      imports: [AccountModule],
      module: { globalGuard: true, endpoints: { path: 'auth', logoutEverywhere: true } },
    });
    read = vi.spyOn(app.store, 'read');
    verify = vi.spyOn(app.app.get(TokenVerifier, { strict: false }), 'verify');
  });
  afterAll(() => app?.close());
  beforeEach(() => vi.clearAllMocks());

  it('reads the user once a request', async () => {
    const token = app.tokenOf('anna');
    expect(await app.get('/account/recent', token)).toMatchObject({
      status: 200,
      body: { id: 'anna' },
    });
    expect(await app.ask(token, '/account/recent')).toBe(200);
    expect(verify).toHaveBeenCalledTimes(2);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('reads the user once for an endpoint of the module', async () => {
    const { status } = await app.post('/auth/logout-everywhere', app.tokenOf('ben'));
    expect(status).toBe(204);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('makes its demand', async () => {
    const token = app.tokenOf('carla');
    app.clock.advance(601);
    expect(await app.ask(token, '/account/recent')).toBe('401 reauthentication_required');
    app.clock.advance(-601);
    expect(await app.ask('', '/account/recent')).toBe('401 token_missing');
  });
});
