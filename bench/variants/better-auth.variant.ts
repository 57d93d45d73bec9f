import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  CanActivate,
  Controller,
  ExecutionContext,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Module,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { betterAuth as createBetterAuth, type BetterAuthOptions } from 'better-auth';
import { makeSignature } from 'better-auth/crypto';
import { getMigrations } from 'better-auth/db/migration';
import { fromNodeHeaders } from 'better-auth/node';
import { Pool } from 'pg';
import { cookieCredential } from './cookie-credential.js';
import { forge } from './forge.js';
import { prepareBetterAuth } from './other-tables.js';
import { expressApp, fastifyApp, listen } from './plain-app.js';
import {
  type Credential,
  PLATFORMS,
  type RunningVariant,
  type Variant,
  type VariantContext,
} from './variant.js';

const AUTH = Symbol('better-auth');

type Auth = ReturnType<typeof createAuth>;
type Session = Auth['$Infer']['Session'];

interface AuthRequest {
  readonly headers: IncomingHttpHeaders;
  session?: Session;
}

@Injectable()
class BetterAuthGuard implements CanActivate {
  constructor(@Inject(AUTH) private readonly auth: Auth) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthRequest>();
    const session = await this.auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
    if (!session) throw new UnauthorizedException();
    request.session = session;
    return true;
  }
}

interface AuthResponse {
  header(name: string, value: string[]): unknown;
}

@Controller()
class MeController {
  constructor(@Inject(AUTH) private readonly auth: Auth) {}

  @Get('me')
  @UseGuards(BetterAuthGuard)
  me(@Req() request: AuthRequest): { id: string | undefined } {
    return { id: request.session?.user.id };
  }

  /** What its client calls to stay logged in: reads the session, and moves its end once `updateAge` has passed. */
  @Post('refresh')
  @HttpCode(200)
  async refresh(
    @Req() request: AuthRequest,
    @Res({ passthrough: true }) response: AuthResponse,
  ): Promise<{ id: string }> {
    const { headers, response: session } = await this.auth.api.getSession({
      headers: fromNodeHeaders(request.headers),
      returnHeaders: true,
    });
    if (!session) throw new UnauthorizedException();
    response.header('set-cookie', headers.getSetCookie());
    return { id: session.user.id };
  }
}

/** Each request reads the session, and then its user. */
export const betterAuth: Variant = {
  name: 'better-auth',
  title: 'better-auth, sessions in PostgreSQL',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  start: (context) => startBetterAuth(context),
};

/** How an application sets the sessions of better-auth. */
type SessionOptions = NonNullable<BetterAuthOptions['session']>;

export async function startBetterAuth(
  context: VariantContext,
  session: SessionOptions = {},
): Promise<RunningVariant> {
  const pool = new Pool({ connectionString: context.databaseUrl, max: 10 });
  const auth = createAuth(pool, session);
  await prepareBetterAuth(pool, async () => (await getMigrations(auth.options)).runMigrations());
  const app = await (context.platform === 'express' ? expressApp : fastifyApp)(moduleOf(auth));
  const url = await listen(app);
  const issue = (userId: string) => issueCookie(auth, userId);
  const credentials = await Promise.all(context.userIds.map(issue));
  const revoked = await issue(context.revokedUserId);
  await (await auth.$context).internalAdapter.deleteUserSessions(context.revokedUserId);
  const forged = forge(await issue(context.revokedUserId));
  return {
    url,
    credentials,
    revoked,
    forged,
    startSessions: () => Promise.resolve({ path: '/refresh', credentials }),
    close: () => app.close().then(() => pool.end()),
  };
}

function createAuth(pool: Pool, session: SessionOptions) {
  return createBetterAuth({
    database: pool,
    secret: randomBytes(32).toString('base64url'),
    baseURL: 'http://127.0.0.1',
    emailAndPassword: { enabled: true },
    session,
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
}

function moduleOf(auth: Auth) {
  @Module({ controllers: [MeController], providers: [{ provide: AUTH, useValue: auth }] })
  class BetterAuthModule {}
  return BetterAuthModule;
}

/** The cookies that a browser has after a login. */
async function issueCookie(auth: Auth, userId: string): Promise<Credential> {
  const { internalAdapter, authCookies, secret } = await auth.$context;
  const { token } = await internalAdapter.createSession(userId);
  const signed = encodeURIComponent(`${token}.${await makeSignature(token, secret)}`);
  const cookie = `${authCookies.sessionToken.name}=${signed}`;
  if (!auth.options.session.cookieCache?.enabled) return { name: 'cookie', value: cookie };
  const { headers } = await auth.api.getSession({
    headers: new Headers({ cookie }),
    returnHeaders: true,
  });
  return { name: 'cookie', value: `${cookie}; ${cookieCredential(headers).value}` };
}
