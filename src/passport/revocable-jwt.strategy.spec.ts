import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Req,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import passport, { Strategy } from 'passport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PLATFORMS } from '../../test/support/app-settings.js';
import { createMemoryApp, type MemoryApp } from '../../test/support/memory-app.js';
import { type RefusalEvent, TokenEventListener } from '../events/token-event.listener.js';
import { CurrentUser } from '../http/current-user.decorator.js';
import { TokenSessions } from '../sessions/token-sessions.service.js';
import { TokenStateUnavailableError } from '../state/token-state-unavailable.error.js';
import type { InMemoryUser } from '../testing/index.js';
import { exceptionFor } from './exception-for.js';
import { revocableJwtStrategy, RevocableJwtStrategy } from './revocable-jwt.strategy.js';

const refusals: RefusalEvent[] = [];

class Listener extends TokenEventListener {
  override refused(event: RefusalEvent): void {
    refusals.push(event);
  }
}

/** Another way in, as an application may have it. */
@Injectable()
class ApiKeyStrategy extends PassportStrategy(Strategy, 'api-key') {
  override authenticate(request: { headers: Record<string, unknown> }): void {
    const attempt = this as unknown as { success(user: object): void; fail(why: string): void };
    if (request.headers['x-api-key'] === 'robot') attempt.success({ id: 'robot' });
    else attempt.fail('no API key');
  }

  validate(): void {}
}

/** Passport's guard over these strategies, with our answer in place of its bare 401. */
function guardOver(...names: string[]): Type<CanActivate> {
  return class extends AuthGuard(names) {
    override handleRequest<User>(
      error: Error | null,
      user: User | false,
      info: unknown,
      context: ExecutionContext,
    ): User {
      if (error || !user) throw error ?? exceptionFor(info, context);
      return user;
    }
  };
}

@Controller()
class Routes {
  @Get('stock')
  @UseGuards(AuthGuard('revocable-jwt'))
  stock(@Req() request: { user: object; authInfo: object }): object {
    return { user: request.user, claims: request.authInfo };
  }

  @Get('own')
  @UseGuards(guardOver('revocable-jwt'))
  own(@CurrentUser() user: object): object {
    return { user };
  }

  @Get('either')
  @UseGuards(guardOver('revocable-jwt', 'api-key'))
  either(@CurrentUser() user: object): object {
    return { user };
  }
}

describe.each(PLATFORMS)('on %s, AuthGuard with the strategy', (platform) => {
  let app: MemoryApp;

  beforeAll(async () => {
    app = await createMemoryApp({
      platform,
      controllers: [Routes],
      providers: [revocableJwtStrategy(), ApiKeyStrategy],
      module: { listener: Listener, retryAfter: '7s', sessions: { absolute: '1 day' } },
    });
  });
  afterAll(async () => {
    await app?.close();
    for (const name of ['revocable-jwt', 'api-key']) passport.unuse(name);
  });
  beforeEach(() => {
    refusals.length = 0;
  });
  afterEach(() => vi.restoreAllMocks());

  const robot = { 'x-api-key': 'robot' };

  it('sets user and claims on the request of an accepted token', async () => {
    const { status, body } = await app.get('/stock', app.tokenOf('anna'));
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: { id: 'anna' }, claims: { sub: 'anna', ver: 0 } });
    expect(refusals).toEqual([]);
  });

  it('refuses, alone with a bare 401 as of every strategy, and reports the reason once', async () => {
    const token = app.tokenOf('ben');
    await app.store.invalidate({ subject: 'ben' }, 'logout');
    const { status, headers } = await app.get('/stock', token);
    expect([status, headers.get('www-authenticate')]).toEqual([401, null]);
    expect(refusals).toMatchObject([{ reason: 'logged_out_everywhere', subject: 'ben' }]);
  });

  it('refuses the token of a device that was logged out, and of no other device', async () => {
    const sessions = app.app.get<TokenSessions<InMemoryUser>>(TokenSessions, { strict: false });
    const user = app.store.add({ id: 'dora', passwordHash: 'hash' });
    const [phone, laptop] = [await sessions.start(user), await sessions.start(user)];
    expect((await app.get('/stock', phone.accessToken)).status).toBe(200);
    await sessions.end(phone.session.id, { of: user.id });
    for (const path of ['/stock', '/own', '/either']) {
      expect((await app.get(path, phone.accessToken)).status).toBe(401);
      expect((await app.get(path, laptop.accessToken)).status).toBe(200);
    }
    const refused = { reason: 'session_ended', subject: 'dora' };
    expect(refusals).toMatchObject([refused, refused, refused]);
  });

  it.each<[string, string | undefined, string, RegExp]>([
    ['no token', undefined, 'token_missing', /^Bearer$/],
    ['what is no token', 'x', 'token_invalid', /^Bearer error="invalid_token", /],
  ])('refuses %s with reason and challenge through exceptionFor()', async (_, token, ...answer) => {
    const [errorCode, challenge] = answer;
    const { status, body, headers } = await app.get('/own', token);
    expect([status, body['errorCode']]).toEqual([401, errorCode]);
    expect(headers.get('www-authenticate')).toMatch(challenge);
    expect(refusals).toMatchObject([{ reason: errorCode }]);
  });

  it('continues with the next strategy of a chain, whatever the reason of the refusal', async () => {
    const token = app.tokenOf('carl');
    expect(await app.get('/either', token)).toMatchObject({ body: { user: { id: 'carl' } } });
    const byKey = { status: 200, body: { user: { id: 'robot' } } };
    expect(await app.get('/either', undefined, robot)).toMatchObject(byKey);
    await app.store.invalidate({ subject: 'carl' }, 'logout');
    expect(await app.get('/either', token, robot)).toMatchObject(byKey);
    const { status, body, headers } = await app.get('/either', token);
    expect([status, body['errorCode']]).toEqual([401, 'logged_out_everywhere']);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it.each(['/stock', '/own', '/either'])('answers 503 in an outage, on %s', async (path) => {
    const token = app.tokenOf(`a user of ${path}`);
    vi.spyOn(app.store, 'read').mockRejectedValueOnce(new Error('connection lost'));
    // No other strategy may answer for a state that could not be read.
    const { status, body, headers } = await app.get(path, token, robot);
    expect([status, body['errorCode']]).toEqual([503, 'token_state_unavailable']);
    expect(headers.get('retry-after')).toBe('7');
    expect(refusals).toEqual([]);
  });

  it('hides no other error', async () => {
    const token = app.tokenOf(`a user of a mistake`);
    vi.spyOn(app.store, 'read').mockRejectedValueOnce(
      new TokenStateUnavailableError(new Error('connection lost')),
    );
    expect(await app.get('/own', token)).toMatchObject({ status: 503 });
    const broken = vi.spyOn(app.store, 'read');
    broken.mockResolvedValueOnce({
      everyone: { loggedOutAt: null, version: 0 },
      records: [new Error('a mistake')],
    });
    expect(await app.get('/own', token)).toMatchObject({ status: 500 });
  });
});

