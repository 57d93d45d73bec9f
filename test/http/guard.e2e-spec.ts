import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { parseCookie } from 'cookie';
import {
  CurrentUser,
  OptionalAuth,
  Public,
  RequireRecentLogin,
  RevocableJwtGuard,
} from 'nestjs-token-invalidation';
import { ExtractJwt } from 'passport-jwt';
import { describe, expect, it } from 'vitest';
import { createApp, PLATFORMS } from '../support/create-app.js';
import { useApp } from '../support/use-app.js';
import { User } from '../support/user.entity.js';
import { createUser, PASSWORD } from '../support/users.js';

@Controller('guarded')
@UseGuards(RevocableJwtGuard)
class GuardedController {
  @Get()
  who(@CurrentUser() user: User): object {
    return { email: user.email, isUser: user instanceof User };
  }

  @Public()
  @Get('open')
  open(): object {
    return {};
  }
}

@Public()
@Controller('door')
class OpenController {
  @Get()
  open(): object {
    return {};
  }

  @Public(false)
  @Get('closed')
  closed(): object {
    return {};
  }

  @RequireRecentLogin('10m')
  @Get('recent')
  recent(): object {
    return {};
  }
}

@OptionalAuth()
@Controller('visitors')
class VisitorsController {
  @Get()
  who(): object {
    return {};
  }

  @RequireRecentLogin('10m')
  @Get('recent')
  recent(): object {
    return {};
  }
}

@Controller('unguarded')
class UnguardedController {
  @Get()
  open(): object {
    return {};
  }

  @RequireRecentLogin('10m')
  @Get('recent')
  recent(): object {
    return {};
  }
}

describe.each(PLATFORMS)('on %s, the guard bound globally', (platform) => {
  const app = useApp({ platform });

  it('gives the route the user as a fresh instance without hidden columns', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    await app().users.update({ id: user.id }, { role: 'editor' });
    const { body } = await app().get('/auth/me', token);
    expect(body).toEqual({
      id: user.id,
      email: user.email,
      role: 'editor',
      active: true,
    });
  });

  it('gives the route the claims', async () => {
    const user = await createUser(app().dataSource);
    const { body } = await app().get(
      '/auth/claims',
      app().issuer.issue(user, { claims: { a: 1 } }),
    );
    expect(body).toMatchObject({ sub: user.id, ver: 0, a: 1 });
  });

  it('leaves a public route alone: no user is loaded, and a token is ignored', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    expect(await app().get('/auth/open', token)).toMatchObject({
      status: 200,
      body: { user: null },
    });
    expect(await app().get('/auth/open', 'not.a.token')).toMatchObject({ status: 200 });
    expect(await app().get('/auth/open')).toMatchObject({ status: 200 });
  });

  it('lets nobody in as somebody where a login is optional, and refuses an invalid token', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    expect(await app().get('/auth/optional')).toMatchObject({ status: 200, body: { user: null } });
    expect(await app().get('/auth/optional', token)).toMatchObject({ body: { user: user.email } });
    await app().invalidator.logoutEverywhere(user.id);
    expect(await app().ask(token, '/auth/optional')).toBe('401 logged_out_everywhere');
    expect(await app().ask('not.a.token', '/auth/optional')).toBe('401 token_invalid');
  });

  it('sees who was deactivated, on the next request', async () => {
    const user = await createUser(app().dataSource);
    const token = await app().login(user.email, PASSWORD);
    await app().users.update({ id: user.id }, { active: false });
    expect(await app().ask(token)).toBe('401 user_inactive');
  });
});

describe.each(PLATFORMS)('on %s, the guard bound to a controller', (platform) => {
  const app = useApp({
    platform,
    module: { globalGuard: false },
    controllers: [GuardedController, OpenController, UnguardedController],
  });

  it('guards it and no other', async () => {
    const user = await createUser(app().dataSource);
    const { body } = await app().get('/guarded', app().issuer.issue(user));
    expect(body).toEqual({ email: user.email, isUser: true });
    expect(await app().ask('', '/guarded')).toBe('401 token_missing');
    expect(await app().get('/guarded/open')).toMatchObject({ status: 200 });
    expect(await app().get('/unguarded')).toMatchObject({ status: 200 });
  });

  it('comes with @RequireRecentLogin, so that the demand holds without it', async () => {
    const user = await createUser(app().dataSource);
    expect(await app().ask(app().issuer.issue(user), '/unguarded/recent')).toBe(200);
    const old = app().issuer.issue(user, { authTime: 0 });
    expect(await app().ask(old, '/unguarded/recent')).toBe('401 reauthentication_required');
    expect(await app().get('/unguarded/recent')).toMatchObject({ status: 401 });
  });
});

