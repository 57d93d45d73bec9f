import { randomBytes } from 'node:crypto';
import fastifyCookie from '@fastify/cookie';
import fastifySession, { type SessionStore } from '@fastify/session';
import {
  Body,
  CanActivate,
  Controller,
  ExecutionContext,
  Get,
  Injectable,
  Module,
  Post,
  Session,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import { Pool } from 'pg';
import { cookieCredential } from './cookie-credential.js';
import { forge } from './forge.js';
import { prepareSessions, SESSIONS_SCHEMA } from './other-tables.js';
import { expressApp, fastifyApp, listen } from './plain-app.js';
import {
  type Credential,
  PLATFORMS,
  type RunningVariant,
  type Variant,
  type VariantContext,
} from './variant.js';

interface UserSession {
  userId?: string;
}

const DELETE_SESSIONS = `DELETE FROM ${SESSIONS_SCHEMA}.session WHERE sess->>'userId' = $1`;
const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

@Injectable()
class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ session: UserSession }>();
    if (request.session.userId === undefined) throw new UnauthorizedException();
    return true;
  }
}

@Controller()
class SessionController {
  /** What a login does once it has checked the password. */
  @Post('login')
  login(@Session() current: UserSession, @Body() body: { userId: string }): void {
    current.userId = body.userId;
  }

  @Get('me')
  @UseGuards(SessionGuard)
  me(@Session() current: UserSession): { id: string | undefined } {
    return { id: current.userId };
  }
}

@Module({ controllers: [SessionController] })
class SessionModule {}

/**
 * The settings are those of the readmes: with them, both read the row and then write it, on each request, so that
 * the session of an active user does not expire.
 */
export const sessions: Variant = {
  name: 'sessions',
  title: 'Sessions in PostgreSQL (express-session or @fastify/session, connect-pg-simple)',
  platforms: PLATFORMS,
  revokedStatus: 401,
  forgedStatus: 401,
  start: startSessions,
};

async function startSessions(context: VariantContext): Promise<RunningVariant> {
  const pool = new Pool({ connectionString: context.databaseUrl, max: 10 });
  const app = await (context.platform === 'express' ? onExpress(pool) : onFastify(pool));
  const url = await listen(app);
  // The store makes its table when it is first used.
  await prepareSessions(pool, () => login(url, context.revokedUserId));
  const credentials: Credential[] = [];
  for (const userId of context.userIds) credentials.push(await login(url, userId));
  const revoked = await login(url, context.revokedUserId);
  await pool.query(DELETE_SESSIONS, [context.revokedUserId]);
  return {
    url,
    credentials,
    revoked,
    forged: forge(await login(url, context.revokedUserId)),
    close: () => app.close().then(() => pool.end()),
  };
}

async function onExpress(pool: Pool): Promise<NestExpressApplication> {
  const app = await expressApp(SessionModule);
  app.use(
    session({
      store: sessionStore(pool),
      secret: newSecret(),
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: MONTH_MS },
    }),
  );
  return app;
}

async function onFastify(pool: Pool): Promise<NestFastifyApplication> {
  const app = await fastifyApp(SessionModule);
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    // It takes the stores of express-session, whose types are not quite its own.
    store: sessionStore(pool) as unknown as SessionStore,
    secret: newSecret(),
    saveUninitialized: false,
    // The load comes without TLS, over which its cookies are not sent otherwise.
    cookie: { maxAge: MONTH_MS, secure: false },
  });
  return app;
}

function sessionStore(pool: Pool) {
  const PgStore = connectPgSimple(session);
  return new PgStore({ pool, schemaName: SESSIONS_SCHEMA, createTableIfMissing: true });
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

async function login(url: string, userId: string): Promise<Credential> {
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId }),
  });
  if (!response.ok) throw new Error(`No session for ${userId}: ${response.status}`);
  return cookieCredential(response.headers);
}
