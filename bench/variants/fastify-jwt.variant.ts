import jwtPlugin from '@fastify/jwt';
import {
  CanActivate,
  Controller,
  ExecutionContext,
  Get,
  Injectable,
  Module,
  Req,
  UseGuards,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { Pool } from 'pg';
import { forge } from './forge.js';
import { bearer, EXPIRES_IN, SECRET } from './jwt.js';
import { fastifyApp, listen } from './plain-app.js';
import type { Credential, RunningVariant, Variant, VariantContext } from './variant.js';

interface Payload {
  readonly sub: string;
  readonly ver: number;
}

const READ = 'SELECT active, token_version FROM users WHERE id = $1';
const REVOKE = 'UPDATE users SET token_version = token_version + 1 WHERE id = $1';

@Injectable()
class JwtGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await context.switchToHttp().getRequest<FastifyRequest>().jwtVerify();
    return true;
  }
}

@Controller()
class MeController {
  @Get('me')
  @UseGuards(JwtGuard)
  me(@Req() request: { user: Payload }): { id: string } {
    return { id: request.user.sub };
  }
}

@Module({ controllers: [MeController] })
class JwtModule {}

/** What its readme shows for revoking: `trusted`, which asks a storage whether the token still counts. */
export const fastifyJwt: Variant = {
  name: 'fastify-jwt',
  title: '@fastify/jwt, `trusted` reads the row',
  platforms: ['fastify'],
  revokedStatus: 401,
  forgedStatus: 401,
  start: startFastifyJwt,
};

async function startFastifyJwt(context: VariantContext): Promise<RunningVariant> {
  const pool = new Pool({ connectionString: context.databaseUrl, max: 10 });
  const app = await fastifyApp(JwtModule);
  await app.register(jwtPlugin, {
    secret: SECRET,
    sign: { expiresIn: EXPIRES_IN },
    trusted: (_request, decoded) => isTrusted(pool, decoded as unknown as Payload),
  });
  const url = await listen(app);
  const issue = (userId: string) => issueToken(app, pool, userId);
  const credentials = await Promise.all(context.userIds.map(issue));
  const revoked = await issue(context.revokedUserId);
  await pool.query(REVOKE, [context.revokedUserId]);
  const forged = forge(await issue(context.revokedUserId));
  return { url, credentials, revoked, forged, close: () => app.close().then(() => pool.end()) };
}

async function isTrusted(pool: Pool, { sub, ver }: Payload): Promise<boolean> {
  const { rows } = await pool.query<{ active: boolean; token_version: number }>(READ, [sub]);
  return rows[0]?.active === true && rows[0].token_version === ver;
}

async function issueToken(
  app: NestFastifyApplication,
  pool: Pool,
  sub: string,
): Promise<Credential> {
  const { rows } = await pool.query<{ token_version: number }>(READ, [sub]);
  if (!rows[0]) throw new Error(`There is no user ${sub}`);
  const payload: Payload = { sub, ver: rows[0].token_version };
  return bearer(app.getHttpAdapter().getInstance().jwt.sign(payload));
}