describe('the name of the strategy', () => {
  @Controller()
  class Renamed {
    @Get('renamed')
    @UseGuards(guardOver('other-name'))
    renamed(@CurrentUser() user: object): object {
      return { user };
    }

    @Get('default')
    @UseGuards(AuthGuard('revocable-jwt'))
    byDefault(): object {
      return {};
    }
  }

  it('can be another one: the default name is unknown then', async () => {
    const app = await createMemoryApp({
      controllers: [Renamed],
      providers: [revocableJwtStrategy('other-name')],
    });
    const token = app.tokenOf('anna');
    expect(await app.ask(token, '/renamed')).toBe(200);
    expect(await app.ask('x', '/renamed')).toBe('401 token_invalid');
    expect(await app.get('/default', token)).toMatchObject({ status: 500 });
    await app.close();
    passport.unuse('other-name');
  });
});

const boot = () => createMemoryApp({ providers: [revocableJwtStrategy('own')] });

describe('a name that is taken', () => {
  class Own extends Strategy {
    override readonly name = 'own';
  }

  afterEach(() => passport.unuse('own'));

  const message =
    'Two Passport strategies have the name "own": that of revocableJwtStrategy() and Own. Remove yours, or give another name: revocableJwtStrategy(\'…\').';

  it('stops the boot when it was taken before', async () => {
    passport.use(new Own());
    await expect(boot()).rejects.toThrow(message);
  });

  it('stops the boot when it is taken until the application has started', async () => {
    const late = {
      provide: 'late',
      inject: [RevocableJwtStrategy],
      useFactory: () => passport.use(new Own()),
    };
    await expect(
      createMemoryApp({ providers: [revocableJwtStrategy('own'), late] }),
    ).rejects.toThrow(message);
  });

  it('stops the boot when two modules of an application have it', async () => {
    @Module({ providers: [revocableJwtStrategy('own')] })
    class OneModule {}
    @Module({ providers: [revocableJwtStrategy('own')] })
    class OtherModule {}
    const imports = [OneModule, OtherModule];
    await expect(createMemoryApp({ imports })).rejects.toThrow(
      'Two strategies of revocableJwtStrategy() have the name "own": give each another name, and use it in AuthGuard(\'…\').',
    );
  });

  it('may be that of another application in the process, also from another copy of the library', async () => {
    const [one, other] = [await boot(), await boot()];
    passport.use(
      Object.assign(new Own(), { [Symbol.for('nestjs-token-invalidation: strategy')]: 'own' }),
    );
    await expect(boot().then((third) => third.close())).resolves.toBeUndefined();
    await Promise.all([one.close(), other.close()]);
  });
});