describe('a public controller under the global guard', () => {
  const app = useApp({ controllers: [OpenController] });

  it('can close a route of it, and a demand for a recent login closes one too', async () => {
    expect(await app().get('/door')).toMatchObject({ status: 200 });
    expect(await app().get('/door/closed')).toMatchObject({ status: 401 });
    expect(await app().get('/door/recent')).toMatchObject({ status: 401 });
  });
});

describe('a controller for visitors, under the global guard', () => {
  const app = useApp({ controllers: [VisitorsController] });

  it('asks for a login where a recent one is demanded', async () => {
    expect(await app().get('/visitors')).toMatchObject({ status: 200 });
    expect(await app().ask('', '/visitors/recent')).toBe('401 token_missing');
  });
});

describe.each(PLATFORMS)('on %s, a token elsewhere than in Authorization', (platform) => {
  const header = useApp({
    platform,
    module: { jwtFromRequest: ExtractJwt.fromHeader('x-zumo-auth') },
  });
  const cookie = useApp({
    platform,
    module: {
      jwtFromRequest: (request: { headers: { cookie?: string } }) =>
        parseCookie(request.headers.cookie ?? '')['access_token'] ?? null,
    },
  });

  it('is found in another header', async () => {
    const token = header().issuer.issue(await createUser(header().dataSource));
    const asked = (headers: Record<string, string>) => header().get('/auth/me', undefined, headers);
    expect(await asked({ 'X-ZUMO-AUTH': token })).toMatchObject({ status: 200 });
    expect(await asked({ 'X-ZUMO-AUTH': `${token}x` })).toMatchObject({ status: 401 });
    expect(await header().ask(token)).toBe('401 token_missing');
  });

  it('is found in a cookie, without cookie-parser', async () => {
    const token = cookie().issuer.issue(await createUser(cookie().dataSource));
    const asked = (value: string) => cookie().get('/auth/me', undefined, { cookie: value });
    expect(await asked(`theme=dark; access_token=${token}`)).toMatchObject({ status: 200 });
    expect(await asked('theme=dark')).toMatchObject({ body: { errorCode: 'token_missing' } });
    expect(await asked('access_token=x')).toMatchObject({ body: { errorCode: 'token_invalid' } });
  });
});

/** Another global guard, which needs the user. */
@Injectable()
class EditorsOnlyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { user } = context.switchToHttp().getRequest<{ user?: User }>();
    return user?.role === 'editor';
  }
}

@Module({ providers: [{ provide: APP_GUARD, useClass: EditorsOnlyGuard }] })
class EditorsModule {}

describe('another global guard, of a module that is imported after this one', () => {
  const app = useApp({ imports: [EditorsModule] });

  it('finds the user on the request', async () => {
    const [member, editor] = [
      await createUser(app().dataSource),
      await createUser(app().dataSource, { role: 'editor' }),
    ];
    expect(await app().ask(app().issuer.issue(editor))).toBe(200);
    expect(await app().get('/auth/me', app().issuer.issue(member))).toMatchObject({ status: 403 });
    expect(await app().get('/auth/me')).toMatchObject({ status: 401 });
  });
});

@Module({ controllers: [GuardedController] })
class UnrelatedModule {}

describe('the guard in a module that does not see TokenInvalidationModule', () => {
  const database = useApp();

  it('says so at boot, and what to do', async () => {
    const { url } = database().dataSource.options as { url: string };
    const boot = createApp({
      url,
      module: { isGlobal: false, globalGuard: false },
      controllers: [],
      imports: [UnrelatedModule],
    });
    await expect(boot).rejects.toThrow(/add TokenInvalidationModule\.forRoot.*isGlobal: true/);
  });
});
